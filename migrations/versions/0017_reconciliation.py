"""Bills with their rows, differences with their history, business days; refunds two people agree to."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

TABLES = (
    "refund_proposal",
    "business_day",
    "difference_step",
    "difference",
    "fund_line",
    "trade_line",
    "bill",
)


def upgrade() -> None:
    op.create_table(
        "bill",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("mchid", sa.String(length=32), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("unpacked_bytes", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint(
            "mchid", "business_on", "kind", name=op.f("uq_bill_mchid_business_on_kind")
        ),
    )
    op.create_table(
        "trade_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("bill_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("platform_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("payment_number", sa.String(length=64), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("currency", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_e5", sa.BigInteger(), nullable=True),
        sa.Column("traded_at", Instant(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.CheckConstraint("copies >= 1", name=op.f("ck_trade_line_copies")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_trade_line_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trade_line")),
        sa.UniqueConstraint(
            "bill_id", "kind", "platform_id", name=op.f("uq_trade_line_bill_id_kind_platform_id")
        ),
    )
    op.create_index(
        "ix_trade_line_number", "trade_line", ["bill_id", "kind", "number"], unique=False
    )
    op.create_table(
        "fund_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("bill_id", BigId, nullable=False),
        sa.Column("fund_id", sa.String(length=64), nullable=False),
        sa.Column("platform_id", sa.String(length=64), nullable=False),
        sa.Column("business", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("balance_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_at", Instant(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.CheckConstraint("copies >= 1", name=op.f("ck_fund_line_copies")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_fund_line_bill_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_line")),
        sa.UniqueConstraint("bill_id", "fund_id", name=op.f("uq_fund_line_bill_id_fund_id")),
    )
    op.create_index("ix_fund_line_platform", "fund_line", ["bill_id", "platform_id"], unique=False)
    op.create_table(
        "difference",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("owner_role", sa.String(length=16), nullable=False),
        sa.Column("owner_node_id", BigId, nullable=True),
        sa.Column("theirs_fen", sa.BigInteger(), nullable=True),
        sa.Column("ours_fen", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "(status = 'open') = (ended_at IS NULL) AND (ended_at IS NULL OR reason IS NOT NULL)",
            name=op.f("ck_difference_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_difference_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["owner_node_id"], ["org_node.id"], name=op.f("fk_difference_owner_node_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference")),
        sa.UniqueConstraint(
            "business_on", "kind", "subject", name=op.f("uq_difference_business_on_kind_subject")
        ),
    )
    op.create_index(op.f("ix_difference_order_id"), "difference", ["order_id"], unique=False)
    op.create_index("ix_difference_owner", "difference", ["owner_node_id", "status"], unique=False)
    op.create_index("ix_difference_status", "difference", ["status", "business_on"], unique=False)
    op.create_table(
        "difference_step",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("difference_id", BigId, nullable=False),
        sa.Column("from_status", sa.String(length=10), nullable=True),
        sa.Column("to_status", sa.String(length=10), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["difference_id"], ["difference.id"], name=op.f("fk_difference_step_difference_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_difference_step")),
    )
    op.create_index(
        op.f("ix_difference_step_difference_id"), "difference_step", ["difference_id"], unique=False
    )
    op.create_table(
        "business_day",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("runs", sa.Integer(), nullable=False),
        sa.Column("sums", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("asked_on", sa.Date(), nullable=True),
        sa.Column("compared_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL AND closed_by IS NOT NULL)",
            name=op.f("ck_business_day_closed"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_day")),
        sa.UniqueConstraint("business_on", name=op.f("uq_business_day_business_on")),
    )
    op.create_table(
        "refund_proposal",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("amounts", sa.JSON(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("refund_id", BigId, nullable=True),
        sa.CheckConstraint(
            "(status = 'proposed') = (decided_by IS NULL) AND (status = 'approved') = (refund_id IS NOT NULL)",
            name=op.f("ck_refund_proposal_decided"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_refund_proposal_amount")),
        sa.CheckConstraint(
            "decided_by <> proposed_by", name=op.f("ck_refund_proposal_second_person")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_refund_proposal_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["refund_id"], ["refund.id"], name=op.f("fk_refund_proposal_refund_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_proposal")),
        sa.UniqueConstraint("order_id", "key", name=op.f("uq_refund_proposal_order_id_key")),
    )
    op.create_index(
        "ix_refund_proposal_status", "refund_proposal", ["status", "proposed_at"], unique=False
    )
    op.create_index("ix_payment_settled", "payment", ["settled_at"])
    op.create_index("ix_refund_asked", "refund", ["asked_at"])
    op.create_index("ix_refund_ended", "refund", ["ended_at"])
    op.add_column("refund", sa.Column("way", sa.String(length=20), nullable=True))
    op.add_column("refund", sa.Column("way_by", sa.String(length=40), nullable=True))
    _keep_unchanged("difference_step")


def _keep_unchanged(table: str) -> None:
    """History rows are only ever added: the database refuses to change or delete one."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'history is added to, never changed'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'history is added to, never changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def downgrade() -> None:
    op.drop_column("refund", "way_by")
    op.drop_column("refund", "way")
    op.drop_index("ix_refund_ended", "refund")
    op.drop_index("ix_refund_asked", "refund")
    op.drop_index("ix_payment_settled", "payment")
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION difference_step_refuse()")
