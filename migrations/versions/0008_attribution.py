"""Attributions, receipts, disputes; the first policy; and what was written down stays as it was."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIRST_POLICY = {
    "version": 1,
    "window_days": 30,
    "protection_days": 7,
    "split_developer_bp": 7000,
    "split_acceptor_bp": 3000,
    "flash_recent_minutes": 10,
    "overrides": [],
}
UNCHANGING = ("share", "touch", "attribution", "policy_version")

SQLITE_REFUSE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'what attribution rests on is added to, never changed'); END
"""
SQLITE_RECEIPT = """
CREATE TRIGGER receipt_no_update BEFORE UPDATE ON receipt
WHEN OLD.digest IS NOT NULL OR NEW.body <> OLD.body OR NEW.attribution_id <> OLD.attribution_id
BEGIN SELECT RAISE(ABORT, 'a receipt is only ever chained'); END
"""
POSTGRESQL_REFUSE = """
CREATE FUNCTION attribution_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what attribution rests on is added to, never changed: % of %',
        TG_OP, TG_TABLE_NAME USING ERRCODE = '23001';
END $$
"""
POSTGRESQL_RECEIPT = """
CREATE TRIGGER receipt_no_update BEFORE UPDATE ON receipt FOR EACH ROW
WHEN (OLD.digest IS NOT NULL OR NEW.body <> OLD.body OR NEW.attribution_id <> OLD.attribution_id)
EXECUTE FUNCTION attribution_refuse()
"""


def upgrade() -> None:
    _create_tables()
    _add_first_policy()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for table in UNCHANGING:
        for verb in ("update", "delete"):
            on = "" if is_sqlite else f" ON {table}"
            op.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    for table in ("receipt", "dispute", "attribution"):
        op.drop_table(table)
    if not is_sqlite:
        op.execute("DROP FUNCTION attribution_refuse()")
    op.execute("DELETE FROM policy_version WHERE version = 1")


def _add_first_policy() -> None:
    policies = sa.table(
        "policy_version",
        sa.column("version", sa.Integer),
        sa.column("settings", sa.JSON),
        sa.column("valid_from", Instant()),
        sa.column("note", sa.String),
    )
    first = {
        "version": 1,
        "settings": FIRST_POLICY,
        "valid_from": datetime(2000, 1, 1, tzinfo=UTC),
        "note": "first version",
    }
    op.bulk_insert(policies, [first])


def _guard_sqlite() -> None:
    for table in UNCHANGING:
        for verb in ("update", "delete"):
            op.execute(SQLITE_REFUSE.format(table=table, verb=verb))
    op.execute(SQLITE_REFUSE.format(table="receipt", verb="delete"))
    op.execute(SQLITE_RECEIPT)


def _guard_postgresql() -> None:
    op.execute(POSTGRESQL_REFUSE)
    for table in (*UNCHANGING, "receipt"):
        for verb in ("update", "delete"):
            if (table, verb) != ("receipt", "update"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}"
                    " FOR EACH ROW EXECUTE FUNCTION attribution_refuse()"
                )
    op.execute(POSTGRESQL_RECEIPT)


def _create_tables() -> None:
    op.create_table(
        "attribution",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("developer_rep_id", BigId, nullable=True),
        sa.Column("acceptor_rep_id", BigId, nullable=True),
        sa.Column("developer_bp", sa.Integer(), nullable=False),
        sa.Column("acceptor_bp", sa.Integer(), nullable=False),
        sa.Column("outlet_id", BigId, nullable=True),
        sa.Column("touch_id", BigId, nullable=True),
        sa.Column("share_id", BigId, nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acceptor_rep_id"], ["rep.id"], name=op.f("fk_attribution_acceptor_rep_id")
        ),
        sa.ForeignKeyConstraint(
            ["developer_rep_id"], ["rep.id"], name=op.f("fk_attribution_developer_rep_id")
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_attribution_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["outlet_id"], ["org_node.id"], name=op.f("fk_attribution_outlet_id")
        ),
        sa.ForeignKeyConstraint(
            ["policy_version"],
            ["policy_version.version"],
            name=op.f("fk_attribution_policy_version"),
        ),
        sa.ForeignKeyConstraint(["share_id"], ["share.id"], name=op.f("fk_attribution_share_id")),
        sa.ForeignKeyConstraint(["touch_id"], ["touch.id"], name=op.f("fk_attribution_touch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attribution")),
        sa.UniqueConstraint(
            "order_line_id", "version", name=op.f("uq_attribution_order_line_id_version")
        ),
    )
    with op.batch_alter_table("attribution", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attribution_developer", ["developer_rep_id", "decided_at"], unique=False
        )

    op.create_table(
        "dispute",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("order_line_id", BigId, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("touch_id", BigId, nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_line.id"], name=op.f("fk_dispute_order_line_id")
        ),
        sa.ForeignKeyConstraint(["touch_id"], ["touch.id"], name=op.f("fk_dispute_touch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("order_line_id", "key", name=op.f("uq_dispute_order_line_id_key")),
    )
    op.create_table(
        "receipt",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("attribution_id", BigId, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attribution_id"], ["attribution.id"], name=op.f("fk_receipt_attribution_id")
        ),
        sa.CheckConstraint(
            "(position IS NULL) = (digest IS NULL)", name=op.f("ck_receipt_chained")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt")),
        sa.UniqueConstraint("attribution_id", name=op.f("uq_receipt_attribution_id")),
        sa.UniqueConstraint("number", name=op.f("uq_receipt_number")),
        sa.UniqueConstraint("position", name=op.f("uq_receipt_position")),
    )
