"""What the reps of a place did in a span is read from an index alone: a row a rep, a day and a kind."""

import sqlalchemy as sa
from alembic import op

from wx_backend.migrate import beside_trade

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

NAME, TABLE = "ix_figure_day_place_rep", "figure_day"
COLUMNS = ["node_id", "business_on", "kind", "key"]
OF_REP = sa.text("part = 'rep'")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, TABLE, COLUMNS, sqlite_where=OF_REP)
        return
    with beside_trade():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # what a broken-off build left
        op.create_index(
            NAME,
            TABLE,
            COLUMNS,
            postgresql_where=OF_REP,
            postgresql_include=["count", "amount_fen"],
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    op.drop_index(NAME, TABLE)
