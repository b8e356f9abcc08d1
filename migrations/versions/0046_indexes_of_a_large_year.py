"""Indexes by which lists and counts cost little more after years of trade.

On PostgreSQL each is built beside trade, however long that takes, and takes the old one's place at
once; what a broken-off build left is removed by the next.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

BEFORE = (
    ("ix_sales_order_outlet", "sales_order", ["outlet_id", "placed_at"]),
    ("ix_order_line_outlet", "order_line", ["outlet_id", "id"]),
    ("ix_touch_share", "touch", ["share_id", "event_at"]),
)
NOW = (
    ("ix_sales_order_outlet", "sales_order", ["outlet_id", "id"]),
    ("ix_order_line_outlet", "order_line", ["outlet_id", "order_id"]),
    ("ix_touch_share", "touch", ["share_id", "event_at", "kind", "identity_id"]),
)
NEW = (
    ("ix_sales_order_paid", "sales_order", ["paid_at", "id"], None),
    ("ix_order_line_acceptor", "order_line", ["acceptor_rep_id"], "acceptor_rep_id IS NOT NULL"),
    ("ix_posting_left_debt", "posting", ["id"], "kind = 'commission.left_debt'"),
)


def upgrade() -> None:
    with _beside_trade() as is_beside:
        for name, table, columns in NOW:
            _replace(name, table, columns, None, is_beside)
        for name, table, columns, where in NEW:
            _replace(name, table, columns, where, is_beside)


def downgrade() -> None:
    with _beside_trade() as is_beside:  # first: it can be made again, whatever breaks it off
        for name, table, columns in BEFORE:
            _replace(name, table, columns, None, is_beside)
    for name, table, *_ in NEW:
        op.drop_index(name, table)


@contextmanager
def _beside_trade() -> Iterator[bool]:
    """On PostgreSQL outside of any transaction, with all the time it takes; whether it is so."""
    if op.get_bind().dialect.name == "sqlite":
        yield False
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        yield True
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")


def _replace(name: str, table: str, columns: list[str], where: str | None, is_beside: bool) -> None:
    condition = sa.text(where) if where else None
    if not is_beside:
        op.execute(f"DROP INDEX IF EXISTS {name}")
        op.create_index(name, table, columns, sqlite_where=condition)
        return
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}_next")
    op.create_index(
        f"{name}_next",
        table,
        columns,
        postgresql_where=condition,
        postgresql_concurrently=True,
    )
    op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute(f"ALTER INDEX {name}_next RENAME TO {name}")
