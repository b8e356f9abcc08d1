"""A rep's newest orders are read from the index of his lines."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

ACCEPTED = "acceptor_rep_id IS NOT NULL"
BEFORE = (
    ("ix_order_line_developer", ["developer_rep_id", "id"], None),
    ("ix_order_line_acceptor", ["acceptor_rep_id"], ACCEPTED),
)
NOW = (
    ("ix_order_line_developer", ["developer_rep_id", "order_id"], None),
    ("ix_order_line_acceptor", ["acceptor_rep_id", "order_id"], ACCEPTED),
)


def upgrade() -> None:
    _replace(NOW)


def downgrade() -> None:
    _replace(BEFORE)


def _replace(indexes: tuple[tuple[str, list[str], str | None], ...]) -> None:
    """On PostgreSQL beside trade; what a broken-off build left is removed by the next."""
    table = "order_line"
    if op.get_bind().dialect.name == "sqlite":
        for name, columns, where in indexes:
            op.drop_index(name, table)
            op.create_index(name, table, columns, sqlite_where=sa.text(where) if where else None)
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        for name, columns, where in indexes:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_next")
            op.create_index(
                f"{name}_next",
                table,
                columns,
                postgresql_where=sa.text(where) if where else None,
                postgresql_concurrently=True,
            )
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"ALTER INDEX {name}_next RENAME TO {name}")
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")
