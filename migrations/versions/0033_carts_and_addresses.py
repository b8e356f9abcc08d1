"""Carts, from which lines know when they were chosen; address books, codes for phones; ways to pay."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would drop the one that history refers to.
ADD_SHARE = """
ALTER TABLE order_line ADD COLUMN share_id {type}
CONSTRAINT fk_order_line_share_id REFERENCES share (id)
"""


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(ADD_SHARE.format(type=kind))
    op.add_column("order_line", sa.Column("chosen_at", Instant(), nullable=True))
    trade = sa.Column("trade_type", sa.String(length=8), server_default="JSAPI", nullable=False)
    op.add_column("payment", trade)
    _create_cart()
    _create_addresses()
    _create_codes()


def downgrade() -> None:
    for table in ("phone_code", "member_address", "cart_line"):
        op.drop_table(table)
    op.drop_column("payment", "trade_type")
    op.drop_column("order_line", "chosen_at")
    op.drop_column("order_line", "share_id")


def _create_cart() -> None:
    op.create_table(
        "cart_line",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("owner_key", sa.String(length=32), nullable=False),
        sa.Column("identity_id", BigId, nullable=True),
        sa.Column("visitor_id", BigId, nullable=True),
        sa.Column("sku_id", BigId, nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("shown_price_fen", sa.BigInteger(), nullable=False),
        sa.Column("share_id", BigId, nullable=True),
        sa.Column("chosen_at", Instant(), nullable=False),
        sa.Column("last_key", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "(identity_id IS NULL) <> (visitor_id IS NULL)", name=op.f("ck_cart_line_one_owner")
        ),
        sa.CheckConstraint("quantity BETWEEN 1 AND 99", name=op.f("ck_cart_line_quantity")),
        *_references(
            "cart_line",
            identity_id="identity",
            visitor_id="visitor",
            sku_id="sku",
            share_id="share",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart_line")),
        sa.UniqueConstraint("owner_key", "sku_id", name=op.f("uq_cart_line_owner_key_sku_id")),
    )
    op.create_index("ix_cart_line_chosen", "cart_line", ["chosen_at"])


def _create_addresses() -> None:
    op.create_table(
        "member_address",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("member_id", BigId, nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        *_references("member_address", member_id="member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_address")),
        sa.UniqueConstraint("number", name=op.f("uq_member_address_number")),
        sa.UniqueConstraint("member_id", "digest", name=op.f("uq_member_address_member_id_digest")),
    )
    op.create_index(
        "uq_member_address_default",
        "member_address",
        ["member_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )


def _create_codes() -> None:
    op.create_table(
        "phone_code",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("member_id", BigId, nullable=False),
        sa.Column("phone_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.CheckConstraint("tries BETWEEN 0 AND 5", name=op.f("ck_phone_code_tries")),
        *_references("phone_code", member_id="member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_code")),
    )
    op.create_index("ix_phone_code_phone", "phone_code", ["phone_index", "sent_at"])
    op.create_index("ix_phone_code_member", "phone_code", ["member_id", "sent_at"])


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]
