"""Which subscription notices people are asked to agree to."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "library_template",
        sa.Column("is_asked", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    with op.batch_alter_table("library_template") as table:
        table.alter_column("is_asked", server_default=None)


def downgrade() -> None:
    op.drop_column("library_template", "is_asked")
