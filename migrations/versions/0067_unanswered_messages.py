"""Messages without an answer are found by an index of these alone, however many were ever sent."""

import sqlalchemy as sa
from alembic import op

from wx_backend.migrate import beside_trade

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_message_sending": sa.text("status = 'sending'"),
    "ix_message_unknown": sa.text("status = 'unknown'"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, where in INDEXES.items():
            op.create_index(name, "message", ["sending_at"], sqlite_where=where)
        return
    with beside_trade():
        for name, where in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")  # what a broken-off build left
            op.create_index(
                name,
                "message",
                ["sending_at"],
                postgresql_where=where,
                postgresql_concurrently=True,
            )


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "message")
