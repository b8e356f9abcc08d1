"""Customers who lost their WeChat are claimed for a new one by two of the staff."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

OPEN = sa.text("verdict IS NULL")


def upgrade() -> None:
    op.create_table(
        "member_claim",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_number", sa.String(length=32), nullable=False),
        sa.Column("old_id", BigId, nullable=False),
        sa.Column("new_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint("old_id <> new_id", name=op.f("ck_member_claim_two")),
        sa.CheckConstraint(
            "(decided_by = asked_by) = (verdict = 'withdrawn')",
            name=op.f("ck_member_claim_second_person"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name=op.f("ck_member_claim_decided"),
        ),
        sa.ForeignKeyConstraint(["old_id"], ["member.id"], name=op.f("fk_member_claim_old_id")),
        sa.ForeignKeyConstraint(["new_id"], ["member.id"], name=op.f("fk_member_claim_new_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_claim")),
    )
    op.create_index(
        "ix_member_claim_open",
        "member_claim",
        ["old_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_index("ix_member_claim_order", "member_claim", ["order_number"])
    op.create_index(op.f("ix_member_claim_new_id"), "member_claim", ["new_id"])


def downgrade() -> None:
    op.drop_table("member_claim")
