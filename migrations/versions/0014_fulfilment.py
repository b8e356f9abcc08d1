"""The order chain: nodes, moves, evidence, calendar."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

HISTORY = "fulfilment_move"
TABLES = (
    "fulfilment_serial",
    "fulfilment_evidence",
    "fulfilment_escalation",
    "return_case",
    "fulfilment_task",
    "fulfilment_review",
    "fulfilment_chain",
    "shipping_report",
    "pickup_code",
    "same_day_rule",
    "serial_rule",
    "pickup_guard",
    "dispatch_rule",
    "calendar_day",
)
DISPATCH = ("pickup", "attributed", "nearest")


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "dispatch_rule",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=12), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_rule")),
        sa.UniqueConstraint("by", name=op.f("uq_dispatch_rule_by")),
    )
    op.create_table(
        "pickup_guard",
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_pickup_guard_outlet_id")
        ),
        sa.PrimaryKeyConstraint("outlet_id", name=op.f("pk_pickup_guard")),
    )
    op.create_table(
        "serial_rule",
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("serial", sa.String(length=6), nullable=False),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_serial_rule_category_id")
        ),
        sa.PrimaryKeyConstraint("category_id", name=op.f("pk_serial_rule")),
    )
    op.create_table(
        "same_day_rule",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("city_id", BigId, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("cut_off", sa.Integer(), nullable=False),
        sa.Column("within_minutes", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.CheckConstraint("cut_off BETWEEN 0 AND 1440", name=op.f("ck_same_day_rule_cut_off")),
        sa.CheckConstraint("within_minutes > 0", name=op.f("ck_same_day_rule_within")),
        sa.ForeignKeyConstraint(
            ["city_id"], ["org_node.id"], name=op.f("fk_same_day_rule_city_id")
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["stock_place.id"], name=op.f("fk_same_day_rule_place_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_same_day_rule")),
        sa.UniqueConstraint("city_id", name=op.f("uq_same_day_rule_city_id")),
    )
    op.create_table(
        "pickup_code",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("used_by", sa.String(length=40), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_pickup_code_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_pickup_code_outlet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pickup_code")),
    )
    op.create_index(
        "uq_pickup_code_open",
        "pickup_code",
        ["outlet_id", "digest"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_pickup_code_order",
        "pickup_code",
        ["order_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "shipping_report",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("logistics", sa.String(length=10), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_shipping_report_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shipping_report")),
        sa.UniqueConstraint("order_id", name=op.f("uq_shipping_report_order_id")),
    )
    op.create_table(
        "fulfilment_chain",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("product_kind", sa.String(length=12), nullable=False),
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("pool_id", BigId, nullable=True),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.String(length=12), nullable=False),
        sa.Column("is_same_day", sa.Boolean(), nullable=False),
        sa.Column("promised_at", Instant(), nullable=True),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_fulfilment_chain_quantity")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_fulfilment_chain_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_fulfilment_chain_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_fulfilment_chain_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_fulfilment_chain_outlet_id")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["org_node.id"], name=op.f("fk_fulfilment_chain_pool_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_chain")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_fulfilment_chain_order_line_id")),
    )
    op.create_index("ix_fulfilment_chain_order", "fulfilment_chain", ["order_id"], unique=False)
    op.create_index(
        "ix_fulfilment_chain_outlet", "fulfilment_chain", ["outlet_id", "opened_at"], unique=False
    )
    op.create_index(
        "ix_fulfilment_chain_pool", "fulfilment_chain", ["pool_id", "opened_at"], unique=False
    )
    op.create_table(
        "fulfilment_review",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("chain_id", BigId, nullable=False),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=False),
        sa.Column("reviewed_at", Instant(), nullable=False),
        sa.Column("reply", sa.String(length=500), nullable=True),
        sa.Column("replied_by", sa.String(length=40), nullable=True),
        sa.Column("replied_at", Instant(), nullable=True),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_fulfilment_review_stars")),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["fulfilment_chain.id"], name=op.f("fk_fulfilment_review_chain_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_fulfilment_review_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_fulfilment_review_outlet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_review")),
        sa.UniqueConstraint("order_line_id", name=op.f("uq_fulfilment_review_order_line_id")),
    )
    op.create_index(
        op.f("ix_fulfilment_review_chain_id"), "fulfilment_review", ["chain_id"], unique=False
    )
    op.create_index(
        "ix_fulfilment_review_outlet",
        "fulfilment_review",
        ["outlet_id", "reviewed_at"],
        unique=False,
    )
    op.create_table(
        "fulfilment_task",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("chain_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("node", sa.String(length=12), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=10), nullable=False),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("status", sa.String(length=8), nullable=False),
        sa.Column("entered_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("taken_by", sa.String(length=40), nullable=True),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(length=200), nullable=True),
        sa.Column("tier", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["fulfilment_chain.id"], name=op.f("fk_fulfilment_task_chain_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_fulfilment_task_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_fulfilment_task_outlet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_task")),
        sa.UniqueConstraint(
            "order_line_id",
            "node",
            "round",
            name=op.f("uq_fulfilment_task_order_line_id_node_round"),
        ),
    )
    op.create_index("ix_fulfilment_task_chain", "fulfilment_task", ["chain_id"], unique=False)
    op.create_index(
        "ix_fulfilment_task_desk",
        "fulfilment_task",
        ["outlet_id", "status", "due_at"],
        unique=False,
    )
    op.create_index("ix_fulfilment_task_due", "fulfilment_task", ["status", "due_at"], unique=False)
    op.create_index(
        "ix_fulfilment_task_node", "fulfilment_task", ["node", "status", "entered_at"], unique=False
    )
    op.create_table(
        "return_case",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("chain_id", BigId, nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at_node", sa.String(length=12), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("goods_back_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["chain_id"], ["fulfilment_chain.id"], name=op.f("fk_return_case_chain_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_case")),
        sa.UniqueConstraint("chain_id", "round", name=op.f("uq_return_case_chain_id_round")),
    )
    op.create_index("ix_return_case_stage", "return_case", ["stage", "asked_at"], unique=False)
    op.create_table(
        "fulfilment_escalation",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("task_id", BigId, nullable=False),
        sa.Column("tier", sa.String(length=10), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("raised_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["node_id"], ["org_node.id"], name=op.f("fk_fulfilment_escalation_node_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["fulfilment_task.id"], name=op.f("fk_fulfilment_escalation_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_escalation")),
        sa.UniqueConstraint("task_id", "tier", name=op.f("uq_fulfilment_escalation_task_id_tier")),
    )
    op.create_index(
        "ix_fulfilment_escalation_node",
        "fulfilment_escalation",
        ["node_id", "raised_at"],
        unique=False,
    )
    op.create_table(
        "fulfilment_evidence",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("task_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("picture", sa.String(length=200), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["fulfilment_task.id"], name=op.f("fk_fulfilment_evidence_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_evidence")),
        sa.UniqueConstraint(
            "task_id", "kind", "value", name=op.f("uq_fulfilment_evidence_task_id_kind_value")
        ),
    )
    op.create_table(
        "fulfilment_move",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("task_id", BigId, nullable=False),
        sa.Column("from_status", sa.String(length=8), nullable=True),
        sa.Column("to_status", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=200), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["task_id"], ["fulfilment_task.id"], name=op.f("fk_fulfilment_move_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_move")),
    )
    op.create_index("ix_fulfilment_move_task", "fulfilment_move", ["task_id", "id"], unique=False)
    op.create_table(
        "fulfilment_serial",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("value", sa.String(length=24), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("task_id", BigId, nullable=False),
        sa.Column("scanned_at", Instant(), nullable=False),
        sa.Column("returned_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_fulfilment_serial_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["fulfilment_task.id"], name=op.f("fk_fulfilment_serial_task_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fulfilment_serial")),
    )
    op.create_index(
        "ix_fulfilment_serial_line", "fulfilment_serial", ["order_line_id"], unique=False
    )
    op.create_index(
        "uq_fulfilment_serial_out",
        "fulfilment_serial",
        ["kind", "value"],
        unique=True,
        sqlite_where=sa.text("returned_at IS NULL"),
        postgresql_where=sa.text("returned_at IS NULL"),
    )
    rules = sa.table(
        "dispatch_rule",
        sa.column("position", sa.Integer),
        sa.column("by", sa.String),
        sa.column("is_active", sa.Boolean),
    )
    op.bulk_insert(
        rules,
        [
            {"position": position, "by": by, "is_active": True}
            for position, by in enumerate(DISPATCH, 1)
        ],
    )
    _refuse_changes()


def _refuse_changes() -> None:
    """The history of tasks is added to and never changed."""
    if op.get_context().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {HISTORY}_no_{verb} BEFORE {verb} ON {HISTORY}"
                " BEGIN SELECT RAISE(ABORT, 'the history of tasks is never changed'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {HISTORY}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
        " BEGIN RAISE EXCEPTION 'the history of tasks is never changed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {HISTORY}_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE ON {HISTORY}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {HISTORY}_refuse()"
    )


def downgrade() -> None:
    op.drop_table(HISTORY)
    if op.get_context().dialect.name != "sqlite":
        op.execute(f"DROP FUNCTION {HISTORY}_refuse()")
    for table in TABLES:
        op.drop_table(table)
