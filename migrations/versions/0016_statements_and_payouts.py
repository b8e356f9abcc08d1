"""Statements, periods and pay-outs; a closed month takes no posting, a frozen statement no change."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "payout_return",
    "payout_event",
    "payout",
    "payout_batch",
    "payout_receiver",
    "statement_line",
    "statement",
    "period_override",
    "accounting_period",
)
UNCHANGING = ("statement", "statement_line", "payout_event")

SQLITE_OPEN = """
CREATE TRIGGER posting_in_open_period BEFORE INSERT ON posting
WHEN EXISTS (
    SELECT 1 FROM accounting_period
    WHERE status <> 'open' AND NEW.business_on BETWEEN first_on AND last_on
)
BEGIN SELECT RAISE(ABORT, 'the period of this posting is closed'); END
"""
SQLITE_REFUSE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'what was frozen stays as it is'); END
"""
SQLITE_CLOSED = """
CREATE TRIGGER accounting_period_{verb} BEFORE {verb} ON accounting_period
WHEN {when} BEGIN SELECT RAISE(ABORT, 'a period only ever goes on to be closed'); END
"""

# Who posts holds a shared lock on the month until he commits; who begins to close it takes the
# lock alone: no posting that began before can come to light after.
POSTGRESQL_OPEN = """
CREATE FUNCTION posting_in_open_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(20161, to_char(NEW.business_on, 'YYYYMM')::integer);
    IF EXISTS (
        SELECT 1 FROM accounting_period
        WHERE status <> 'open' AND NEW.business_on BETWEEN first_on AND last_on
    ) THEN
        RAISE EXCEPTION 'the period of this posting is closed: %', NEW.business_on
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$
"""
POSTGRESQL_REFUSE = """
CREATE FUNCTION frozen_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was frozen stays as it is: % of %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23001';
END $$
"""
POSTGRESQL_CLOSED = """
CREATE FUNCTION accounting_period_goes_on() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'open' THEN
            RAISE EXCEPTION 'a period only ever goes on to be closed' USING ERRCODE = '23001';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status = 'closed' OR (OLD.status = 'closing' AND NEW.status = 'open')
        OR NEW.first_on <> OLD.first_on OR NEW.last_on <> OLD.last_on THEN
        RAISE EXCEPTION 'a period only ever goes on to be closed' USING ERRCODE = '23001';
    END IF;
    IF NEW.status <> OLD.status THEN
        PERFORM pg_advisory_xact_lock(20161, to_char(OLD.first_on, 'YYYYMM')::integer);
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER posting_in_open_period{'' if is_sqlite else ' ON posting'}")
    for table in TABLES:
        op.drop_table(table)
    if not is_sqlite:
        for function in ("posting_in_open_period", "frozen_refuse", "accounting_period_goes_on"):
            op.execute(f"DROP FUNCTION {function}()")


def _guard_sqlite() -> None:
    op.execute(SQLITE_OPEN)
    for table in UNCHANGING:
        for verb in ("update", "delete"):
            op.execute(SQLITE_REFUSE.format(table=table, verb=verb))
    op.execute(
        SQLITE_CLOSED.format(
            verb="update",
            when="OLD.status = 'closed' OR (OLD.status = 'closing' AND NEW.status = 'open')"
            " OR NEW.first_on <> OLD.first_on OR NEW.last_on <> OLD.last_on",
        )
    )
    op.execute(SQLITE_CLOSED.format(verb="delete", when="OLD.status <> 'open'"))


def _guard_postgresql() -> None:
    for function in (POSTGRESQL_OPEN, POSTGRESQL_REFUSE, POSTGRESQL_CLOSED):
        op.execute(function)
    op.execute(
        "CREATE TRIGGER posting_in_open_period BEFORE INSERT ON posting"
        " FOR EACH ROW EXECUTE FUNCTION posting_in_open_period()"
    )
    op.execute(
        "CREATE TRIGGER accounting_period_goes_on BEFORE UPDATE OR DELETE ON accounting_period"
        " FOR EACH ROW EXECUTE FUNCTION accounting_period_goes_on()"
    )
    for table in UNCHANGING:
        op.execute(
            f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION frozen_refuse()"
        )


def _create_tables() -> None:
    op.create_table(
        "accounting_period",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("closing_by", sa.String(length=40), nullable=True),
        sa.Column("closing_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("seal", sa.Text(), nullable=True),
        sa.Column("root", sa.LargeBinary(length=32), nullable=True),
        sa.CheckConstraint(
            "status <> 'closed' OR (root IS NOT NULL AND seal IS NOT NULL)",
            name=op.f("ck_accounting_period_sealed"),
        ),
        sa.CheckConstraint("last_on > first_on", name=op.f("ck_accounting_period_span")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounting_period")),
        sa.UniqueConstraint("first_on", name=op.f("uq_accounting_period_first_on")),
    )
    op.create_table(
        "payout_receiver",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("owner_kind", sa.String(length=12), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_receiver")),
        sa.UniqueConstraint(
            "owner_kind", "owner_id", name=op.f("uq_payout_receiver_owner_kind_owner_id")
        ),
    )
    op.create_table(
        "payout_batch",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("rail", sa.String(length=10), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("note", sa.String(length=60), nullable=False),
        sa.Column("minimum_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_bp", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "status = 'rejected' OR decided_by IS NULL OR decided_by <> proposed_by",
            name=op.f("ck_payout_batch_two_people"),
        ),
        sa.CheckConstraint(
            "status IN ('proposed', 'rejected') OR decided_by IS NOT NULL",
            name=op.f("ck_payout_batch_approved"),
        ),
        sa.CheckConstraint("minimum_fen >= 1", name=op.f("ck_payout_batch_minimum")),
        sa.CheckConstraint(
            "tax_bp BETWEEN 0 AND 10000 AND fee_fen >= 0", name=op.f("ck_payout_batch_deductions")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_payout_batch_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_payout_batch_number")),
    )
    op.create_index("ix_payout_batch_node", "payout_batch", ["node_id", "id"], unique=False)
    op.create_table(
        "period_override",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("period_id", BigId, nullable=False),
        sa.Column("check_name", sa.String(length=40), nullable=False),
        sa.Column("finding", sa.LargeBinary(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("proposed_by", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("approved_by", sa.String(length=40), nullable=True),
        sa.Column("approved_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(approved_by IS NULL) = (approved_at IS NULL)",
            name=op.f("ck_period_override_approved"),
        ),
        sa.CheckConstraint(
            "approved_by <> proposed_by", name=op.f("ck_period_override_two_people")
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["accounting_period.id"], name=op.f("fk_period_override_period_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period_override")),
        sa.UniqueConstraint(
            "period_id",
            "check_name",
            "finding",
            name=op.f("uq_period_override_period_id_check_name_finding"),
        ),
    )
    op.create_table(
        "statement",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("period_id", BigId, nullable=False),
        sa.Column("owner_kind", sa.String(length=10), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("owner_number", sa.String(length=32), nullable=False),
        sa.Column("owner_name", sa.String(length=60), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("opening_held_fen", sa.BigInteger(), nullable=False),
        sa.Column("opening_free_fen", sa.BigInteger(), nullable=False),
        sa.Column("accrued_fen", sa.BigInteger(), nullable=False),
        sa.Column("vested_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("other_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_held_fen", sa.BigInteger(), nullable=False),
        sa.Column("closing_free_fen", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("frozen_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "opening_held_fen + opening_free_fen + accrued_fen - taken_back_fen - paid_fen + other_fen = closing_held_fen + closing_free_fen",
            name=op.f("ck_statement_adds_up"),
        ),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_statement_node_id")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["org_node.id"], name=op.f("fk_statement_parent_id")
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["accounting_period.id"], name=op.f("fk_statement_period_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint("number", name=op.f("uq_statement_number")),
        sa.UniqueConstraint(
            "period_id",
            "owner_kind",
            "owner_id",
            name=op.f("uq_statement_period_id_owner_kind_owner_id"),
        ),
    )
    op.create_index("ix_statement_node", "statement", ["node_id", "period_id"], unique=False)
    op.create_index(
        "ix_statement_owner", "statement", ["owner_kind", "owner_id", "period_id"], unique=False
    )
    op.create_index("ix_statement_parent", "statement", ["period_id", "parent_id"], unique=False)
    op.create_table(
        "payout",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("receiver_id", BigId, nullable=False),
        sa.Column("receiver_number", sa.String(length=32), nullable=False),
        sa.Column("receiver_name", sa.String(length=60), nullable=False),
        sa.Column("outlet_name", sa.String(length=60), nullable=False),
        sa.Column("gross_fen", sa.BigInteger(), nullable=False),
        sa.Column("tax_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("net_fen", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("identity_id", BigId, nullable=True),
        sa.Column("appid", sa.String(length=32), nullable=True),
        sa.Column("remark", sa.String(length=32), nullable=True),
        sa.Column("duty", sa.String(length=32), nullable=True),
        sa.Column("notify_url", sa.String(length=255), nullable=True),
        sa.Column("sealed_name", sa.Text(), nullable=True),
        sa.Column("name_serial", sa.String(length=60), nullable=True),
        sa.Column("transfer_bill_no", sa.String(length=64), nullable=True),
        sa.Column("platform_state", sa.String(length=24), nullable=True),
        sa.Column("package_info", sa.String(length=512), nullable=True),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("net_fen > 0 OR status = 'left_out'", name=op.f("ck_payout_amount")),
        sa.CheckConstraint("net_fen = gross_fen - tax_fen - fee_fen", name=op.f("ck_payout_net")),
        sa.CheckConstraint("tax_fen >= 0 AND fee_fen >= 0", name=op.f("ck_payout_deductions")),
        sa.ForeignKeyConstraint(["batch_id"], ["payout_batch.id"], name=op.f("fk_payout_batch_id")),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_payout_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["receiver_id"], ["payout_receiver.id"], name=op.f("fk_payout_receiver_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("batch_id", "receiver_id", name=op.f("uq_payout_batch_id_receiver_id")),
        sa.UniqueConstraint("number", name=op.f("uq_payout_number")),
    )
    op.create_index("ix_payout_receiver", "payout", ["receiver_id", "id"], unique=False)
    op.create_index(
        "ix_payout_under_way",
        "payout",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("status IN ('ready', 'asking', 'unknown', 'sent')"),
        postgresql_where=sa.text("status IN ('ready', 'asking', 'unknown', 'sent')"),
    )
    op.create_index(
        "uq_payout_undecided",
        "payout",
        ["receiver_id"],
        unique=True,
        sqlite_where=sa.text("status = 'proposed'"),
        postgresql_where=sa.text("status = 'proposed'"),
    )
    op.create_table(
        "payout_return",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=40), nullable=False),
        sa.Column("uploaded_at", Instant(), nullable=False),
        sa.Column("applied_by", sa.String(length=40), nullable=True),
        sa.Column("applied_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(applied_by IS NULL) = (applied_at IS NULL)", name=op.f("ck_payout_return_applied")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batch.id"], name=op.f("fk_payout_return_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_return")),
        sa.UniqueConstraint("batch_id", "digest", name=op.f("uq_payout_return_batch_id_digest")),
    )
    op.create_table(
        "statement_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("statement_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("movement", sa.String(length=12), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("free_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint(
            "statement_id", "position", name=op.f("uq_statement_line_statement_id_position")
        ),
    )
    op.create_table(
        "payout_event",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("batch_id", BigId, nullable=False),
        sa.Column("payout_id", BigId, nullable=True),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batch.id"], name=op.f("fk_payout_event_batch_id")
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name=op.f("fk_payout_event_payout_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_event")),
    )
    op.create_index("ix_payout_event_batch", "payout_event", ["batch_id", "id"], unique=False)
