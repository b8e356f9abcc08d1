"""A number says since when it is held, and an order line since when its buyer held its number."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import Instant

revision = "0081"
down_revision = "0080"
branch_labels = None
depends_on = None

COLUMNS = (("phone_number", "held_at"), ("order_line", "hold_at"))


def upgrade() -> None:
    for table, column in COLUMNS:
        op.add_column(table, sa.Column(column, Instant(), nullable=True))


def downgrade() -> None:
    """The version before credits a line as of when it was ordered."""
    for table, column in COLUMNS:
        op.drop_column(table, column)
