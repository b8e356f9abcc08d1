"""Which reps want one message a quarter of an hour, and how far each was told."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest_choice",
        sa.Column("rep_id", BigId, autoincrement=False, nullable=False),
        sa.Column("chosen_at", Instant(), nullable=False),
        sa.Column("told_until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_digest_choice_rep_id")),
        sa.PrimaryKeyConstraint("rep_id", name=op.f("pk_digest_choice")),
    )
    op.create_index("ix_digest_choice_told", "digest_choice", ["told_until"])


def downgrade() -> None:
    op.drop_table("digest_choice")
