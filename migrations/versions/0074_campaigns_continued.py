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
    op.drop_index(INDEX, "campaign")
    op.drop_column("campaign", "continues_id")
