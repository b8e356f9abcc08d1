"""Of an imported list, which lines named nobody is kept when what they said is deleted."""

import sqlalchemy as sa
from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("campaign_list_entry") as batch:
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=True)


def downgrade() -> None:
    """The version before keeps nothing of a list once the audience is frozen."""
    rows = sa.table("campaign_list_entry", sa.column("sealed"))
    op.execute(sa.delete(rows).where(rows.c.sealed.is_(None)))
    with op.batch_alter_table("campaign_list_entry") as batch:
        batch.alter_column("sealed", existing_type=sa.LargeBinary(), nullable=False)
