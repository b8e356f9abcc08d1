"""The ledger, and the triggers that keep it balanced and unchanged."""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId, Instant
from wx_backend.money import FEN_MAX

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

UNCHANGING = ("account", "posting", "entry")

# Two statements and no ON CONFLICT: inside a trigger SQLite would follow the outer statement's.
SQLITE_SUM = """
CREATE TRIGGER entry_sum AFTER INSERT ON entry BEGIN
    UPDATE posting_sum
    SET total_fen = (SELECT sum(amount_fen) FROM entry WHERE posting_id = NEW.posting_id),
        entries = (SELECT count(*) FROM entry WHERE posting_id = NEW.posting_id)
    WHERE posting_id = NEW.posting_id;
    INSERT INTO posting_sum (posting_id, total_fen, entries)
    SELECT NEW.posting_id, NEW.amount_fen, 1
    WHERE NOT EXISTS (SELECT 1 FROM posting_sum WHERE posting_id = NEW.posting_id);
END
"""

SQLITE_TRUE_SUM = """
CREATE TRIGGER posting_sum_{verb} BEFORE {verb} ON posting_sum
WHEN NEW.total_fen IS NOT (SELECT sum(amount_fen) FROM entry WHERE posting_id = NEW.posting_id)
    OR NEW.entries <> (SELECT count(*) FROM entry WHERE posting_id = NEW.posting_id)
BEGIN SELECT RAISE(ABORT, 'posting_sum tells what the entries say'); END
"""

SQLITE_REFUSE = """
CREATE TRIGGER {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the ledger is added to, never changed'); END
"""

# INSERT OR REPLACE deletes without firing a DELETE trigger.
SQLITE_NO_REPLACE = """
CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the ledger is added to, never changed'); END
"""

# The functions that write posting_sum run with the rights of the schema's owner, so that the
# role of the service needs none there; pg_temp comes last so that no temporary table hides ours.
POSTGRESQL_SUM = """
CREATE FUNCTION ledger_keep_sum() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
BEGIN
    INSERT INTO posting_sum (posting_id, total_fen, entries)
    SELECT posting_id, sum(amount_fen), count(*) FROM entry
    WHERE posting_id IN (SELECT posting_id FROM added) GROUP BY posting_id
    ON CONFLICT (posting_id)
    DO UPDATE SET total_fen = excluded.total_fen, entries = excluded.entries;
    RETURN NULL;
END $$
"""

POSTGRESQL_TRUE_SUM = """
CREATE FUNCTION ledger_true_sum() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
BEGIN
    IF NEW.total_fen IS DISTINCT FROM
        (SELECT sum(amount_fen) FROM entry WHERE posting_id = NEW.posting_id)
        OR NEW.entries <> (SELECT count(*) FROM entry WHERE posting_id = NEW.posting_id) THEN
        RAISE EXCEPTION 'posting_sum tells what the entries say' USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$
"""

POSTGRESQL_REFUSE = """
CREATE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is added to, never changed: % of %', TG_OP, TG_TABLE_NAME
        USING ERRCODE = '23001';
END $$
"""


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    for table in ("entry", "posting", "posting_sum", "account"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for function in ("ledger_keep_sum", "ledger_true_sum", "ledger_refuse"):
            op.execute(f"DROP FUNCTION {function}()")


def _create_tables() -> None:
    op.create_table(
        "account",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("owner_kind", sa.String(length=12), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.CheckConstraint("currency = 'CNY'", name=op.f("ck_account_currency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "kind",
            "owner_kind",
            "owner_id",
            "currency",
            name=op.f("uq_account_kind_owner_kind_owner_id_currency"),
        ),
    )
    op.create_index("ix_account_owner", "account", ["owner_kind", "owner_id"])
    op.create_table(
        "posting_sum",
        sa.Column("posting_id", BigId, autoincrement=False, nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("posting_id", name=op.f("pk_posting_sum")),
        sa.UniqueConstraint(
            "posting_id",
            "total_fen",
            "entries",
            name=op.f("uq_posting_sum_posting_id_total_fen_entries"),
        ),
    )
    op.create_table(
        "posting",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("memo", sa.String(length=200), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("business_on", sa.Date(), nullable=False),
        sa.Column("reverses_id", BigId, nullable=True),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.CheckConstraint("total_fen = 0", name=op.f("ck_posting_balanced")),
        sa.CheckConstraint("entries >= 2", name=op.f("ck_posting_entries")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["posting.id"], name=op.f("fk_posting_reverses_id")
        ),
        sa.ForeignKeyConstraint(
            ["id", "total_fen", "entries"],
            ["posting_sum.posting_id", "posting_sum.total_fen", "posting_sum.entries"],
            name="fk_posting_sum",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint("key", name=op.f("uq_posting_key")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_posting_reverses_id")),
    )
    op.create_index("ix_posting_business_on", "posting", ["business_on"])
    op.create_table(
        "entry",
        sa.Column("id", BigId, sa.Identity(always=False), nullable=False),
        sa.Column("posting_id", BigId, nullable=False),
        sa.Column("account_id", BigId, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_entry_amount")),
        sa.CheckConstraint(
            f"amount_fen BETWEEN -{FEN_MAX} AND {FEN_MAX}", name=op.f("ck_entry_limit")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_entry_account_id")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_entry_posting_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
    )
    op.create_index("ix_entry_account", "entry", ["account_id", "posting_id", "amount_fen"])
    op.create_index(op.f("ix_entry_posting_id"), "entry", ["posting_id"])


def _guard_sqlite() -> None:
    op.execute(SQLITE_SUM)
    for verb in ("insert", "update"):
        op.execute(SQLITE_TRUE_SUM.format(verb=verb))
    op.execute(SQLITE_REFUSE.format(table="posting_sum", verb="delete"))
    for table in UNCHANGING:
        for verb in ("update", "delete"):
            op.execute(SQLITE_REFUSE.format(table=table, verb=verb))
        op.execute(SQLITE_NO_REPLACE.format(table=table))


def _guard_postgresql() -> None:
    schema = op.get_bind().scalar(sa.text("SELECT quote_ident(current_schema())"))
    op.execute(POSTGRESQL_SUM.format(schema=schema))
    op.execute(POSTGRESQL_TRUE_SUM.format(schema=schema))
    op.execute(POSTGRESQL_REFUSE)
    op.execute(
        "CREATE TRIGGER entry_sum AFTER INSERT ON entry REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_keep_sum()"
    )
    op.execute(
        "CREATE TRIGGER posting_sum_true BEFORE INSERT OR UPDATE ON posting_sum"
        " FOR EACH ROW EXECUTE FUNCTION ledger_true_sum()"
    )
    _refuse_postgresql("posting_sum", "DELETE OR TRUNCATE")
    for table in UNCHANGING:
        _refuse_postgresql(table, "UPDATE OR DELETE OR TRUNCATE")


def _refuse_postgresql(table: str, verbs: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_unchanged BEFORE {verbs} ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse()"
    )
