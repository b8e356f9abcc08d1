"""Migrations as the service runs them: numbered, up and down, by URL or open connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from alembic import command, op
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

FOLDER = Path(__file__).resolve().parent.parent / "migrations"


def _settings(**attributes: Any) -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(FOLDER))
    settings.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    settings.attributes.update(attributes)
    return settings


def upgrade(
    *, url: str | None = None, connection: Connection | None = None, to: str = "head"
) -> None:
    """Bring the schema up to a revision (the newest by default)."""
    command.upgrade(_settings(url=url, connection=connection), to)


def downgrade(*, url: str | None = None, connection: Connection | None = None, to: str) -> None:
    """Take the schema down to a revision; `base` is an empty database."""
    command.downgrade(_settings(url=url, connection=connection), to)


@contextmanager
def beside_trade() -> Iterator[None]:
    """In a migration on PostgreSQL: statements that take their time and hold up nobody, each by itself."""
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        yield
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")


def head() -> str:
    """The newest revision in the folder."""
    newest = ScriptDirectory.from_config(_settings()).get_current_head()
    if newest is None:
        raise RuntimeError(f"no migrations in {FOLDER}")
    return newest


def is_behind(at: str | None) -> bool:
    """Whether a schema at this revision lacks what this version needs.

    A revision that is not among ours is a later version's, whose migrations only add what this one does not mind.
    """
    return at is None or at in _earlier()


@cache
def _earlier() -> frozenset[str]:
    """Every revision before the newest: those of the version this process began with."""
    scripts = ScriptDirectory.from_config(_settings()).walk_revisions()
    return frozenset(script.revision for script in scripts) - {head()}


def write(*, url: str, message: str) -> str:
    """Make the next numbered migration from the difference between models and database."""
    settings = _settings(url=url)
    count = len(list((FOLDER / "versions").glob("[0-9]*.py")))
    script = command.revision(settings, message, autogenerate=True, rev_id=f"{count + 1:04d}")
    if script is None or isinstance(script, list):
        raise RuntimeError("one revision was asked for")
    return str(script.path)
