"""A form that makes a product makes one, however often it is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("product", sa.Column("form_key", sa.String(length=64), nullable=True))
    op.create_index("ix_product_form", "product", ["form_key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_product_form", table_name="product")
    op.drop_column("product", "form_key")
