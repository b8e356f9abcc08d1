"""Ways out that a second person agrees to, rounds of chasing, and proofs of the closed months."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

CHASED = ("hand_over", "payout", "refund", "sales_order")


def upgrade() -> None:
    for table in CHASED:
        op.add_column(table, sa.Column("chased_at", Instant(), nullable=True))
    _add_ways_out()
    _add_proofs()


def _add_ways_out() -> None:
    op.create_table(
        "way_out",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("refund_id", BigId, nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("card", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint("decided_by <> proposed_by", name=op.f("ck_way_out_second_person")),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL)", name=op.f("ck_way_out_decided")
        ),
        sa.CheckConstraint(
            "status = 'proposed' OR card IS NULL", name=op.f("ck_way_out_forgotten")
        ),
        sa.ForeignKeyConstraint(["refund_id"], ["refund.id"], name=op.f("fk_way_out_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_way_out")),
    )
    op.create_index("ix_way_out_refund", "way_out", ["refund_id", "id"])
    op.create_index(
        "uq_way_out_proposed",
        "way_out",
        ["refund_id"],
        unique=True,
        sqlite_where=sa.text("status = 'proposed'"),
        postgresql_where=sa.text("status = 'proposed'"),
    )


def _add_proofs() -> None:
    op.create_table(
        "chain_proof",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        sa.Column("statements", sa.Integer(), nullable=False),
        sa.Column("broken_month", sa.String(length=7), nullable=True),
        sa.Column("broken_number", sa.String(length=32), nullable=True),
        sa.Column("broken_why", sa.String(length=100), nullable=True),
        sa.Column("root", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chain_proof")),
    )


def downgrade() -> None:
    op.drop_table("chain_proof")
    op.drop_table("way_out")
    for table in reversed(CHASED):
        op.drop_column(table, "chased_at")
