"""messages and replies."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reply_rule",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("trigger", sa.String(length=12), nullable=False),
        sa.Column("match", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_rule")),
        sa.UniqueConstraint(
            "appid", "trigger", "match", name=op.f("uq_reply_rule_appid_trigger_match")
        ),
    )
    op.create_table(
        "template",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template")),
        sa.UniqueConstraint("appid", "purpose", name=op.f("uq_template_appid_purpose")),
    )
    op.create_table(
        "message",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=True),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("msgid", sa.String(length=32), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("sending_at", Instant(), nullable=True),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("outcome_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_message_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("key", name=op.f("uq_message_key")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_identity", ["identity_id", "created_at"], unique=False)
        batch_op.create_index("ix_message_msgid", ["appid", "msgid"], unique=False)

    op.create_table(
        "outcome",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("msgid", sa.String(length=32), nullable=False),
        sa.Column("message_id", BigId, nullable=True),
        sa.Column("status", sa.String(length=60), nullable=True),
        sa.Column("event_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_outcome_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcome")),
        sa.UniqueConstraint("appid", "msgid", name=op.f("uq_outcome_appid_msgid")),
    )


def downgrade() -> None:
    op.drop_table("outcome")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_msgid")
        batch_op.drop_index("ix_message_identity")

    op.drop_table("message")
    op.drop_table("template")
    op.drop_table("reply_rule")
