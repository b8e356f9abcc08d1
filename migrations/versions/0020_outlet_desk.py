"""Slots, queue codes and counter sales of outlets."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counter_offer",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("acceptor_rep_id", BigId, nullable=False),
        sa.Column("client_key", sa.String(length=64), nullable=False),
        sa.Column("sku_number", sa.String(length=32), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=True),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("shown_developer_rep_id", BigId, nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("order_id", BigId, nullable=True),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_counter_offer_quantity")),
        sa.CheckConstraint(
            "order_id IS NULL OR confirmed_at IS NOT NULL", name=op.f("ck_counter_offer_confirmed")
        ),
        *_references(
            "counter_offer",
            acceptor_rep_id="rep",
            member_id="member",
            shown_developer_rep_id="rep",
            order_id="sales_order",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter_offer")),
        sa.UniqueConstraint("nonce", name=op.f("uq_counter_offer_nonce")),
        sa.UniqueConstraint("order_id", name=op.f("uq_counter_offer_order_id")),
        sa.UniqueConstraint(
            "acceptor_rep_id", "client_key", name=op.f("uq_counter_offer_acceptor_rep_id")
        ),
    )
    op.create_index("ix_counter_offer_acceptor", "counter_offer", ["acceptor_rep_id", "created_at"])


def downgrade() -> None:
    op.drop_table("counter_offer")


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]
