"""Orders, their lines, and every state they went through."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sales_order",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("member_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(length=16), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("moves", sa.Integer(), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("contact_name", sa.LargeBinary(), nullable=True),
        sa.Column("contact_phone", sa.LargeBinary(), nullable=True),
        sa.Column("delivery", sa.String(length=10), nullable=False),
        sa.Column("address", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("placed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "discount_fen >= 0 AND payable_fen > 0", name=op.f("ck_sales_order_amounts")
        ),
        sa.CheckConstraint(
            "payable_fen = total_fen - discount_fen", name=op.f("ck_sales_order_payable")
        ),
        sa.ForeignKeyConstraint(
            ["identity_id"], ["identity.id"], name=op.f("fk_sales_order_identity_id")
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["member.id"], name=op.f("fk_sales_order_member_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_sales_order_outlet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sales_order")),
        sa.UniqueConstraint(
            "member_id", "client_key", name=op.f("uq_sales_order_member_id_client_key")
        ),
        sa.UniqueConstraint("number", name=op.f("uq_sales_order_number")),
    )
    op.create_index("ix_sales_order_expiry", "sales_order", ["status", "expires_at"])
    op.create_index(op.f("ix_sales_order_identity_id"), "sales_order", ["identity_id"])
    op.create_index("ix_sales_order_member", "sales_order", ["member_id", "placed_at"])
    op.create_index("ix_sales_order_outlet", "sales_order", ["outlet_id", "placed_at"])
    op.create_table(
        "order_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sku_id", BigId, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("product_kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("unit_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("list_fen", sa.BigInteger(), nullable=False),
        sa.Column("discount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("collected_fen", sa.BigInteger(), nullable=False),
        sa.Column("refund_reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("refunded_fen", sa.BigInteger(), nullable=False),
        sa.Column("fulfilment", sa.String(length=12), nullable=False),
        sa.Column("fulfilled_at", Instant(), nullable=True),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("developer_rep_id", BigId, nullable=True),
        sa.Column("acceptor_rep_id", BigId, nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("user_name", sa.LargeBinary(), nullable=True),
        sa.Column("user_phone", sa.LargeBinary(), nullable=True),
        sa.Column("number_reference", sa.String(length=64), nullable=True),
        sa.Column("real_name_state", sa.String(length=12), nullable=False),
        sa.Column("real_name_reference", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "collected_fen >= 0 AND collected_fen <= paid_fen", name=op.f("ck_order_line_collected")
        ),
        sa.CheckConstraint(
            "discount_fen >= 0 AND paid_fen >= 0", name=op.f("ck_order_line_amounts")
        ),
        sa.CheckConstraint("list_fen = unit_price_fen * quantity", name=op.f("ck_order_line_list")),
        sa.CheckConstraint("paid_fen = list_fen - discount_fen", name=op.f("ck_order_line_paid")),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name=op.f("ck_order_line_quantity")),
        sa.CheckConstraint(
            "refund_reserved_fen <= paid_fen", name=op.f("ck_order_line_refund_limit")
        ),
        sa.CheckConstraint(
            "refunded_fen >= 0 AND refunded_fen <= refund_reserved_fen",
            name=op.f("ck_order_line_refunded"),
        ),
        sa.ForeignKeyConstraint(
            ["acceptor_rep_id"], ["rep.id"], name=op.f("fk_order_line_acceptor_rep_id")
        ),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_order_line_category_id")
        ),
        sa.ForeignKeyConstraint(
            ["developer_rep_id"], ["rep.id"], name=op.f("fk_order_line_developer_rep_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_order_line_order_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_order_line_outlet_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_version"],
            ["policy_version.version"],
            name=op.f("fk_order_line_policy_version"),
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_order_line_product_id")
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_order_line_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_line")),
        sa.UniqueConstraint("order_id", "position", name=op.f("uq_order_line_order_id_position")),
    )
    op.create_index("ix_order_line_developer", "order_line", ["developer_rep_id", "id"])
    op.create_index("ix_order_line_outlet", "order_line", ["outlet_id", "id"])
    op.create_index(op.f("ix_order_line_product_id"), "order_line", ["product_id"])
    op.create_index(op.f("ix_order_line_sku_id"), "order_line", ["sku_id"])
    op.create_table(
        "order_transition",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_id", BigId, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("line_id", BigId, nullable=True),
        sa.Column("from_status", sa.String(length=16), nullable=True),
        sa.Column("to_status", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=60), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["order_line.id"], name=op.f("fk_order_transition_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["sales_order.id"], name=op.f("fk_order_transition_order_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_transition")),
        sa.UniqueConstraint(
            "order_id", "position", name=op.f("uq_order_transition_order_id_position")
        ),
    )
    _keep_unchanged("order_transition")


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
    op.drop_table("order_transition")
    op.drop_table("order_line")
    op.drop_table("sales_order")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION order_transition_refuse()")
