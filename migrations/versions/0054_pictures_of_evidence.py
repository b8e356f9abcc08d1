"""Pictures of evidence are found by their name: the sweep asks which of them somebody refers to."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

NAME = "ix_fulfilment_evidence_picture"
NOTED = sa.text("picture IS NOT NULL")


def upgrade() -> None:
    _index()


def downgrade() -> None:
    op.drop_index(NAME, "fulfilment_evidence")


def _index() -> None:
    """On PostgreSQL built beside trade, with all the time it takes."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "fulfilment_evidence", ["picture"], sqlite_where=NOTED)
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")  # what a broken-off build left
        op.create_index(
            NAME,
            "fulfilment_evidence",
            ["picture"],
            postgresql_where=NOTED,
            postgresql_concurrently=True,
        )
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")
