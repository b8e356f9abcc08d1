"""A file of people or places names who started it or takes it back, not only who brought it."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

# In place: SQLite's way round it, a new table, would drop the one that lines refer to.
ADD = """
ALTER TABLE people_import ADD COLUMN acting_id {type}
CONSTRAINT fk_people_import_acting_id REFERENCES staff (id)
"""
# Until now the rights of who brought a file were the ones that counted.
FILL = "UPDATE people_import SET acting_id = staff_id WHERE status <> 'checked'"


def upgrade() -> None:
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(sa.text(ADD.format(type=kind)))
    op.execute(sa.text(FILL))


def downgrade() -> None:
    op.drop_column("people_import", "acting_id")
