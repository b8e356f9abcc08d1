"""A version of the policy that was agreed to is called off before it begins: a row beside it, for it is never edited."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

STAYS = "what attribution rests on is added to, never changed"
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    op.create_index(
        "ix_policy_version_moment", "policy_version", ["version", "valid_from"], unique=True
    )
    op.create_table(
        "policy_call_off",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", Instant(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("called_off_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "called_off_at < valid_from", name=op.f("ck_policy_call_off_before_it_begins")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_policy_call_off_with_a_reason")),
        sa.ForeignKeyConstraint(
            ["version", "valid_from"],
            ["policy_version.version", "policy_version.valid_from"],
            name=op.f("fk_policy_call_off_version"),
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_policy_call_off_staff_id")
        ),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_call_off")),
    )
    for verb in ("update", "delete"):
        _guard("policy_call_off", verb)


def downgrade() -> None:
    """The version before would decide by what was called off: such versions come before the first one."""
    called_off = sa.table("policy_call_off", sa.column("version"))
    versions = sa.table("policy_version", sa.column("version"), sa.column("valid_from", Instant()))
    found = [*op.get_bind().execute(sa.select(called_off.c.version)).scalars()]
    op.drop_table("policy_call_off")
    op.drop_index("ix_policy_version_moment", "policy_version")
    on = "" if op.get_bind().dialect.name == "sqlite" else " ON policy_version"
    op.execute(f"DROP TRIGGER policy_version_no_update{on}")
    for version in found:
        moment = BEFORE_ALL + timedelta(seconds=version)
        op.execute(versions.update().where(versions.c.version == version).values(valid_from=moment))
    _guard("policy_version", "update")


def _guard(table: str, verb: str) -> None:
    head = f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"{head} BEGIN SELECT RAISE(ABORT, '{STAYS}'); END")
    else:
        op.execute(f"{head} FOR EACH ROW EXECUTE FUNCTION attribution_refuse()")
