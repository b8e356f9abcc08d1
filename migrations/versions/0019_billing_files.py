"""Files to and from billing; how often an order was handed over without a decision."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "billing_file",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("order_ids", sa.JSON(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("written_at", Instant(), nullable=True),
        sa.Column("acknowledged_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_file")),
        sa.UniqueConstraint("day", name=op.f("uq_billing_file_day")),
        sa.UniqueConstraint("name", name=op.f("uq_billing_file_name")),
    )
    op.create_table(
        "billing_acknowledgement",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("file_id", BigId, nullable=True),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["billing_file.id"], name=op.f("fk_billing_acknowledgement_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_acknowledgement")),
        sa.UniqueConstraint("digest", name=op.f("uq_billing_acknowledgement_digest")),
    )
    op.create_index("ix_billing_acknowledgement_file_id", "billing_acknowledgement", ["file_id"])


def downgrade() -> None:
    op.drop_table("billing_acknowledgement")
    op.drop_table("billing_file")
    op.execute("UPDATE hand_over SET status = 'unknown' WHERE status = 'dead'")
    op.drop_column("hand_over", "tries")
