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
            "acceptor_rep_id",
            "client_key",
            name=op.f("uq_counter_offer_acceptor_rep_id_client_key"),
        ),
    )
    op.create_index("ix_counter_offer_acceptor", "counter_offer", ["acceptor_rep_id", "created_at"])
    _create_bookings()


def _create_bookings() -> None:
    op.create_table(
        "slot_rule",
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.CheckConstraint("minutes BETWEEN 5 AND 240", name=op.f("ck_slot_rule_minutes")),
        sa.CheckConstraint("capacity BETWEEN 1 AND 100", name=op.f("ck_slot_rule_capacity")),
        *_references("slot_rule", outlet_id="org_node"),
        sa.PrimaryKeyConstraint("outlet_id", name=op.f("pk_slot_rule")),
    )
    op.create_table(
        "visit_slot",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.CheckConstraint("taken >= 0 AND taken <= capacity", name=op.f("ck_visit_slot_taken")),
        *_references("visit_slot", outlet_id="org_node"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_slot")),
        sa.UniqueConstraint(
            "outlet_id", "starts_at", name=op.f("uq_visit_slot_outlet_id_starts_at")
        ),
    )
    op.create_table(
        "booking",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("member_id", BigId, nullable=False),
        sa.Column("order_id", BigId, nullable=True),
        sa.Column("starts_at", Instant(), nullable=False),
        sa.Column("code", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("booked_at", Instant(), nullable=False),
        sa.Column("ended_by", sa.String(length=40), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        *_references("booking", outlet_id="org_node", member_id="member", order_id="sales_order"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint(
            "outlet_id", "starts_at", "code", name=op.f("uq_booking_outlet_id_starts_at_code")
        ),
    )
    op.create_index("ix_booking_member", "booking", ["member_id", "starts_at"])
    for name, columns, condition in (
        ("uq_booking_open_order", ["order_id"], "status = 'booked' AND order_id IS NOT NULL"),
        (
            "uq_booking_open_member",
            ["outlet_id", "member_id"],
            "status = 'booked' AND order_id IS NULL",
        ),
    ):
        op.create_index(
            name,
            "booking",
            columns,
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )
    op.create_table(
        "night_list",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("outlet_id", BigId, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("told_at", Instant(), nullable=False),
        *_references("night_list", outlet_id="org_node"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_night_list")),
        sa.UniqueConstraint("outlet_id", "day", name=op.f("uq_night_list_outlet_id_day")),
    )


def downgrade() -> None:
    for table in ("night_list", "booking", "visit_slot", "slot_rule", "counter_offer"):
        op.drop_table(table)


def _references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, other in columns.items()
    ]
