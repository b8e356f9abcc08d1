"""How Alembic reaches the database: the service's own engine settings, one transaction a step."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.engine import Connection

from wx_backend.db import BEGIN_IMMEDIATE, BigId, Instant
from wx_backend.engine import open_engine
from wx_backend.tables import metadata


def render_item(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    """Write our own column types by name."""
    if kind == "type" and isinstance(item, Instant):
        autogen.imports.add("from wx_backend.db import Instant")
        return "Instant()"
    if kind == "type" and item is BigId:
        autogen.imports.add("from wx_backend.db import BigId")
        return "BigId"
    return False


def run(connection: Connection) -> None:
    """Migrate over an open connection; every step commits by itself."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def main() -> None:
    """Use the caller's connection (tests), or open the URL the command gave."""
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = open_engine(context.config.attributes["url"])
    try:
        with engine.connect().execution_options(**BEGIN_IMMEDIATE) as connection:
            run(connection)
    finally:
        engine.dispose()


main()
