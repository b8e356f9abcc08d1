"""A proposal may be to return a whole payment once more, after its refund that WeChat Pay closed."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

FOREIGN, INDEX = "fk_refund_proposal_again_of_id", "ix_refund_proposal_again_of_id"


def upgrade() -> None:
    with op.batch_alter_table("refund_proposal") as batch:
        batch.add_column(sa.Column("again_of_id", BigId, nullable=True))
        batch.create_foreign_key(op.f(FOREIGN), "refund", ["again_of_id"], ["id"])
    op.create_index(op.f(INDEX), "refund_proposal", ["again_of_id"])


def downgrade() -> None:
    """The version before carries out lines only: what nobody has decided on is asked for again there."""
    rows = sa.table("refund_proposal", sa.column("again_of_id"), sa.column("status"))
    waits = sa.and_(rows.c.again_of_id.is_not(None), rows.c.status == "proposed")
    op.execute(sa.delete(rows).where(waits))
    op.drop_index(op.f(INDEX), table_name="refund_proposal")
    with op.batch_alter_table("refund_proposal") as batch:
        batch.drop_constraint(op.f(FOREIGN), type_="foreignkey")
        batch.drop_column("again_of_id")
