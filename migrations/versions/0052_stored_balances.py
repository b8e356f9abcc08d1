"""Balances of accounts are stored; a trigger notes what they do not have yet. Indexes for a rep's days.

Postings wait until the balances of before are added up: some seconds a million orders.
"""

import sqlalchemy as sa
from alembic import op

from wx_backend.db import BigId

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

NOTE = "INSERT INTO posting_delta (posting_id) VALUES (NEW.id) ON CONFLICT DO NOTHING"
BEFORE = (
    "INSERT INTO account_balance (account_id, balance_fen)"
    " SELECT account_id, sum(amount_fen) FROM entry GROUP BY account_id"
)
NEW = (
    ("ix_accrual_accrued", "accrual", ["accrued_at", "id"]),
    ("ix_commission_rep", "commission", ["rep_id", "accrual_id"]),
)
OLD = (("ix_commission_rep_id", "commission", ["rep_id"]),)


def upgrade() -> None:
    _replace(OLD, NEW)
    for table, column, more in (
        ("posting_delta", "posting", ()),
        (
            "account_balance",
            "account",
            (sa.Column("balance_fen", sa.BigInteger(), nullable=False),),
        ),
    ):
        op.create_table(
            table,
            sa.Column(f"{column}_id", BigId, autoincrement=False, nullable=False),
            *more,
            sa.ForeignKeyConstraint(
                [f"{column}_id"], [f"{column}.id"], name=op.f(f"fk_{table}_{column}_id")
            ),
            sa.PrimaryKeyConstraint(f"{column}_id", name=op.f(f"pk_{table}")),
        )
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"CREATE TRIGGER posting_counted AFTER INSERT ON posting BEGIN {NOTE}; END")
    else:
        op.execute("SET LOCAL statement_timeout = 0")
        op.execute(
            "CREATE FUNCTION posting_counted() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN {NOTE}; RETURN NULL; END $$"
        )
        op.execute(
            "CREATE TRIGGER posting_counted AFTER INSERT ON posting"
            " FOR EACH ROW EXECUTE FUNCTION posting_counted()"
        )
    op.execute(BEFORE)


def downgrade() -> None:
    _replace(NEW, OLD)  # first: it can be made again, whatever breaks it off
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER posting_counted{'' if is_sqlite else ' ON posting'}")
    if not is_sqlite:
        op.execute("DROP FUNCTION posting_counted()")
    op.drop_table("account_balance")
    op.drop_table("posting_delta")


def _replace(
    old: tuple[tuple[str, str, list[str]], ...], new: tuple[tuple[str, str, list[str]], ...]
) -> None:
    """On PostgreSQL beside trade, with all the time it takes; what a broken-off build left goes first."""
    if op.get_bind().dialect.name == "sqlite":
        for name, table, columns in new:
            op.create_index(name, table, columns)
        for name, table, _ in old:
            op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"SET {limit} = 0")
        for name, table, columns in new:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.create_index(name, table, columns, postgresql_concurrently=True)
        for name, *_ in old:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        for limit in ("statement_timeout", "lock_timeout"):
            op.execute(f"RESET {limit}")
