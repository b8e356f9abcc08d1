"""A WeChat reported lost is let in again by the same two persons: a claim may lift another one."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

OPEN = sa.text("verdict IS NULL")
FOREIGN, RULE = "fk_member_claim_lifts_id", "ck_member_claim_lifts"


def upgrade() -> None:
    op.drop_index("ix_member_claim_open", table_name="member_claim")
    with op.batch_alter_table("member_claim") as batch:
        batch.add_column(
            sa.Column("kind", sa.String(length=8), server_default="lost", nullable=False)
        )
        batch.add_column(sa.Column("lifts_id", BigId, nullable=True))
        batch.create_foreign_key(op.f(FOREIGN), "member_claim", ["lifts_id"], ["id"])
        batch.create_check_constraint(op.f(RULE), "(kind = 'lost') = (lifts_id IS NULL)")
    _index()


def downgrade() -> None:
    """The version before knows no such claim. What was lifted stays so."""
    rows = sa.table("member_claim", sa.column("lifts_id"))
    op.execute(sa.delete(rows).where(rows.c.lifts_id.is_not(None)))
    op.drop_index("ix_member_claim_open", table_name="member_claim")
    with op.batch_alter_table("member_claim") as batch:
        batch.drop_constraint(op.f(RULE), type_="check")
        batch.drop_constraint(op.f(FOREIGN), type_="foreignkey")
        batch.drop_column("lifts_id")
        batch.drop_column("kind")
    _index()


def _index() -> None:
    op.create_index(
        "ix_member_claim_open",
        "member_claim",
        ["old_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
