"""Rates by receiver and volume, commission in parts by milestone, changes by a second person.

Tables that others refer to cannot be altered in place on SQLite: their rows are put aside, the
tables made anew, and the rows brought back. Taking the step back keeps what reps earned; what org
nodes earned has no place in the older tables and stays in the ledger alone.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

REBUILT = ("commission", "accrual", "rate_rule", "vesting_rule")
NEW = (
    "preview_line",
    "rate_preview",
    "rate_proposal",
    "outlet_manager",
    "bearer_rule",
    "rate_volume",
    "milestone_event",
)

WHAT_A_RATE_SAYS = "product_id, category_id, channel_class, rate_bp, piece_fen, valid_from"
WHAT_IT_SAYS_NOW = f"receiver, volume_of, tiers, {WHAT_A_RATE_SAYS}"

OVERLAPPING = """
    SELECT 1 FROM rate_rule WHERE id <> NEW.id {receiver}
    AND product_id {same} NEW.product_id AND category_id {same} NEW.category_id
    AND channel_class {same} NEW.channel_class
    AND valid_from < coalesce(NEW.valid_until, '9999-12-31')
    AND NEW.valid_from < coalesce(valid_until, '9999-12-31')
"""
SAME_RECEIVER = "AND receiver = NEW.receiver"

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
CREATE OR REPLACE FUNCTION rate_rule_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock('rate_rule'::regclass::bigint);
    IF EXISTS ({overlapping}) THEN
        RAISE EXCEPTION 'rates for the same do not overlap' USING ERRCODE = '23P01';
    END IF;
    RETURN NEW;
END $$
"""

UNVESTED = sa.text("vested_at IS NULL AND due_at IS NOT NULL")


RATES_FOR_REPS = """
INSERT INTO rate_rule (id, receiver, product_id, category_id, channel_class, rate_bp, piece_fen,
    valid_from, valid_until)
SELECT id, 'rep', product_id, category_id, channel_class, rate_bp, piece_fen, valid_from,
    valid_until FROM old_rate_rule
"""
ACCRUALS = """
INSERT INTO accrual (id, order_line_id, event, rate_rule_id, paid_fen, commission_fen,
    refunded_fen, term_months, accrued_at)
SELECT id, order_line_id, event, rate_rule_id, paid_fen, commission_fen, refunded_fen, 0,
    accrued_at FROM old_accrual
"""
COMMISSIONS = """
INSERT INTO commission (id, accrual_id, rate_rule_id, rep_id, role, share_bp, amount_fen,
    taken_back_fen, milestone, month, part_bp, hold_days, due_at, vested_at)
SELECT c.id, a.id, a.rate_rule_id, c.rep_id, c.role, c.share_bp, c.amount_fen, c.taken_back_fen,
    a.milestone, 0, 10000, a.hold_days, a.due_at, a.vested_at
FROM old_commission c JOIN old_accrual a ON a.id = c.accrual_id
"""
EVENTS = {
    "sqlite": """
INSERT INTO milestone_event (order_line_id, milestone, month, happened_at)
SELECT order_line_id, milestone, 0, min(due_at - hold_days * 86400000000) FROM old_accrual
WHERE due_at IS NOT NULL GROUP BY order_line_id, milestone
""",
    "postgresql": """
INSERT INTO milestone_event (order_line_id, milestone, month, happened_at)
SELECT order_line_id, milestone, 0, min(due_at - make_interval(days => hold_days))
FROM old_accrual WHERE due_at IS NOT NULL GROUP BY order_line_id, milestone
""",
}

OLDER_RATES = """
INSERT INTO rate_rule (id, product_id, category_id, channel_class, rate_bp, piece_fen, valid_from,
    valid_until)
SELECT id, product_id, category_id, channel_class, rate_bp, piece_fen, valid_from, valid_until
FROM old_rate_rule WHERE receiver = 'rep'
"""
OLDER_ACCRUALS = """
INSERT INTO accrual (id, order_line_id, event, rate_rule_id, paid_fen, commission_fen,
    refunded_fen, accrued_at, milestone, hold_days, due_at, vested_at)
SELECT a.id, a.order_line_id, a.event, a.rate_rule_id, a.paid_fen, a.commission_fen,
    a.refunded_fen, a.accrued_at, c.milestone, c.hold_days, c.due_at, c.vested_at
FROM old_accrual a JOIN old_commission c ON c.id = (
    SELECT min(id) FROM old_commission
    WHERE accrual_id = a.id AND role IN ('developer', 'acceptor')
)
WHERE a.commission_fen > 0 AND a.rate_rule_id IN (SELECT id FROM rate_rule)
"""
OLDER_COMMISSIONS = """
INSERT INTO commission (id, accrual_id, rep_id, role, share_bp, amount_fen, taken_back_fen)
SELECT min(id), accrual_id, min(rep_id), role, min(share_bp), sum(amount_fen), sum(taken_back_fen)
FROM old_commission
WHERE role IN ('developer', 'acceptor') AND accrual_id IN (SELECT id FROM accrual)
GROUP BY accrual_id, role
"""


def upgrade() -> None:
    _put_aside()
    _create_rules(tiers=True)
    _create_earnings()
    _create_events()
    _create_changes()
    for statement in (RATES_FOR_REPS, ACCRUALS, COMMISSIONS, EVENTS[op.get_bind().dialect.name]):
        op.execute(statement)
    _steps_from_days()
    _forget_old()
    _guard(WHAT_IT_SAYS_NOW, SAME_RECEIVER)


def downgrade() -> None:
    for table in NEW:
        op.drop_table(table)
    _put_aside()
    _create_rules(tiers=False)
    _create_older_earnings()
    for statement in (OLDER_RATES, OLDER_ACCRUALS, OLDER_COMMISSIONS):
        op.execute(statement)
    _days_from_steps()
    _forget_old()
    _guard(WHAT_A_RATE_SAYS, "")


def _put_aside() -> None:
    for table in REBUILT:
        op.execute(f"CREATE TABLE old_{table} AS SELECT * FROM {table}")  # noqa: S608 - names of ours
        op.drop_table(table)


def _forget_old() -> None:
    """Drop what was put aside, and let new ids follow those that were kept."""
    for table in REBUILT:
        op.drop_table(f"old_{table}")
        if not _is_sqlite():
            newest = f"(SELECT coalesce(max(id), 0) + 1 FROM {table})"  # noqa: S608 - the same
            op.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {newest}, false)")


def _steps_from_days() -> None:
    """The one milestone of each rule is its only step."""
    day = sa.table(
        "old_vesting_rule",
        *(sa.column(name) for name in ("id", "product_kind", "milestone", "hold_days")),
        sa.column("valid_from", sa.Date()),
    )
    rows = [
        {
            "id": row.id,
            "product_kind": row.product_kind,
            "valid_from": row.valid_from,
            "steps": [
                {
                    "milestone": row.milestone,
                    "month": 0,
                    "part_bp": 10_000,
                    "hold_days": row.hold_days,
                }
            ],
        }
        for row in op.get_bind().execute(sa.select(day))
    ]
    rule = sa.table(
        "vesting_rule",
        *(sa.column(name) for name in ("id", "product_kind")),
        sa.column("steps", sa.JSON()),
        sa.column("valid_from", sa.Date()),
    )
    op.bulk_insert(rule, rows)


def _days_from_steps() -> None:
    """Only the first step of each rule fits into the older table."""
    rule = sa.table(
        "old_vesting_rule",
        *(sa.column(name) for name in ("id", "product_kind")),
        sa.column("steps", sa.JSON()),
        sa.column("valid_from", sa.Date()),
    )
    rows = [
        {
            "id": row.id,
            "product_kind": row.product_kind,
            "milestone": row.steps[0]["milestone"],
            "hold_days": row.steps[0]["hold_days"],
            "valid_from": row.valid_from,
        }
        for row in op.get_bind().execute(sa.select(rule))
    ]
    day = sa.table(
        "vesting_rule",
        *(sa.column(name) for name in ("id", "product_kind", "milestone", "hold_days")),
        sa.column("valid_from", sa.Date()),
    )
    op.bulk_insert(day, rows)


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _guard(columns: str, receiver: str) -> None:
    """Put the triggers of rates back, which went with their table."""
    if _is_sqlite():
        overlapping = OVERLAPPING.format(same="IS", receiver=receiver)
        for verb in ("insert", "update"):
            op.execute(SQLITE_NO_OVERLAP.format(verb=verb, overlapping=overlapping))
        op.execute(SQLITE_UNCHANGED.format(columns=columns))
        return
    overlapping = OVERLAPPING.format(same="IS NOT DISTINCT FROM", receiver=receiver)
    op.execute(POSTGRESQL_NO_OVERLAP.format(overlapping=overlapping))
    op.execute(
        "CREATE TRIGGER rate_rule_overlap BEFORE INSERT OR UPDATE ON rate_rule"
        " FOR EACH ROW EXECUTE FUNCTION rate_rule_no_overlap()"
    )
    op.execute(
        f"CREATE TRIGGER rate_rule_unchanged BEFORE UPDATE OF {columns} ON rate_rule"
        " FOR EACH ROW EXECUTE FUNCTION rate_rule_refuse()"
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, sa.Identity(always=False), nullable=False)


def _key(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def _refers(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))


def _check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def _once_per_event() -> sa.UniqueConstraint:
    return sa.UniqueConstraint(
        "order_line_id", "event", name=op.f("uq_accrual_order_line_id_event")
    )


def _create_rules(*, tiers: bool) -> None:
    """Rates and vesting terms, as they are now or (without tiers) as they were."""
    by_volume: list[sa.Column[object] | sa.CheckConstraint] = [
        sa.Column("receiver", sa.String(length=10), nullable=False),
        sa.Column("volume_of", sa.String(length=10), nullable=True),
        sa.Column("tiers", sa.JSON(), nullable=True),
        _check("rate_rule", "tiers", "(volume_of IS NULL) = (tiers IS NULL)"),
    ]
    op.create_table(
        "rate_rule",
        _id(),
        *(by_volume if tiers else []),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("category_id", BigId, nullable=True),
        sa.Column("channel_class", sa.String(length=20), nullable=True),
        sa.Column("rate_bp", sa.Integer(), nullable=True),
        sa.Column("piece_fen", sa.BigInteger(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        _check("rate_rule", "rate_or_piece", "(rate_bp IS NULL) <> (piece_fen IS NULL)"),
        _check("rate_rule", "piece", "piece_fen >= 0"),
        _check("rate_rule", "subject", "product_id IS NULL OR category_id IS NULL"),
        _check("rate_rule", "rate", "rate_bp BETWEEN 0 AND 10000"),
        _check("rate_rule", "span", "valid_until > valid_from"),
        _refers("rate_rule", "category_id", "category"),
        _refers("rate_rule", "product_id", "product"),
        _key("rate_rule"),
    )
    op.create_index("ix_rate_rule_category", "rate_rule", ["category_id"])
    op.create_index("ix_rate_rule_product", "rate_rule", ["product_id"])
    terms: list[sa.Column[object] | sa.CheckConstraint] = [
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=True),
        _check("vesting_rule", "term", "term_months BETWEEN 0 AND 120"),
    ]
    days: list[sa.Column[object] | sa.CheckConstraint] = [
        sa.Column("milestone", sa.String(length=12), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        _check("vesting_rule", "hold_days", "hold_days BETWEEN 0 AND 400"),
    ]
    op.create_table(
        "vesting_rule",
        _id(),
        sa.Column("product_kind", sa.String(length=12), nullable=False),
        *(terms if tiers else days),
        sa.Column("valid_from", sa.Date(), nullable=False),
        _key("vesting_rule"),
        sa.UniqueConstraint(
            "product_kind", "valid_from", name=op.f("uq_vesting_rule_product_kind_valid_from")
        ),
    )


def _create_earnings() -> None:
    op.create_table(
        "accrual",
        _id(),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("rate_rule_id", BigId, nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("commission_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("accrued_at", Instant(), nullable=False),
        _check("accrual", "commission", "commission_fen >= 0"),
        _check("accrual", "refunded", "refunded_fen BETWEEN 0 AND paid_fen"),
        _check("accrual", "term", "term_months >= 0"),
        _refers("accrual", "order_line_id", "order_line"),
        _refers("accrual", "rate_rule_id", "rate_rule"),
        _key("accrual"),
        _once_per_event(),
    )
    op.create_table(
        "commission",
        _id(),
        sa.Column("accrual_id", BigId, nullable=False),
        sa.Column("rate_rule_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("node_id", BigId, nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=True),
        sa.Column("milestone", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("part_bp", sa.Integer(), nullable=False),
        sa.Column("hold_days", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("vested_at", Instant(), nullable=True),
        _check("commission", "receiver", "(rep_id IS NULL) <> (node_id IS NULL)"),
        _check("commission", "taken_back", "taken_back_fen BETWEEN 0 AND amount_fen"),
        _check("commission", "share", "share_bp BETWEEN 1 AND 10000"),
        _check("commission", "part", "part_bp BETWEEN 1 AND 10000"),
        _check("commission", "hold_days", "hold_days BETWEEN 0 AND 400"),
        _check(
            "commission",
            "vested",
            "vested_at IS NULL OR (due_at IS NOT NULL AND vested_at >= due_at)",
        ),
        _refers("commission", "accrual_id", "accrual"),
        _refers("commission", "rate_rule_id", "rate_rule"),
        _refers("commission", "rep_id", "rep"),
        _refers("commission", "node_id", "org_node"),
        _key("commission"),
        sa.UniqueConstraint(
            "accrual_id",
            "role",
            "milestone",
            "month",
            name=op.f("uq_commission_accrual_id_role_milestone_month"),
        ),
    )
    op.create_index(op.f("ix_commission_rep_id"), "commission", ["rep_id"])
    op.create_index(op.f("ix_commission_node_id"), "commission", ["node_id"])
    op.create_index(
        "ix_commission_due",
        "commission",
        ["due_at"],
        sqlite_where=UNVESTED,
        postgresql_where=UNVESTED,
    )


def _create_older_earnings() -> None:
    op.create_table(
        "accrual",
        _id(),
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
        _check("accrual", "commission", "commission_fen > 0"),
        _check("accrual", "refunded", "refunded_fen BETWEEN 0 AND paid_fen"),
        _check(
            "accrual", "vested", "vested_at IS NULL OR (due_at IS NOT NULL AND vested_at >= due_at)"
        ),
        _refers("accrual", "order_line_id", "order_line"),
        _refers("accrual", "rate_rule_id", "rate_rule"),
        _key("accrual"),
        _once_per_event(),
    )
    op.create_index(
        "ix_accrual_due", "accrual", ["due_at"], sqlite_where=UNVESTED, postgresql_where=UNVESTED
    )
    op.create_table(
        "commission",
        _id(),
        sa.Column("accrual_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("share_bp", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_fen", sa.BigInteger(), nullable=False),
        _check("commission", "share", "share_bp BETWEEN 1 AND 10000"),
        _check("commission", "taken_back", "taken_back_fen BETWEEN 0 AND amount_fen"),
        _refers("commission", "accrual_id", "accrual"),
        _refers("commission", "rep_id", "rep"),
        _key("commission"),
        sa.UniqueConstraint("accrual_id", "role", name=op.f("uq_commission_accrual_id_role")),
    )
    op.create_index(op.f("ix_commission_rep_id"), "commission", ["rep_id"])


def _create_events() -> None:
    op.create_table(
        "milestone_event",
        _id(),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("milestone", sa.String(length=12), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        _check("milestone_event", "month", "(milestone = 'month_alive') = (month > 0)"),
        _refers("milestone_event", "order_line_id", "order_line"),
        _key("milestone_event"),
        sa.UniqueConstraint(
            "order_line_id",
            "milestone",
            "month",
            name=op.f("uq_milestone_event_order_line_id_milestone_month"),
        ),
    )
    op.create_table(
        "rate_volume",
        _id(),
        sa.Column("rate_rule_id", BigId, nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("month_on", sa.Date(), nullable=False),
        sa.Column("volume", sa.BigInteger(), nullable=False),
        _check("rate_volume", "volume", "volume >= 0"),
        _refers("rate_volume", "rate_rule_id", "rate_rule"),
        _key("rate_volume"),
        sa.UniqueConstraint(
            "rate_rule_id",
            "owner_id",
            "month_on",
            name=op.f("uq_rate_volume_rate_rule_id_owner_id_month_on"),
        ),
    )


def _create_changes() -> None:
    op.create_table(
        "rate_proposal",
        _id(),
        sa.Column("subject", sa.String(length=10), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("proposed_by", BigId, nullable=False),
        sa.Column("proposed_at", Instant(), nullable=False),
        sa.Column("decided_by", BigId, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=True),
        _check("rate_proposal", "second_person", "decided_by <> proposed_by"),
        _check(
            "rate_proposal",
            "decided",
            "(status = 'proposed') = (decided_by IS NULL)"
            " AND (decided_by IS NULL) = (decided_at IS NULL)",
        ),
        _refers("rate_proposal", "proposed_by", "staff"),
        _refers("rate_proposal", "decided_by", "staff"),
        _key("rate_proposal"),
    )
    op.create_index("ix_rate_proposal_status", "rate_proposal", ["status", "id"])
    op.create_table(
        "rate_preview",
        _id(),
        sa.Column("proposal_id", BigId, nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("asked_by", BigId, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("lines_done", sa.Integer(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("done_at", Instant(), nullable=True),
        _check("rate_preview", "span", "last_on >= first_on"),
        _refers("rate_preview", "proposal_id", "rate_proposal"),
        _refers("rate_preview", "asked_by", "staff"),
        _key("rate_preview"),
    )
    op.create_index(op.f("ix_rate_preview_proposal_id"), "rate_preview", ["proposal_id"])
    op.create_table(
        "preview_line",
        _id(),
        sa.Column("preview_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("city_id", BigId, nullable=True),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        _refers("preview_line", "preview_id", "rate_preview"),
        _refers("preview_line", "order_line_id", "order_line"),
        _refers("preview_line", "rep_id", "rep"),
        _refers("preview_line", "outlet_id", "org_node"),
        _refers("preview_line", "city_id", "org_node"),
        _key("preview_line"),
        sa.UniqueConstraint(
            "preview_id", "order_line_id", name=op.f("uq_preview_line_preview_id_order_line_id")
        ),
    )
    op.create_table(
        "outlet_manager",
        _id(),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("rep_id", BigId, nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        _refers("outlet_manager", "outlet_id", "org_node"),
        _refers("outlet_manager", "rep_id", "rep"),
        _key("outlet_manager"),
        sa.UniqueConstraint(
            "outlet_id", "valid_from", name=op.f("uq_outlet_manager_outlet_id_valid_from")
        ),
    )
    op.create_table(
        "bearer_rule",
        _id(),
        sa.Column("bearer", sa.String(length=10), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        _key("bearer_rule"),
        sa.UniqueConstraint("valid_from", name=op.f("uq_bearer_rule_valid_from")),
    )
