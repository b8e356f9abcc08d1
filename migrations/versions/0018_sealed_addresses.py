"""Addresses of orders are sealed.

A migration has no keys, so it only makes room: new orders are written sealed, old ones stay
readable in the clear until `reseal` has sealed them and emptied `address`. On the way down
`unseal-addresses` puts them back first, or nothing is taken away.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sales_order", sa.Column("sealed_address", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    sealed = sa.text("SELECT count(*) FROM sales_order WHERE sealed_address IS NOT NULL")
    if left := op.get_bind().scalar(sealed):
        raise RuntimeError(f"{left} addresses are sealed: run `unseal-addresses` before")
    op.drop_column("sales_order", "sealed_address")
