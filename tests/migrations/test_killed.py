"""Whoever migrates may be killed at any statement: the next one goes on, and ends where one that was left alone ends."""

import os
import random
import signal
from itertools import count
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, event

from tests.dying import forked
from tests.migrations.conftest import url
from wx_backend import migrate
from wx_backend.tables import metadata

LONGEST: Final = 150
"""Statements of one life, at most: more than any one step of the migrations has."""
KILLS: Final = 8

pytestmark = pytest.mark.timeout(600)


def _live(address: str, statements: int) -> None:
    """Migrate, and be killed instead of the statement after so many."""
    left = count(statements, -1)

    @event.listens_for(Engine, "before_cursor_execute")
    def _befall(*_: Any) -> None:
        if next(left) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    migrate.upgrade(url=address)


def test_a_migration_that_is_killed_is_gone_on_with(empty: Engine) -> None:
    chance, killed = random.Random(1), 0  # noqa: S311 - to be played again
    while (code := _lived(url(empty), chance.randint(1, LONGEST))) == -signal.SIGKILL:
        killed += 1
    assert code == 0
    assert killed >= KILLS
    with empty.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == migrate.head()
        assert compare_metadata(context, metadata) == []


def _lived(address: str, statements: int) -> int | None:
    process = forked.Process(target=_live, args=(address, statements))
    process.start()
    process.join()
    return process.exitcode
