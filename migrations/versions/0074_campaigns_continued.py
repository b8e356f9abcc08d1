"""A campaign that broke off is made anew for whom it never reached: which one, and once."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None

INDEX = "uq_campaign_continues"
# In place: SQLite's way round it, a new table, would drop the one that people refer to.
ADD = """
ALTER TABLE campaign ADD COLUMN continues_id {type}
CONSTRAINT fk_campaign_continues_id REFERENCES campaign (id)
"""


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(sa.text(ADD.format(type=kind)))
    op.create_index(INDEX, "campaign", ["continues_id"], unique=True)


def downgrade() -> None:
    """The version before would write to everybody where only those left are meant: what has not begun ends."""
    op.drop_index(INDEX, "campaign")  # whoever would make another one meanwhile waits for this lock
    rows = sa.table(
        "campaign", *map(sa.column, ("continues_id", "status", "ended_at", "created_at"))
    )
    goes_on = rows.c.continues_id.is_not(None)
    has_not_begun = rows.c.status.in_(("draft", "freezing", "submitted", "scheduled"))
    ended = {"status": "stopped", "ended_at": rows.c.created_at}
    op.execute(sa.update(rows).where(goes_on & has_not_begun).values(ended))
    op.drop_column("campaign", "continues_id")
