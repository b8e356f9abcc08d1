"""Customers ask to give back what reached them, and are answered."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0079"
down_revision = "0078"
branch_labels = None
depends_on = None

STANDING = sa.text("status IN ('asked', 'agreed')")


def upgrade() -> None:
    op.create_table(
        "return_request",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("chain_id", BigId, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("answer", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(status = 'asked') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_return_request_decided"),
        ),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["fulfilment_chain.id"], name=op.f("fk_return_request_chain_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_request")),
        sa.UniqueConstraint("chain_id", "key", name=op.f("uq_return_request_chain_id_key")),
    )
    op.create_index(
        "uq_return_request_standing",
        "return_request",
        ["chain_id", "round"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_index("ix_return_request_status", "return_request", ["status", "asked_at"])


def downgrade() -> None:
    op.drop_table("return_request")
