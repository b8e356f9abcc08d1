"""How many people of a campaign stand where is kept as it goes; what stands already is counted once.

On PostgreSQL beside trade: the reference to the campaigns holds up whoever changes one until it is
committed, and counting takes its time. Broken off, all of it can be done again.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId
from wx_backend.migrate import beside_trade

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

BEFORE = (
    "INSERT INTO campaign_group_delta (campaign_id, status, way, reason, count)"
    " SELECT campaign_id, status, way, reason, count(*) FROM campaign_recipient"
    " WHERE NOT EXISTS (SELECT 1 FROM campaign_group_delta)"
    " GROUP BY campaign_id, status, way, reason"
)


def upgrade() -> None:
    op.create_table(
        "campaign_group_delta",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_group_delta_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_group_delta")),
        if_not_exists=True,
    )
    op.create_index(
        "ix_campaign_group_delta_campaign",
        "campaign_group_delta",
        ["campaign_id"],
        if_not_exists=True,
    )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(BEFORE)
        return
    with beside_trade():
        op.execute(BEFORE)


def downgrade() -> None:
    op.drop_index("ix_campaign_group_delta_campaign", table_name="campaign_group_delta")
    op.drop_table("campaign_group_delta")
