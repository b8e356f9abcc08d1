"""Whoever asked for a price or a launch takes it back himself; nobody else does."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

OPEN = sa.text("verdict IS NULL")
ASKED_FOR = {"launch_approval": "product_id", "price_proposal": "sku_id"}
TWO = "decided_by <> asked_by"
TWO_OR_WITHDRAWN = "(decided_by = asked_by) = (verdict = 'withdrawn')"


def upgrade() -> None:
    for table in ASKED_FOR:
        _hold_to(table, TWO_OR_WITHDRAWN)


def downgrade() -> None:
    """The version before knows no such verdict: as if it had never been asked. The events stay."""
    for table in ASKED_FOR:
        rows = sa.table(table, sa.column("verdict"))
        op.execute(sa.delete(rows).where(rows.c.verdict == "withdrawn"))
        _hold_to(table, TWO)


def _hold_to(table: str, rule: str) -> None:
    """Exchange the rule about the two persons."""
    name, index = op.f(f"ck_{table}_second_person"), f"ix_{table}_open"
    op.drop_index(index, table_name=table)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, rule)
    columns = [ASKED_FOR[table]]
    op.create_index(index, table, columns, unique=True, sqlite_where=OPEN, postgresql_where=OPEN)
