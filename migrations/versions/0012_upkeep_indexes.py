"""Indexes for what upkeep looks for: dead rows, bodies to purge, jobs that are over."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_push_dead", "push", "id", "status = 'dead'"),
    ("ix_push_body", "push", "known_at", "raw IS NOT NULL"),
    ("ix_pay_notice_dead", "pay_notice", "id", "status = 'dead'"),
    ("ix_pay_notice_body", "pay_notice", "known_at", "raw IS NOT NULL"),
    ("ix_job_over", "job", "done_at", "status = 'done'"),
)


def upgrade() -> None:
    for name, table, column, where in INDEXES:
        condition = sa.text(where)
        op.create_index(name, table, [column], sqlite_where=condition, postgresql_where=condition)
    op.drop_index("ix_push_known_at", table_name="push")


def downgrade() -> None:
    op.create_index("ix_push_known_at", "push", ["known_at"])
    for name, table, _column, _where in INDEXES:
        op.drop_index(name, table_name=table)
