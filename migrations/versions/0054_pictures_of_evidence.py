"""Pictures of evidence are found by their name: the sweep asks which of them somebody refers to."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

NAME = "ix_fulfilment_evidence_picture"


def upgrade() -> None:
    noted = sa.text("picture IS NOT NULL")
    op.create_index(
        NAME, "fulfilment_evidence", ["picture"], sqlite_where=noted, postgresql_where=noted
    )


def downgrade() -> None:
    op.drop_index(NAME, "fulfilment_evidence")
