"""Two who proved one phone are asked before they are one customer, where one has something to see."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "phone_join",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("first_id", BigId, nullable=False),
        sa.Column("second_id", BigId, nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("first_agreed_at", Instant(), nullable=True),
        sa.Column("second_agreed_at", Instant(), nullable=True),
        sa.Column("refused_at", Instant(), nullable=True),
        sa.Column("joined_at", Instant(), nullable=True),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_phone_join_order")),
        sa.CheckConstraint(
            "joined_at IS NULL OR (first_agreed_at IS NOT NULL AND second_agreed_at IS NOT NULL"
            " AND refused_at IS NULL)",
            name=op.f("ck_phone_join_agreed"),
        ),
        sa.ForeignKeyConstraint(["first_id"], ["member.id"], name=op.f("fk_phone_join_first_id")),
        sa.ForeignKeyConstraint(["second_id"], ["member.id"], name=op.f("fk_phone_join_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_join")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_phone_join_first_id_second_id")),
    )
    op.create_index("ix_phone_join_second_id", "phone_join", ["second_id"])


def downgrade() -> None:
    op.drop_table("phone_join")
