"""When a token was fetched last, to show how old it is."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import Instant

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("platform_token", sa.Column("renewed_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("platform_token", "renewed_at")
