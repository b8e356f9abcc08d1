"""A dispute can be upheld: two persons give a line's credit to another rep, beside the attribution."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

WAITING = sa.text("verdict IS NULL")
APPROVED = sa.text("verdict = 'approved'")
# What was asked for is decided on once; until then nobody makes something else of it.
ASKED = (
    *("dispute_id", "order_line_id", "from_rep_id", "to_rep_id", "reason", "asked_by"),
    "asked_at",
)
CHANGED = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in ASKED)
GUARDS = {
    "update": f"WHEN (OLD.verdict IS NOT NULL OR {CHANGED})",
    "delete": "",
}


def upgrade() -> None:
    op.create_table(
        "reassignment",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("dispute_id", BigId, nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("from_rep_id", BigId, nullable=False),
        sa.Column("to_rep_id", BigId, nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=40), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("moved_fen", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("from_rep_id <> to_rep_id", name=op.f("ck_reassignment_two")),
        sa.CheckConstraint(
            "(decided_by = asked_by) = (verdict = 'withdrawn')",
            name=op.f("ck_reassignment_second_person"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name=op.f("ck_reassignment_decided"),
        ),
        sa.CheckConstraint(
            "(moved_fen IS NULL) = (verdict IS NULL OR verdict <> 'approved')",
            name=op.f("ck_reassignment_moved"),
        ),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_reassignment_{column}")
            )
            for column, table in (
                ("dispute_id", "dispute"),
                ("order_line_id", "order_line"),
                ("from_rep_id", "rep"),
                ("to_rep_id", "rep"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reassignment")),
    )
    _index("ix_reassignment_waiting", "order_line_id", WAITING)
    _index("ix_reassignment_approved", "dispute_id", APPROVED)
    op.create_index("ix_reassignment_line", "reassignment", ["order_line_id"])
    op.create_index("ix_reassignment_dispute", "reassignment", ["dispute_id"])
    for verb, when in GUARDS.items():
        _guard(verb, when)


def downgrade() -> None:
    """The version before knows of none; what moved by them stays in the books and with the commission."""
    op.drop_table("reassignment")


def _index(name: str, column: str, where: sa.TextClause) -> None:
    op.create_index(
        name, "reassignment", [column], unique=True, sqlite_where=where, postgresql_where=where
    )


def _guard(verb: str, when: str) -> None:
    head = f"CREATE TRIGGER reassignment_no_{verb} BEFORE {verb} ON reassignment"
    if op.get_bind().dialect.name == "sqlite":
        refuse = "SELECT RAISE(ABORT, 'what was decided on a reassignment stays');"
        op.execute(f"{head} {when} BEGIN {refuse} END")
    else:
        op.execute(f"{head} FOR EACH ROW {when} EXECUTE FUNCTION attribution_refuse()")
