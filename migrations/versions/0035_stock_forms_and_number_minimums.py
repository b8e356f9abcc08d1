"""A form about stock counts once, however often it is sent; fine numbers have a least monthly fee."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

# In place: the check goes with the column, on SQLite too.
ADD = """
ALTER TABLE phone_number ADD COLUMN minimum_fen INTEGER DEFAULT 0 NOT NULL
CONSTRAINT ck_phone_number_minimum CHECK (minimum_fen >= 0)
"""


def upgrade() -> None:
    op.add_column("stock_move", sa.Column("form_key", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_stock_move_form", "stock_move", ["stock_id", "kind", "form_key"], unique=True
    )
    op.execute(sa.text(ADD))


def downgrade() -> None:
    op.drop_column("phone_number", "minimum_fen")
    op.drop_index("ix_stock_move_form", table_name="stock_move")
    op.drop_column("stock_move", "form_key")
