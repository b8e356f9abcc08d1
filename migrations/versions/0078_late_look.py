"""Touches are looked through once for what was learnt too late, in the order they were written down."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

# The version before looked every hour; a day of the largest operator is looked at once more.
AGAIN = 1_000_000


def upgrade() -> None:
    big_id = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "late_look",
        sa.Column("id", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("touch_id", big_id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_look")),
        sa.CheckConstraint("id = 1", name=op.f("ck_late_look_only_one")),
    )
    op.execute(
        "INSERT INTO late_look (id, touch_id) SELECT 1, CASE WHEN newest.id > "  # noqa: S608 - a number of ours
        f"{AGAIN} THEN newest.id - {AGAIN} ELSE 0 END"
        " FROM (SELECT coalesce(max(id), 0) AS id FROM touch) AS newest"
    )


def downgrade() -> None:
    """The version before looks through everything of the last 90 days."""
    op.drop_table("late_look")
