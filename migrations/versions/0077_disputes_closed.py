"""A dispute about who is credited says who closed it, and with what."""

import sqlalchemy as sa
from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("dispute", sa.Column("closed_by", sa.String(40), nullable=True))
    op.add_column("dispute", sa.Column("resolution", sa.String(200), nullable=True))


def downgrade() -> None:
    """The version before closes none, and says of those that were no more than that."""
    with op.batch_alter_table("dispute") as batch:
        batch.drop_column("resolution")
        batch.drop_column("closed_by")
