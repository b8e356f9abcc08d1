"""The platform's templates are kept here; windows of customer service; whom an outcome names."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would drop the one that others refer to.
ADD_IDENTITY = """
ALTER TABLE outcome ADD COLUMN identity_id {type}
CONSTRAINT fk_outcome_identity_id REFERENCES identity (id)
"""


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(sa.text(ADD_IDENTITY.format(type=kind)))
    op.create_index("ix_outcome_identity", "outcome", ["identity_id", "event_at"])
    op.add_column("template", sa.Column("fixed", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_commission_vested", "commission", ["vested_at", "rep_id"])
    op.create_table(
        "library_template",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("template_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("is_usable", sa.Boolean(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_template")),
        sa.UniqueConstraint(
            "appid", "template_id", name=op.f("uq_library_template_appid_template_id")
        ),
    )
    op.create_table(
        "reply_window",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("trigger", sa.String(length=8), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closes_at", Instant(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_reply_window_remaining")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_reply_window_identity_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_window")),
        sa.UniqueConstraint(
            "identity_id", "trigger", name=op.f("uq_reply_window_identity_id_trigger")
        ),
    )


def downgrade() -> None:
    op.drop_table("reply_window")
    op.drop_table("library_template")
    op.drop_index("ix_commission_vested", "commission")
    op.drop_column("template", "fixed")
    op.drop_index("ix_outcome_identity", "outcome")
    op.drop_column("outcome", "identity_id")
