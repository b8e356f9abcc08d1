"""An address that fails to sign in to the console too often is locked out for a while."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "address_failures",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("network", sa.String(length=45), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_failures")),
        sa.UniqueConstraint("network", name=op.f("uq_address_failures_network")),
    )
    op.create_index(op.f("ix_address_failures_since"), "address_failures", ["since"])


def downgrade() -> None:
    op.drop_table("address_failures")
