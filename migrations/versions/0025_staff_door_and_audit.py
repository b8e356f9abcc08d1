"""Staff change given passwords and carry an authenticator; an audit trail that is only added to."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SQLITE_REFUSE = """
CREATE TRIGGER audit_entry_no_{verb} BEFORE {verb} ON audit_entry
BEGIN SELECT RAISE(ABORT, 'the audit trail is only added to'); END
"""
POSTGRESQL_REFUSE = """
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only added to: %', TG_OP USING ERRCODE = '23001';
END $$
"""


def upgrade() -> None:
    op.add_column(
        "staff",
        sa.Column("must_change_password", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    for name, length in (("address", 45), ("agent", 200)):
        op.add_column(
            "staff_session",
            sa.Column(name, sa.String(length=length), nullable=False, server_default=""),
        )
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("update", "delete"):
            op.execute(SQLITE_REFUSE.format(verb=verb))
    else:
        op.execute(POSTGRESQL_REFUSE)
        op.execute(
            "CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE OR DELETE OR TRUNCATE"
            " ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
        )


def downgrade() -> None:
    for table in ("audit_entry", "recovery_code", "staff_factor"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION audit_refuse()")
    op.drop_column("staff_session", "agent")
    op.drop_column("staff_session", "address")
    op.drop_column("staff", "must_change_password")


def _create_tables() -> None:
    op.create_table(
        "staff_factor",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_factor_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_factor")),
        sa.UniqueConstraint("staff_id", name=op.f("uq_staff_factor_staff_id")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("staff_id", BigId, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("staff_id", "digest", name=op.f("uq_recovery_code_staff_id_digest")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("node_id", BigId, nullable=True),
        sa.Column("what", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("request_id", sa.String(length=16), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index(op.f("ix_audit_entry_at"), "audit_entry", ["at"], unique=False)
    op.create_index("ix_audit_entry_node_id", "audit_entry", ["node_id", "id"], unique=False)
