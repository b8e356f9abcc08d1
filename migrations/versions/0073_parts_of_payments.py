"""What is above the limit of a single transfer is paid in parts, each a payout of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

PROPOSED = sa.text("status = 'proposed'")
ONE = {"uq_payout_batch_id_receiver_id": "UNIQUE (batch_id, receiver_id)"}
PARTS = {
    "uq_payout_batch_id_receiver_id_part": "UNIQUE (batch_id, receiver_id, part)",
    "ck_payout_part": "CHECK (part BETWEEN 1 AND parts)",
}
# The version before would take the first part of a payment for all of it.
GIVE_BACK = (
    "UPDATE payout SET status = 'left_out', reason = '程序退回旧版本，请重新提出'"
    " WHERE status = 'proposed' AND parts > 1"
)

# What was split before the version before was here for a while.
COUNT_AGAIN = """
UPDATE payout SET
    part = (
        SELECT count(*) FROM payout AS twin
        WHERE twin.batch_id = payout.batch_id AND twin.receiver_id = payout.receiver_id
            AND twin.id <= payout.id
    ),
    parts = (
        SELECT count(*) FROM payout AS twin
        WHERE twin.batch_id = payout.batch_id AND twin.receiver_id = payout.receiver_id
    )
WHERE EXISTS (
    SELECT 1 FROM payout AS twin
    WHERE twin.batch_id = payout.batch_id AND twin.receiver_id = payout.receiver_id
        AND twin.id <> payout.id
)
"""


def upgrade() -> None:
    for name in ("part", "parts"):
        column = sa.Column(name, sa.Integer(), nullable=False, server_default="1")
        op.add_column("payout", column)
    op.execute(COUNT_AGAIN)
    _hold_to(PARTS, ONE)
    _undecided(["receiver_id", "part"])


def downgrade() -> None:
    """What was paid in parts stays so; as long as it is there, the rule of one each is not."""
    op.execute(GIVE_BACK)
    is_split = op.get_bind().scalar(sa.text("SELECT 1 FROM payout WHERE parts > 1 LIMIT 1"))
    _hold_to({} if is_split else ONE, PARTS)
    _undecided(["receiver_id"])
    for name in ("parts", "part"):
        op.drop_column("payout", name)


def _undecided(columns: list[str]) -> None:
    """A receiver waits in one undecided batch only."""
    op.drop_index("uq_payout_undecided", "payout")
    op.create_index(
        "uq_payout_undecided",
        "payout",
        columns,
        unique=True,
        sqlite_where=PROPOSED,
        postgresql_where=PROPOSED,
    )


def _hold_to(rules: dict[str, str], instead_of: dict[str, str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _write_anew(_said(rules), _said(instead_of))
        return
    for name in instead_of:
        op.execute(f"ALTER TABLE payout DROP CONSTRAINT IF EXISTS {name}")
    for name, rule in rules.items():
        op.execute(f"ALTER TABLE payout ADD CONSTRAINT {name} {rule}")


def _said(rules: dict[str, str]) -> str:
    return "".join(f", CONSTRAINT {name} {rule}" for name, rule in rules.items())


def _write_anew(rules: str, instead_of: str) -> None:
    """The table as it was but for its rules; who refers to it finds every row again at the end."""
    op.execute("PRAGMA defer_foreign_keys=ON")
    made, *beside = op.get_bind().scalars(
        sa.text(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'payout' AND sql IS NOT NULL"
            " ORDER BY type <> 'table', name"
        )
    )
    plain = " ".join(made.split()).replace(instead_of, "")
    op.execute("CREATE TABLE payout_before AS SELECT * FROM payout")
    op.execute("DROP TABLE payout")
    op.execute(f"{plain[:-1]}{rules})")
    op.execute("INSERT INTO payout SELECT * FROM payout_before")
    op.execute("DROP TABLE payout_before")
    for each in beside:
        op.execute(each)
