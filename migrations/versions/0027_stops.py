"""Stop buttons for what goes out of the house."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stop",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("line", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("stopped_by", sa.String(length=40), nullable=False),
        sa.Column("stopped_at", Instant(), nullable=False),
        sa.Column("lifted_by", sa.String(length=40), nullable=True),
        sa.Column("lifted_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop")),
    )
    op.create_index(
        "uq_stop_open",
        "stop",
        ["line"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("stop")
