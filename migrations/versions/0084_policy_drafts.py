"""The attribution policy is changed by two persons: one writes a draft, another makes it a version."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0084"
down_revision = "0083"
branch_labels = None
depends_on = None

WAITING = sa.text("verdict IS NULL")
APPROVED = sa.text("verdict = 'approved'")
# What was asked for is decided on once; until then nobody makes something else of it.
ASKED = ("version", "valid_from", "reason", "drafted_by", "drafted_at")
CHANGED = " OR ".join(
    (
        *(f"NEW.{column} <> OLD.{column}" for column in ASKED),
        "CAST(NEW.settings AS text) <> CAST(OLD.settings AS text)",
    )
)
GUARDS = {
    "update": f"WHEN (OLD.verdict IS NOT NULL OR {CHANGED})",
    "delete": "",
}


def upgrade() -> None:
    op.create_table(
        "policy_draft",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("drafted_by", BigId, nullable=False),
        sa.Column("drafted_at", Instant(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("note", sa.String(length=200), server_default="", nullable=False),
        sa.Column("decided_by", BigId, nullable=True),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "(decided_by = drafted_by) = (verdict = 'withdrawn')",
            name=op.f("ck_policy_draft_second_person"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (verdict IS NULL) AND (decided_by IS NULL) = (verdict IS NULL)",
            name=op.f("ck_policy_draft_decided"),
        ),
        sa.CheckConstraint(
            "verdict IS NULL OR verdict = 'withdrawn' OR note <> ''",
            name=op.f("ck_policy_draft_with_a_reason"),
        ),
        *(
            sa.ForeignKeyConstraint([column], ["staff.id"], name=op.f(f"fk_policy_draft_{column}"))
            for column in ("drafted_by", "decided_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_draft")),
    )
    for name, where in (("waiting", WAITING), ("approved", APPROVED)):
        op.create_index(
            f"ix_policy_draft_{name}",
            "policy_draft",
            ["version"],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )
    for verb, when in GUARDS.items():
        _guard(verb, when)


def downgrade() -> None:
    """The version before knows of none; what became a version of the policy stays one."""
    op.drop_table("policy_draft")


def _guard(verb: str, when: str) -> None:
    head = f"CREATE TRIGGER policy_draft_no_{verb} BEFORE {verb} ON policy_draft"
    if op.get_bind().dialect.name == "sqlite":
        refuse = "SELECT RAISE(ABORT, 'what was decided on a draft of the policy stays');"
        op.execute(f"{head} {when} BEGIN {refuse} END")
    else:
        op.execute(f"{head} FOR EACH ROW {when} EXECUTE FUNCTION attribution_refuse()")
