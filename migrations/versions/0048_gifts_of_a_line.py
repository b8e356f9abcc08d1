"""What comes with an order line for nothing is frozen on it, and on its way to be packed."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLES = ("order_line", "fulfilment_chain")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("gifts", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_column(table, "gifts")
