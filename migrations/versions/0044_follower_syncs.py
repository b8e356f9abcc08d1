"""Readings of an account's whole list of followers, and who was on the last one."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

COUNTS = ("total", "listed", "found", "left", "to_learn", "learnt")


def upgrade() -> None:
    op.create_table(
        "follower_sync",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("appid", sa.String(length=32), nullable=False),
        sa.Column("phase", sa.String(length=10), nullable=False),
        sa.Column("next_openid", sa.String(length=64), nullable=False),
        sa.Column("cursor", BigId, nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("started_by", sa.String(length=40), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("moved_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follower_sync")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_follower_sync_open",
        "follower_sync",
        ["appid"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_follower_sync_appid", "follower_sync", ["appid", "id"])
    op.add_column("identity", sa.Column("sync_id", BigId, nullable=True))


def downgrade() -> None:
    op.drop_column("identity", "sync_id")
    op.drop_table("follower_sync")
