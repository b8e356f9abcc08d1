"""What reps write about their customers, the page a person saw last, and what came of a share."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_card",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("remark", sa.LargeBinary(), nullable=True),
        sa.Column("visit_on", sa.Date(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        *_references("customer_card", "identity", "rep"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_card")),
        sa.UniqueConstraint(
            "rep_id", "identity_id", name=op.f("uq_customer_card_rep_id_identity_id")
        ),
    )
    op.create_index("ix_customer_card_identity", "customer_card", ["identity_id"])
    op.create_index("ix_customer_card_visit", "customer_card", ["rep_id", "visit_on"])
    op.create_table(
        "customer_note",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("rep_id", BigId, nullable=False),
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("client_key", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("noted_at", Instant(), nullable=False),
        *_references("customer_note", "identity", "rep"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_note")),
        sa.UniqueConstraint(
            "rep_id", "client_key", name=op.f("uq_customer_note_rep_id_client_key")
        ),
    )
    op.create_index("ix_customer_note_identity", "customer_note", ["identity_id", "rep_id"])
    op.create_table(
        "page_seen",
        sa.Column("identity_id", BigId, nullable=False),
        sa.Column("subject", sa.String(length=12), nullable=False),
        sa.Column("subject_key", sa.String(length=32), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        *_references("page_seen", "identity"),
        sa.PrimaryKeyConstraint("identity_id", name=op.f("pk_page_seen")),
    )
    op.create_index("ix_attribution_share", "attribution", ["share_id"])


def downgrade() -> None:
    op.drop_index("ix_attribution_share", "attribution")
    for table in ("page_seen", "customer_note", "customer_card"):
        op.drop_table(table)


def _references(table: str, *others: str) -> list[sa.ForeignKeyConstraint]:
    return [
        sa.ForeignKeyConstraint(
            [f"{other}_id"], [f"{other}.id"], name=op.f(f"fk_{table}_{other}_id")
        )
        for other in others
    ]
