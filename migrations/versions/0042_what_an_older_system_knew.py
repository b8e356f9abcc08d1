"""Imported touches can be taken back, though they never change."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "touch_withdrawal",
        sa.Column("touch_id", BigId, nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["touch_id"], ["touch.id"], name=op.f("fk_touch_withdrawal_touch_id")
        ),
        sa.PrimaryKeyConstraint("touch_id", name=op.f("pk_touch_withdrawal")),
    )


def downgrade() -> None:
    op.drop_table("touch_withdrawal")
