"""Payments: notices, attempts, refunds, and what did not fit."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_notice",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.LargeBinary(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_pay_notice_key")),
    )
    op.create_index(
        "ix_pay_notice_due",
        "pay_notice",
        ["due_at"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "payment",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("out_trade_no", sa.String(length=32), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("mchid", sa.String(length=32), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("description", sa.String(length=127), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("is_winner", sa.Boolean(), nullable=False),
        sa.Column("prepay_id", sa.String(length=64), nullable=True),
        sa.Column("prepaid_at", Instant(), nullable=True),
        sa.Column("transaction_id", sa.String(length=32), nullable=True),
        sa.Column("payer_total_fen", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=True),
        sa.Column("success_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("refund_reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_count", sa.Integer(), nullable=False),
        sa.Column("refund_asked_at", Instant(), nullable=True),
        sa.CheckConstraint("NOT is_winner OR status = 'succeeded'", name=op.f("ck_payment_winner")),
        sa.CheckConstraint(
            "status <> 'succeeded' OR (transaction_id IS NOT NULL AND success_at IS NOT NULL)",
            name=op.f("ck_payment_succeeded"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_payment_amount")),
        sa.CheckConstraint("refund_count <= 50", name=op.f("ck_payment_refund_count")),
        sa.CheckConstraint(
            "refund_reserved_fen >= 0 AND refund_reserved_fen <= amount_fen",
            name=op.f("ck_payment_refund_limit"),
        ),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= refund_reserved_fen",
            name=op.f("ck_payment_refunded"),
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_payment_identity_id")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["sales_order.id"], name=op.f("fk_payment_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("out_trade_no", name=op.f("uq_payment_out_trade_no")),
        sa.UniqueConstraint("transaction_id", name=op.f("uq_payment_transaction_id")),
    )
    op.create_index("ix_payment_open", "payment", ["status", "created_at"])
    op.create_index("ix_payment_order", "payment", ["order_id", "id"])
    op.create_index(
        "uq_payment_winner",
        "payment",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("is_winner"),
        postgresql_where=sa.text("is_winner"),
    )
    op.create_table(
        "exception_item",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("payment_id", BigId, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.Column("resolution", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_exception_item_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exception_item")),
        sa.UniqueConstraint("key", name=op.f("uq_exception_item_key")),
    )
    op.create_index("ix_exception_item_open", "exception_item", ["closed_at", "opened_at"])
    op.create_index(op.f("ix_exception_item_payment_id"), "exception_item", ["payment_id"])
    op.create_table(
        "refund",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("out_refund_no", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("payment_id", BigId, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("refund_id", sa.String(length=32), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("success_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_amount")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("key", name=op.f("uq_refund_key")),
        sa.UniqueConstraint("out_refund_no", name=op.f("uq_refund_out_refund_no")),
    )
    op.create_index("ix_refund_payment", "refund", ["payment_id", "id"])
    op.create_index("ix_refund_status", "refund", ["status", "asked_at"])
    op.create_table(
        "refund_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("refund_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("collected_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_line_amount")),
        sa.CheckConstraint(
            "collected_fen BETWEEN 0 AND amount_fen", name=op.f("ck_refund_line_collected")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_refund_line_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name=op.f("fk_refund_line_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_line")),
        sa.UniqueConstraint(
            "refund_id", "order_line_id", name=op.f("uq_refund_line_refund_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_refund_line_order_line_id"), "refund_line", ["order_line_id"])


def downgrade() -> None:
    op.drop_table("refund_line")
    op.drop_table("refund")
    op.drop_table("exception_item")
    op.drop_table("payment")
    op.drop_table("pay_notice")
