"""Campaign slots: banners of places, and how often they were tapped."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

TARGETS = (
    "(leads_to = 'product' AND product_id IS NOT NULL AND category_id IS NULL AND words = '')"
    " OR (leads_to = 'category' AND category_id IS NOT NULL AND product_id IS NULL AND words = '')"
    " OR (leads_to = 'search' AND words <> '' AND product_id IS NULL AND category_id IS NULL)"
)


def upgrade() -> None:
    op.create_table(
        "banner",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("node_id", BigId, nullable=False),
        sa.Column("title", sa.String(length=30), nullable=False),
        sa.Column("picture", sa.String(length=200), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("leads_to", sa.String(length=8), nullable=False),
        sa.Column("product_id", BigId, nullable=True),
        sa.Column("category_id", BigId, nullable=True),
        sa.Column("words", sa.String(length=40), server_default="", nullable=False),
        sa.Column("shown_from", Instant(), nullable=False),
        sa.Column("shown_until", Instant(), nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("form_key", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("shown_until > shown_from", name=op.f("ck_banner_span")),
        sa.CheckConstraint(TARGETS, name=op.f("ck_banner_target")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_banner_size")),
        sa.ForeignKeyConstraint(["node_id"], ["org_node.id"], name=op.f("fk_banner_node_id")),
        sa.ForeignKeyConstraint(["product_id"], ["product.id"], name=op.f("fk_banner_product_id")),
        sa.ForeignKeyConstraint(
            ["category_id"], ["category.id"], name=op.f("fk_banner_category_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_banner")),
        sa.UniqueConstraint("number", name=op.f("uq_banner_number")),
    )
    op.create_index("ix_banner_form", "banner", ["form_key"], unique=True)
    op.create_index("ix_banner_node", "banner", ["node_id", "shown_until"])
    op.create_table(
        "banner_count",
        sa.Column("banner_id", BigId, nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["banner_id"], ["banner.id"], name=op.f("fk_banner_count_banner_id")
        ),
        sa.PrimaryKeyConstraint("banner_id", "business_on", "kind", name=op.f("pk_banner_count")),
    )


def downgrade() -> None:
    op.drop_table("banner_count")
    op.drop_table("banner")
