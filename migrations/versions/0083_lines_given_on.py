"""A rep reads what was given to him and what was taken from him, by when it was agreed to."""

from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

SIDES = ("from", "to")


def upgrade() -> None:
    for side in SIDES:
        op.create_index(f"ix_reassignment_{side}", "reassignment", [f"{side}_rep_id", "decided_at"])


def downgrade() -> None:
    for side in SIDES:
        op.drop_index(f"ix_reassignment_{side}", "reassignment")
