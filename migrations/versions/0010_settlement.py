"""Rates, vesting terms, accruals and commissions; what guards the rates, and the first terms."""

from datetime import date

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHAT_A_RATE_SAYS = "product_id, category_id, channel_class, rate_bp, piece_fen, valid_from"

OVERLAPPING = """
    SELECT 1 FROM rate_rule WHERE id <> NEW.id
    AND product_id {same} NEW.product_id AND category_id {same} NEW.category_id
    AND channel_class {same} NEW.channel_class
    AND valid_from < coalesce(NEW.valid_until, '9999-12-31')
    AND NEW.valid_from < coalesce(valid_until, '9999-12-31')
"""

SQLITE_NO_OVERLAP = """
CREATE TRIGGER rate_rule_overlap_{verb} AFTER {verb} ON rate_rule WHEN EXISTS ({overlapping})
BEGIN SELECT RAISE(ABORT, 'rates for the same do not overlap'); END
"""

SQLITE_UNCHANGED = """
CREATE TRIGGER rate_rule_unchanged BEFORE UPDATE OF {columns} ON rate_rule
BEGIN SELECT RAISE(ABORT, 'a rate may end, but not change'); END
"""

# Without the lock two transactions could add the halves of an overlap at the same time.
POSTGRESQL_NO_OVERLAP = """
CREATE FUNCTION rate_rule_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('rate_rule'::regclass::bigint);
    IF EXISTS ({overlapping}) THEN
        RAISE EXCEPTION 'rates for the same do not overlap' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$
"""

POSTGRESQL_UNCHANGED = """
CREATE FUNCTION rate_rule_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a rate may end, but not change' USING ERRCODE = '23001';
END $$
"""

# Goods may be sent back for seven days; a plan is cancelled within its first month, or stays.
FIRST_TERMS = (("goods", "received", 7), ("plan", "activated", 30), ("sim", "activated", 30))


def upgrade() -> None:
    terms = op.create_table(
        "vesting_rule",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_kind", sa.String(length=12), nullable=False),
        sa.Column("milestone", sa.String(length=12), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.CheckConstraint("hold_days BETWEEN 0 AND 400", name=op.f("ck_vesting_rule_hold_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vesting_rule")),
        sa.UniqueConstraint(
            "product_kind", "valid_from", name=op.f("uq_vesting_rule_product_kind_valid_from")
        ),
    )
    op.bulk_insert(
        terms,
        [
            {
                "product_kind": kind,
                "milestone": milestone,
                "hold_days": days,
                "valid_from": date(2020, 1, 1),
            }
            for kind, milestone, days in FIRST_TERMS
        ],
    )
    op.create_table(
        "rate_rule",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("category_id", BigId, nullable=True),
        sa.Column("channel_class", sa.String(length=20), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("piece_fen", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(rate_bp IS NULL) <> (piece_fen IS NULL)", name=op.f("ck_rate_rule_rate_or_piece")
        ),
        sa.CheckConstraint("piece_fen >= 0", name=op.f("ck_rate_rule_piece")),
        sa.CheckConstraint(
            "product_id IS NULL OR category_id IS NULL", name=op.f("ck_rate_rule_subject")
        ),
        sa.CheckConstraint("rate_bp BETWEEN 0 AND 10000", name=op.f("ck_rate_rule_rate")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_rate_rule_span")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_rate_rule_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_rate_rule_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rate_rule")),
    )
    op.create_index("ix_rate_rule_category", "rate_rule", ["category_id"])
    op.create_index("ix_rate_rule_product", "rate_rule", ["product_id"])
    op.create_table(
        "accrual",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("rate_rule_id", BigId, nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("milestone", sa.String(length=12), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("accrued_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("vested_at", Instant(), nullable=True),
        sa.CheckConstraint("commission_fen > 0", name=op.f("ck_accrual_commission")),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name=op.f("ck_accrual_refunded")),
        sa.CheckConstraint(
            "vested_at IS NULL OR (due_at IS NOT NULL AND vested_at >= due_at)",
            name=op.f("ck_accrual_vested"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_accrual_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["rate_rule_id"], ["rate_rule.id"], name=op.f("fk_accrual_rate_rule_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accrual")),
        sa.UniqueConstraint("order_line_id", "event", name=op.f("uq_accrual_order_line_id_event")),
    )
    op.create_index(
        "ix_accrual_due",
        "accrual",
        ["due_at"],
        sqlite_where=sa.text("vested_at IS NULL AND due_at IS NOT NULL"),
        postgresql_where=sa.text("vested_at IS NULL AND due_at IS NOT NULL"),
    )
    op.create_table(
        "take_back",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("refund_key", sa.String(length=64), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_at", Instant(), nullable=False),
        sa.CheckConstraint("refunded_fen > 0", name=op.f("ck_take_back_refunded")),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_take_back_order_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_take_back")),
        sa.UniqueConstraint(
            "order_line_id", "refund_key", name=op.f("uq_take_back_order_line_id_refund_key")
        ),
    )
    op.create_table(
        "commission",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("accrual_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("share_bp BETWEEN 1 AND 10000", name=op.f("ck_commission_share")),
        sa.CheckConstraint(
            "taken_back_fen BETWEEN 0 AND amount_fen", name=op.f("ck_commission_taken_back")
        ),
        sa.ForeignKeyConstraint(
            ["accrual_id"], ["accrual.id"], name=op.f("fk_commission_accrual_id")
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_commission_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission")),
        sa.UniqueConstraint("accrual_id", "role", name=op.f("uq_commission_accrual_id_role")),
    )
    op.create_index(op.f("ix_commission_rep_id"), "commission", ["rep_id"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    op.drop_table("commission")
    op.drop_table("take_back")
    op.drop_table("accrual")
    op.drop_table("rate_rule")
    op.drop_table("vesting_rule")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION rate_rule_no_overlap()")
        op.execute("DROP FUNCTION rate_rule_refuse()")


def _guard_sqlite() -> None:
    overlapping = OVERLAPPING.format(same="IS")
    for verb in ("insert", "update"):
        op.execute(SQLITE_NO_OVERLAP.format(verb=verb, overlapping=overlapping))
    op.execute(SQLITE_UNCHANGED.format(columns=WHAT_A_RATE_SAYS))


def _guard_postgresql() -> None:
    overlapping = OVERLAPPING.format(same="IS NOT DISTINCT FROM")
    op.execute(POSTGRESQL_NO_OVERLAP.format(overlapping=overlapping))
    op.execute(POSTGRESQL_UNCHANGED)
    op.execute(
        "CREATE TRIGGER rate_rule_overlap BEFORE INSERT OR UPDATE ON rate_rule"
        " FOR EACH ROW EXECUTE FUNCTION rate_rule_no_overlap()"
    )
    op.execute(
        f"CREATE TRIGGER rate_rule_unchanged BEFORE UPDATE OF {WHAT_A_RATE_SAYS} ON rate_rule"
        " FOR EACH ROW EXECUTE FUNCTION rate_rule_refuse()"
    )
