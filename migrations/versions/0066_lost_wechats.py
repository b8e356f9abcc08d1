"""A WeChat that its owner reported lost lets nobody in; so do those of claims agreed to before."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import Instant

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

# Whoever was the old person before the two were joined.
BEFORE = (
    "UPDATE identity SET lost_at = lost.decided_at, signed_out_at = lost.decided_at FROM ("
    " SELECT identity_link.identity_id, max(member_claim.decided_at) AS decided_at"
    " FROM member_claim JOIN identity_link ON identity_link.member_id = member_claim.old_id"
    " WHERE member_claim.verdict = 'approved' AND identity_link.undone_at IS NULL"
    " AND identity_link.linked_at < member_claim.decided_at GROUP BY identity_link.identity_id"
    ") AS lost WHERE identity.id = lost.identity_id"
)


def upgrade() -> None:
    op.add_column("identity", sa.Column("lost_at", Instant(), nullable=True))
    op.execute(BEFORE)


def downgrade() -> None:
    """The version before lets them in again, once they sign in anew."""
    op.drop_column("identity", "lost_at")
