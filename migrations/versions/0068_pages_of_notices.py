"""A notice of a mini-program opens the page that was chosen for it."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("template", sa.Column("page", sa.String(length=255), nullable=True))


def downgrade() -> None:
    """The version before opens no page at all."""
    op.drop_column("template", "page")
