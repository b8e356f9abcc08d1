"""Who changes stock by hand says why."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("reason", sa.String(length=100), server_default="", nullable=False)
    op.add_column("stock_move", column)


def downgrade() -> None:
    op.drop_column("stock_move", "reason")
