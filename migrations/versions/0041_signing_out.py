"""Signing out at the mall ends a person's sessions for good, whoever kept a copy of a cookie."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import Instant

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identity", sa.Column("signed_out_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("identity", "signed_out_at")
