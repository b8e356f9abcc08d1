"""What looks like farming is flagged, with the rows it was flagged for."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "farming_flag",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("found_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name=op.f("ck_farming_flag_decided"),
        ),
        sa.ForeignKeyConstraint(["rep_id"], ["rep.id"], name=op.f("fk_farming_flag_rep_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_farming_flag")),
        sa.UniqueConstraint("rep_id", "kind", "key", name=op.f("uq_farming_flag_rep_id_kind_key")),
    )
    op.create_table(
        "farming_evidence",
        sa.Column("flag_id", BigId, nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("who", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["flag_id"], ["farming_flag.id"], name=op.f("fk_farming_evidence_flag_id")
        ),
        sa.PrimaryKeyConstraint("flag_id", "source", "row_id", name=op.f("pk_farming_evidence")),
    )
    op.create_index("ix_farming_evidence_page", "farming_evidence", ["flag_id", "at", "row_id"])


def downgrade() -> None:
    op.drop_table("farming_evidence")
    op.drop_table("farming_flag")
