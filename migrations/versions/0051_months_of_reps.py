"""Reps' months: what their facts come to, and the orders of them that were given back whole.

What the old programs count until they are started anew is missing in the months;
`compare-figures --mend` adds it.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

OF_REP = sa.text("part = 'rep'")
MONTH = {
    "sqlite": "date(business_on, 'start of month')",
    "postgresql": "date_trunc('month', business_on)::date",
}
MONTHS = (
    "INSERT INTO figure_month (rep_id, month_on, kind, count, amount_fen)"
    " SELECT CAST(key AS BIGINT), {month}, kind, sum(count), sum(amount_fen)"
    " FROM figure_day WHERE part = 'rep' AND key <> '' GROUP BY 1, 2, 3"
)
# From before this was taken back.
KNOWN = (
    "INSERT INTO figure_month (rep_id, month_on, kind, count, amount_fen)"
    " SELECT rep_id, {month}, kind, count(DISTINCT unit_id), sum(amount_fen)"
    " FROM figure_fact WHERE kind = 'returned' AND rep_id IS NOT NULL GROUP BY 1, 2, 3"
)
# Refunds that left nothing of an order are looked at once more: what is known of them is known.
RETURNED = (
    "INSERT INTO figure_delta (source, source_id)"
    " SELECT 'refunded', refund.id FROM refund JOIN payment ON payment.id = refund.payment_id"
    " JOIN sales_order ON sales_order.id = payment.order_id"
    " WHERE refund.status = 'succeeded' AND sales_order.status = 'refunded'"
    " ON CONFLICT DO NOTHING"
)


def upgrade() -> None:
    _index()
    op.create_table(
        "figure_month",
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_figure_month_rep_id")),
        sa.PrimaryKeyConstraint("rep_id", "month_on", "kind", name=op.f("pk_figure_month")),
    )
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute("SET LOCAL statement_timeout = 0")
    month = MONTH[dialect]
    for statement in (MONTHS.format(month=month), KNOWN.format(month=month), RETURNED):
        op.execute(statement)


def downgrade() -> None:
    op.drop_index("ix_figure_day_rep", "figure_day")
    op.drop_table("figure_month")


def _index() -> None:
    """On PostgreSQL built beside trade, with all the time it takes."""
    name, table, columns = "ix_figure_day_rep", "figure_day", ["key", "business_on"]
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(name, table, columns, sqlite_where=OF_REP)
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # what a broken-off build left
        op.create_index(name, table, columns, postgresql_where=OF_REP, postgresql_concurrently=True)
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")
