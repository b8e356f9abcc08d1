"""A rep takes a counter sale back that the customer has not paid."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import Instant

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("counter_offer") as batch:
        batch.add_column(sa.Column("withdrawn_at", Instant(), nullable=True))


def downgrade() -> None:
    """The version before lets a customer order by what was taken back: such offers end."""
    rows = sa.table("counter_offer", *map(sa.column, ("order_id", "expires_at", "withdrawn_at")))
    taken_back = rows.c.withdrawn_at.is_not(None) & rows.c.order_id.is_(None)
    op.execute(sa.update(rows).where(taken_back).values(expires_at=rows.c.withdrawn_at))
    with op.batch_alter_table("counter_offer") as batch:
        batch.drop_column("withdrawn_at")
