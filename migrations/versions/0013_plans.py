"""Plans as they are sold: bundles, number pool, real name, launch check-list."""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would drop the one that history refers to.
ADD_BUNDLE = """
ALTER TABLE order_line ADD COLUMN bundle_sku_id {type}
CONSTRAINT fk_order_line_bundle_sku_id REFERENCES sku (id)
"""
UNCHANGING = ("product_event", "real_name_said")
# What every plan says from now on; what nothing of the service ever read goes.
PLAN = {"monthly_fee_fen": 0, "data_gb": 0, "voice_minutes": 0, "sms": 0, "contract_months": 0}


def upgrade() -> None:
    _widen()
    _create_goods()
    _create_launch()
    _create_real_name()
    _fill_plans()
    for table in UNCHANGING:
        _keep_unchanged(table)


def _widen() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(ADD_BUNDLE.format(type=kind))
    op.add_column("order_line", sa.Column("bundle_item", sa.Integer(), nullable=True))
    op.add_column("order_line", sa.Column("real_name_until", Instant(), nullable=True))
    op.create_index("ix_order_line_real_name", "order_line", ["real_name_reference"], unique=True)
    op.add_column(
        "product",
        sa.Column("takes_number", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("product", sa.Column("on_sale_from", Instant(), nullable=True))
    op.add_column("product", sa.Column("on_sale_until", Instant(), nullable=True))


def _create_goods() -> None:
    op.create_table(
        "bundle_part",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("bundle_sku_id", BigId, nullable=False),
        sa.Column("sku_id", BigId, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("bundle_sku_id <> sku_id", name=op.f("ck_bundle_part_itself")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 9", name=op.f("ck_bundle_part_quantity")),
        sa.ForeignKeyConstraint(
            ["bundle_sku_id"], ["sku.id"], name=op.f("fk_bundle_part_bundle_sku_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_bundle_part_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bundle_part")),
        sa.UniqueConstraint(
            "bundle_sku_id", "sku_id", name=op.f("uq_bundle_part_bundle_sku_id_sku_id")
        ),
    )
    op.create_index(op.f("ix_bundle_part_sku_id"), "bundle_part", ["sku_id"])
    op.create_table(
        "phone_number",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("msisdn", sa.String(length=11), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("shuffle", sa.Integer(), nullable=False),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("key", sa.String(length=60), nullable=True),
        sa.Column("until", Instant(), nullable=True),
        sa.Column("imported_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "state <> 'held' OR member_id IS NOT NULL", name=op.f("ck_phone_number_holder")
        ),
        sa.CheckConstraint(
            "state <> 'sold' OR key IS NOT NULL", name=op.f("ck_phone_number_sold_to")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_phone_number_member_id")
        ),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_phone_number_node_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_number")),
        sa.UniqueConstraint("key", name=op.f("uq_phone_number_key")),
        sa.UniqueConstraint("msisdn", name=op.f("uq_phone_number_msisdn")),
    )
    op.create_index("ix_phone_number_choice", "phone_number", ["node_id", "state", "shuffle"])
    op.create_index("ix_phone_number_member", "phone_number", ["member_id", "state"])
    op.create_index(
        "ix_phone_number_until",
        "phone_number",
        ["until"],
        sqlite_where=sa.text("until IS NOT NULL"),
        postgresql_where=sa.text("until IS NOT NULL"),
    )


def _create_launch() -> None:
    op.create_table(
        "launch_item",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("owner", sa.String(length=40), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("done_by", sa.String(length=40), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.CheckConstraint("step <> 'listing'", name=op.f("ck_launch_item_ticked")),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL)", name=op.f("ck_launch_item_done")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_launch_item_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_item")),
        sa.UniqueConstraint("product_id", "step", name=op.f("uq_launch_item_product_id_step")),
    )
    op.create_table(
        "launch_approval",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("on_sale_from", Instant(), nullable=False),
        sa.Column("on_sale_until", Instant(), nullable=True),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL)", name=op.f("ck_launch_approval_decided")
        ),
        sa.CheckConstraint(
            "(decided_by IS NULL) = (verdict IS NULL)", name=op.f("ck_launch_approval_decided_by")
        ),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_launch_approval_second_person")),
        sa.CheckConstraint(
            "on_sale_until > on_sale_from", name=op.f("ck_launch_approval_schedule")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_launch_approval_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_launch_approval")),
    )
    op.create_index(
        "ix_launch_approval_open",
        "launch_approval",
        ["product_id"],
        unique=True,
        sqlite_where=sa.text("verdict IS NULL"),
        postgresql_where=sa.text("verdict IS NULL"),
    )
    op.create_index("ix_launch_approval_product", "launch_approval", ["product_id", "id"])
    op.create_table(
        "product_event",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_product_event_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product_event")),
    )
    op.create_index("ix_product_event_product", "product_event", ["product_id", "id"])


def _create_real_name() -> None:
    op.create_table(
        "real_name_said",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("line_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("is_applied", sa.Boolean(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_real_name_said_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_real_name_said")),
        sa.UniqueConstraint("line_id", "key", name=op.f("uq_real_name_said_line_id_key")),
    )


def _fill_plans() -> None:
    """Give the plans that are there every field a plan has."""
    product = sa.table("product", sa.column("id"), sa.column("plan", sa.JSON()))
    bind = op.get_bind()
    rows = bind.execute(sa.select(product.c.id, product.c.plan).where(_is_plan())).all()
    for product_id, plan in rows:
        bind.execute(product.update().where(product.c.id == product_id).values(plan=_filled(plan)))


def _is_plan() -> Any:
    return sa.text("kind = 'plan'")


def _filled(plan: Any) -> dict[str, Any]:
    known = json.loads(plan) if isinstance(plan, str) else (plan or {})
    filled = {name: int(known.get(name) or value) for name, value in PLAN.items()}
    return {**filled, "eligibility": {}}


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
    for table in (
        "real_name_said",
        "product_event",
        "launch_approval",
        "launch_item",
        "phone_number",
        "bundle_part",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in UNCHANGING:
            op.execute(f"DROP FUNCTION {table}_refuse()")
    op.drop_index("ix_order_line_real_name", table_name="order_line")
    for column in ("bundle_sku_id", "bundle_item", "real_name_until"):
        op.drop_column("order_line", column)
    for column in ("takes_number", "on_sale_from", "on_sale_until"):
        op.drop_column("product", column)
