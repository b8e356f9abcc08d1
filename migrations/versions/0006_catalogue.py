"""The catalogue: categories, products, variants, stock and its history."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "category",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("parent_id", BigId, nullable=True),
        sa.Column("slug", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["category.id"], name=op.f("fk_category_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("slug", name=op.f("uq_category_slug")),
    )
    op.create_index(op.f("ix_category_parent_id"), "category", ["parent_id"])
    op.create_table(
        "product",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("category_id", BigId, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("subtitle", sa.String(length=120), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("picture", sa.String(length=200), nullable=True),
        sa.Column("plan", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("is_listed", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("kind = 'plan' OR plan IS NULL", name=op.f("ck_product_plan_data")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_product_category_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_product")),
        sa.UniqueConstraint("number", name=op.f("uq_product_number")),
    )
    op.create_index("ix_product_shelf", "product", ["category_id", "is_listed", "position"])
    op.create_table(
        "stock_place",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_stock_place_outlet_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_place")),
        sa.UniqueConstraint("outlet_id", name=op.f("uq_stock_place_outlet_id")),
    )
    op.create_table(
        "sku",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("market_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("prepaid_fen", sa.BigInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint("market_price_fen >= price_fen", name=op.f("ck_sku_market_price")),
        sa.CheckConstraint(
            "prepaid_fen >= 0 AND prepaid_fen <= price_fen", name=op.f("ck_sku_prepaid")
        ),
        sa.CheckConstraint("price_fen >= 0", name=op.f("ck_sku_price")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_sku_product_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sku")),
        sa.UniqueConstraint("number", name=op.f("uq_sku_number")),
    )
    op.create_index(op.f("ix_sku_product_id"), "sku", ["product_id"])
    op.create_table(
        "stock",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("sku_id", BigId, nullable=False),
        sa.Column("place_id", BigId, nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "reserved >= 0 AND reserved <= on_hand", name=op.f("ck_stock_not_oversold")
        ),
        sa.ForeignKeyConstraint(["place_id"], ["stock_place.id"], name=op.f("fk_stock_place_id")),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_stock_sku_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock")),
        sa.UniqueConstraint("sku_id", "place_id", name=op.f("uq_stock_sku_id_place_id")),
    )
    op.create_table(
        "reservation",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("stock_id", BigId, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_reservation_quantity")),
        sa.ForeignKeyConstraint(["stock_id"], ["stock.id"], name=op.f("fk_reservation_stock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
        sa.UniqueConstraint("key", name=op.f("uq_reservation_key")),
    )
    op.create_index(
        "ix_reservation_expiry",
        "reservation",
        ["expires_at"],
        sqlite_where=sa.text("status = 'held'"),
        postgresql_where=sa.text("status = 'held'"),
    )
    op.create_index(op.f("ix_reservation_stock_id"), "reservation", ["stock_id"])
    op.create_table(
        "stock_move",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("stock_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("on_hand_change", sa.Integer(), nullable=False),
        sa.Column("reserved_change", sa.Integer(), nullable=False),
        sa.Column("reservation_id", BigId, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("fk_stock_move_reservation_id")
        ),
        sa.ForeignKeyConstraint(["stock_id"], ["stock.id"], name=op.f("fk_stock_move_stock_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
    )
    op.create_index(op.f("ix_stock_move_reservation_id"), "stock_move", ["reservation_id"])
    op.create_index("ix_stock_move_stock", "stock_move", ["stock_id", "id"])
    op.bulk_insert(sa.table("stock_place", sa.column("name")), [{"name": "中心仓"}])
    _keep_unchanged("stock_move")


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
    op.drop_table("stock_move")
    op.drop_table("reservation")
    op.drop_table("stock")
    op.drop_table("sku")
    op.drop_table("stock_place")
    op.drop_table("product")
    op.drop_table("category")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION stock_move_refuse()")
