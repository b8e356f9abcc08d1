"""Reports of campaigns as they were counted last."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_report",
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("counted_at", Instant(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_report_campaign_id")
        ),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_campaign_report")),
    )


def downgrade() -> None:
    op.drop_table("campaign_report")
