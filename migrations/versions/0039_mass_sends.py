"""Mass sends: articles to choose from, the calls of ten thousand people, their ends, sends by hand."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_article",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("media_id", sa.String(length=128), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("article", sa.JSON(), nullable=False),
        sa.Column("is_there", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_article")),
        sa.UniqueConstraint("appid", "media_id", name=op.f("uq_campaign_article_appid_media_id")),
    )
    op.create_table(
        "campaign_console_send",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_campaign_console_send_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_console_send")),
        sa.UniqueConstraint(
            "appid", "sent_on", "title", name=op.f("uq_campaign_console_send_appid_sent_on_title")
        ),
    )
    op.create_index("ix_campaign_console_send_appid", "campaign_console_send", ["appid", "sent_on"])

    op.create_table(
        "campaign_mass_part",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("client_msg_id", sa.String(length=64), nullable=False),
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("last_id", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("media_id", sa.String(length=128), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("msg_id", sa.String(length=32), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.CheckConstraint("first_id <= last_id", name=op.f("ck_campaign_mass_part_span")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_mass_part_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_mass_part")),
        sa.UniqueConstraint(
            "campaign_id", "position", name=op.f("uq_campaign_mass_part_campaign_id_position")
        ),
        sa.UniqueConstraint("client_msg_id", name=op.f("uq_campaign_mass_part_client_msg_id")),
    )
    op.create_table(
        "campaign_mass_result",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("msg_id", sa.String(length=32), nullable=False),
        sa.Column("part_id", BigId, nullable=True),
        sa.Column("status", sa.String(length=60), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("filtered", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("event_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["part_id"], ["campaign_mass_part.id"], name=op.f("fk_campaign_mass_result_part_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_mass_result")),
        sa.UniqueConstraint("appid", "msg_id", name=op.f("uq_campaign_mass_result_appid_msg_id")),
    )


def downgrade() -> None:
    op.drop_table("campaign_mass_result")
    op.drop_table("campaign_mass_part")
    op.drop_table("campaign_console_send")
    op.drop_table("campaign_article")
