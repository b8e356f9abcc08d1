"""Outlets share by codes of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would drop the one that touches refer to.
ADD = """
ALTER TABLE share ADD COLUMN outlet_id {type}
CONSTRAINT fk_share_outlet_id REFERENCES org_node (id)
"""
# What is true of the rows of a schema that was taken down and up again.
FILL = """
UPDATE share SET outlet_id = CAST(substr(sharer_key, 8) AS {type}) WHERE sharer_key LIKE 'outlet:%'
"""


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(sa.text(ADD.format(type=kind)))
    op.execute(sa.text(FILL.format(type=kind)))


def downgrade() -> None:
    op.drop_column("share", "outlet_id")
