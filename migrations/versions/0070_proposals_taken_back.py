"""Whoever proposed a refund, its other way, a change of rates or a batch takes it back himself.

SQLite makes no table anew that others refer to: there the rule is exchanged in what it keeps of the
table's text, as its own guide to ALTER TABLE says for rules that change no row.
"""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

TWO = "decided_by <> proposed_by"
TWO_OR_REJECTED = "status = 'rejected' OR decided_by IS NULL OR decided_by <> proposed_by"
TWO_OR_WITHDRAWN = "(decided_by = proposed_by) = (status = 'withdrawn')"
NONE = "TRUE"

RULES = (
    ("refund_proposal", "ck_refund_proposal_second_person", TWO),
    ("way_out", "ck_way_out_second_person", TWO),
    ("rate_proposal", "ck_rate_proposal_second_person", TWO),
    ("payout_batch", "ck_payout_batch_two_people", TWO_OR_REJECTED),
)
WITHDRAWN = "withdrawn"

payout = sa.table("payout", sa.column("batch_id"), sa.column("status"))
batch = sa.table("payout_batch", *map(sa.column, ("id", "status", "proposed_by", "decided_by")))
preview = sa.table("rate_preview", sa.column("id"), sa.column("proposal_id"))
preview_line = sa.table("preview_line", sa.column("preview_id"))


def upgrade() -> None:
    """A batch that was rejected by who proposed it was taken back."""
    for table, name, rule in RULES:
        _exchange(table, name, rule, NONE)
    _call_own_batches(old="rejected", new=WITHDRAWN)
    for table, name, _ in RULES:
        _exchange(table, name, NONE, TWO_OR_WITHDRAWN)


def downgrade() -> None:
    """The version before knows it of batches alone; the others are as if they had never been asked."""
    for table, name, _ in RULES:
        _exchange(table, name, TWO_OR_WITHDRAWN, NONE)
    _call_own_batches(old=WITHDRAWN, new="rejected")
    rates, refunds, ways = (
        sa.table(name, sa.column("id"), sa.column("status"))
        for name in ("rate_proposal", "refund_proposal", "way_out")
    )
    gone = sa.select(rates.c.id).where(rates.c.status == WITHDRAWN)
    previews = sa.select(preview.c.id).where(preview.c.proposal_id.in_(gone))
    op.execute(sa.delete(preview_line).where(preview_line.c.preview_id.in_(previews)))
    op.execute(sa.delete(preview).where(preview.c.proposal_id.in_(gone)))
    for rows in (rates, refunds, ways):
        op.execute(sa.delete(rows).where(rows.c.status == WITHDRAWN))
    for table, name, rule in RULES:
        _exchange(table, name, NONE, rule)


def _call_own_batches(*, old: str, new: str) -> None:
    own = (batch.c.status == old, batch.c.decided_by == batch.c.proposed_by)
    theirs = payout.c.batch_id.in_(sa.select(batch.c.id).where(*own))
    op.execute(sa.update(payout).where(theirs, payout.c.status == old).values(status=new))
    op.execute(sa.update(batch).where(*own).values(status=new))


def _exchange(table: str, name: str, old: str, new: str) -> None:
    """Hold a table to another rule under the same name."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    said, says = (f"CONSTRAINT {name} CHECK ({rule})" for rule in (old, new))
    connection = op.get_bind()
    connection.exec_driver_sql("PRAGMA writable_schema=ON")
    found = connection.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :said, :says)"
            " WHERE type = 'table' AND name = :name AND instr(sql, :said) > 0"
        ),
        {"said": said, "says": says, "name": table},
    )
    if found.rowcount != 1:
        raise RuntimeError(f"{table} is not held to {said}")
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema=RESET")
