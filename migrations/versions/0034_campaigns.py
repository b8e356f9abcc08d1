"""Campaigns: what is said to whom, who agreed, each person's place in it, pace and quota."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_pace",
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("free_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("appid", name=op.f("pk_campaign_pace")),
    )
    op.create_table(
        "campaign_quota",
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("daily_limit", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("appid", "way", name=op.f("pk_campaign_quota")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("campaign_class", sa.String(length=10), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("service_event", sa.String(length=20), nullable=True),
        sa.Column("event_days", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("segment", sa.JSON(), nullable=False),
        sa.Column("product_number", sa.String(length=32), nullable=True),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("rate_per_second", sa.Integer(), nullable=False),
        sa.Column("control_bp", sa.Integer(), nullable=False),
        sa.Column("cap_messages", sa.Integer(), nullable=False),
        sa.Column("cap_days", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("created_by", BigId, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("submitted_by", BigId, nullable=True),
        sa.Column("approved_by", BigId, nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("pause_reason", sa.String(length=200), nullable=False),
        sa.Column("resume_at", Instant(), nullable=True),
        sa.Column("last_error", sa.String(length=40), nullable=False),
        sa.Column("equal_errors", sa.Integer(), nullable=False),
        sa.CheckConstraint("approved_by <> submitted_by", name=op.f("ck_campaign_second_person")),
        sa.CheckConstraint("control_bp BETWEEN 0 AND 5000", name=op.f("ck_campaign_control")),
        sa.CheckConstraint("rate_per_second BETWEEN 1 AND 10000", name=op.f("ck_campaign_rate")),
        sa.ForeignKeyConstraint(
            ["approved_by"], ["staff.id"], name=op.f("fk_campaign_approved_by")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["staff.id"], name=op.f("fk_campaign_created_by")),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_campaign_node_id")),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["staff.id"], name=op.f("fk_campaign_submitted_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("number", name=op.f("uq_campaign_number")),
    )
    op.create_index("ix_campaign_node", "campaign", ["node_id", "id"])
    op.create_index("ix_campaign_status", "campaign", ["status", "starts_at"])

    op.create_table(
        "campaign_opt_out",
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("opted_out_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_campaign_opt_out_identity_id")
        ),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_campaign_opt_out")),
    )
    op.create_table(
        "campaign_event",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=True),
        sa.Column("staff_id", BigId, nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_event_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_campaign_event_staff_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_event")),
    )
    op.create_index("ix_campaign_event_campaign", "campaign_event", ["campaign_id", "id"])

    op.create_table(
        "campaign_list_entry",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("identity_id", BigId, nullable=True),
        sa.Column("miss", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_list_entry_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_campaign_list_entry_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_list_entry")),
        sa.UniqueConstraint(
            "campaign_id", "position", name=op.f("uq_campaign_list_entry_campaign_id_position")
        ),
    )
    op.create_table(
        "campaign_recipient",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("campaign_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("variant", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_recipient_campaign_id")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_campaign_recipient_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_campaign_recipient_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_campaign_recipient_message_id")
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_campaign_recipient_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_recipient")),
        sa.UniqueConstraint(
            "campaign_id", "identity_id", name=op.f("uq_campaign_recipient_campaign_id_identity_id")
        ),
    )
    op.create_index(
        "ix_campaign_recipient_due", "campaign_recipient", ["campaign_id", "status", "due_at"]
    )
    op.create_index(
        "ix_campaign_recipient_identity", "campaign_recipient", ["identity_id", "taken_at"]
    )
    op.create_index("ix_campaign_recipient_message", "campaign_recipient", ["message_id"])
    op.create_index(
        "uq_campaign_recipient_member",
        "campaign_recipient",
        ["campaign_id", "member_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("campaign_recipient")
    op.drop_table("campaign_list_entry")
    op.drop_table("campaign_event")
    op.drop_table("campaign_opt_out")
    op.drop_table("campaign")
    op.drop_table("campaign_quota")
    op.drop_table("campaign_pace")
