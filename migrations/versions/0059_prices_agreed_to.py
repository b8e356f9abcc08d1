"""Large changes of prices wait for a second person."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "price_proposal",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("sku_id", BigId, nullable=False),
        sa.Column("product_id", BigId, nullable=False),
        sa.Column("from_fen", sa.BigInteger(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("prepaid_fen", sa.BigInteger(), nullable=False),
        sa.Column("market_price_fen", sa.BigInteger(), nullable=True),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint("decided_by <> asked_by", name=op.f("ck_price_proposal_second_person")),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name=op.f("ck_price_proposal_decided"),
        ),
        sa.ForeignKeyConstraint(["sku_id"], ["sku.id"], name=op.f("fk_price_proposal_sku_id")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["product.id"], name=op.f("fk_price_proposal_product_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_proposal")),
    )
    is_open = sa.text("verdict IS NULL")
    op.create_index(
        "ix_price_proposal_open",
        "price_proposal",
        ["sku_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_price_proposal_product", "price_proposal", ["product_id", "id"])


def downgrade() -> None:
    op.drop_table("price_proposal")
