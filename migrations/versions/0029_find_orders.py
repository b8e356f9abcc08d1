"""Orders found by phone and turned by time; staff who read their figures on the phone."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sales_order", sa.Column("contact_phone_index", sa.LargeBinary(16), nullable=True)
    )
    op.create_index("ix_sales_order_phone", "sales_order", ["contact_phone_index"])
    op.create_index("ix_sales_order_placed", "sales_order", ["placed_at", "id"])
    op.create_table(
        "briefing",
        sa.Column("staff_id", BigId, autoincrement=False, nullable=False),
        sa.Column("member_id", BigId, nullable=True),
        sa.Column("is_daily", sa.Boolean(), nullable=False),
        sa.Column("link_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("link_until", Instant(), nullable=True),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_briefing_staff_id")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_briefing_member_id")),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_briefing")),
        sa.UniqueConstraint("link_digest", name=op.f("uq_briefing_link_digest")),
    )
    op.create_index("ix_briefing_member_id", "briefing", ["member_id"])


def downgrade() -> None:
    op.drop_table("briefing")
    op.drop_index("ix_sales_order_placed", "sales_order")
    op.drop_index("ix_sales_order_phone", "sales_order")
    op.drop_column("sales_order", "contact_phone_index")
