"""Reps' weeks: what their days at an outlet come to from a Monday to a Sunday.

What the old programs count until they are started anew is missing in the weeks;
`compare-figures --mend` adds it.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None

WEEK = {
    "sqlite": "date(business_on, '-6 days', 'weekday 1')",
    "postgresql": "date_trunc('week', business_on)::date",
}
WEEKS = (
    "INSERT INTO figure_week (node_id, week_on, kind, key, count, amount_fen)"
    " SELECT node_id, {week}, kind, key, sum(count), sum(amount_fen)"
    " FROM figure_day WHERE part = 'rep' GROUP BY 1, 2, 3, 4"
)


def upgrade() -> None:
    op.create_table(
        "figure_week",
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("week_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_figure_week_node_id")),
        sa.PrimaryKeyConstraint("node_id", "week_on", "kind", "key", name=op.f("pk_figure_week")),
    )
    dialect = op.get_bind().dialect.name
    if dialect != "sqlite":
        op.execute("SET LOCAL statement_timeout = 0")
    op.execute(WEEKS.format(week=WEEK[dialect]))


def downgrade() -> None:
    op.drop_table("figure_week")
