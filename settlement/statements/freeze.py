"""Freezing a month: statement after statement, from reps up to provinces, then the seal over all."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import func, insert, select

from ledger.models import OwnerKind
from org.models import OrgNode, OrgPath, Rep, Tier
from settlement.periods import previous_period
from settlement.statements.content import (
    GENESIS,
    NOTHING,
    Content,
    Member,
    Owner,
    Sums,
    digest_of,
    sums_of,
)
from settlement.statements.models import (
    AccountingPeriod,
    PeriodStatus,
    Statement,
    StatementLine,
    StatementOwner,
)
from settlement.statements.movements import (
    Balance,
    Line,
    balances_before,
    count_owners,
    entries_between,
    lines_between,
    owners_after,
)
from settlement.statements.queries import last_digests, sums_in
from wx_backend.db import db, locked
from wx_backend.numbers import new_number
from wx_backend.strict import dumps

STATEMENT: Final = "ST"
AT_ONCE: Final = 200
SEAL: Final = "seal"
STAGES: Final = (*StatementOwner, SEAL)
_TIERS: Final = {
    StatementOwner.OUTLET: Tier.OUTLET,
    StatementOwner.CITY: Tier.CITY,
    StatementOwner.PROVINCE: Tier.PROVINCE,
}


@dataclass(frozen=True, slots=True)
class ChainHead:
    """Where another chain stood when the month was closed."""

    position: int
    digest: bytes


def expected_statements() -> int:
    """About how many statements a closing makes: for showing progress."""
    nodes = select(func.count(OrgNode.id)).where(OrgNode.tier.in_(_TIERS.values()))
    return count_owners(OwnerKind.REP) + (db.session.scalar(nodes) or 0)


def freeze_some(*, period_id: int, now: datetime) -> bool:
    """Freeze the next batch of a closing month; False when only the seal is left.

    The batch and how far it brought us are one transaction, so a repeat goes on from there.
    """
    period = locked(select(AccountingPeriod).where(AccountingPeriod.id == period_id))
    if period is None or period.status != PeriodStatus.CLOSING or period.stage == SEAL:
        return False
    stage = StatementOwner(period.stage)
    ids = _ids_after(stage, period.cursor)
    _freeze(period, stage, _owners(stage, ids), now)
    period.done += len(ids)
    if len(ids) == AT_ONCE:
        period.cursor = ids[-1]
    else:
        period.stage, period.cursor = STAGES[STAGES.index(stage) + 1], 0
    db.session.flush()
    return period.stage != SEAL


def seal(*, period_id: int, receipts: ChainHead, now: datetime) -> bool:
    """Close a month all of which is frozen; False when it is not there yet or was done before."""
    period = locked(select(AccountingPeriod).where(AccountingPeriod.id == period_id))
    if period is None or period.status != PeriodStatus.CLOSING or period.stage != SEAL:
        return False
    content = seal_content(period, receipts)
    period.seal = dumps(content).decode()
    period.root = sha256(period.seal.encode()).digest()
    period.status, period.closed_at = PeriodStatus.CLOSED, now
    db.session.flush()
    return True


def seal_content(period: AccountingPeriod, receipts: ChainHead) -> dict[str, Any]:
    """What the root of a month covers, as the database says now."""
    before = previous_period(period)
    statements, statements_digest = statements_seal(period.id)
    entries, entries_digest = entries_seal(period)
    return {
        "month": period.month,
        "previous": ((before and before.root) or GENESIS).hex(),
        "statements": statements,
        "statements_digest": statements_digest,
        "entries": entries,
        "entries_digest": entries_digest,
        "receipts": receipts.position,
        "receipts_digest": receipts.digest.hex(),
    }


def statements_seal(period_id: int) -> tuple[int, str]:
    """How many statements a month has, and the digest over all of theirs in order of number."""
    total, count = sha256(), 0
    digests = (
        select(Statement.digest).where(Statement.period_id == period_id).order_by(Statement.number)
    )
    for digest in db.session.scalars(digests.execution_options(yield_per=1_000)):
        total.update(digest)
        count += 1
    return count, total.hexdigest()


def entries_seal(period: AccountingPeriod) -> tuple[int, str]:
    """How many entries the ledger has in a month, and the digest over them."""
    total, count = sha256(), 0
    for entry in entries_between(period.first_on, period.last_on):
        total.update("|".join(entry).encode() + b"\n")
        count += 1
    return count, total.hexdigest()


def _ids_after(stage: StatementOwner, after_id: int) -> list[int]:
    """The next owners of a stage, by id."""
    if stage is StatementOwner.REP:
        return owners_after(OwnerKind.REP, after_id, AT_ONCE)
    nodes = select(OrgNode.id).where(OrgNode.tier == _TIERS[stage], OrgNode.id > after_id)
    return list(db.session.scalars(nodes.order_by(OrgNode.id).limit(AT_ONCE)))


def _owners(stage: StatementOwner, ids: Sequence[int]) -> list[Owner]:
    """What these owners are called today, and where they belong."""
    if stage is StatementOwner.REP:
        reps = db.session.scalars(select(Rep).where(Rep.id.in_(ids)).order_by(Rep.id))
        return [_rep(rep) for rep in reps]
    nodes = db.session.execute(
        select(OrgNode, _parent()).where(OrgNode.id.in_(ids)).order_by(OrgNode.id)
    )
    return [
        Owner(stage, node.id, node.code, node.name, node.id, parent_id) for node, parent_id in nodes
    ]


def _rep(rep: Rep) -> Owner:
    return Owner(StatementOwner.REP, rep.id, rep.number, rep.name, rep.outlet_id, rep.outlet_id)


def _parent() -> Any:
    """The node right above, through the closure."""
    return (
        select(OrgPath.ancestor_id)
        .where(OrgPath.descendant_id == OrgNode.id, OrgPath.depth == 1)
        .scalar_subquery()
    )


def _freeze(
    period: AccountingPeriod, stage: StatementOwner, owners: Sequence[Owner], now: datetime
) -> None:
    ids = [owner.id for owner in owners]
    account_owner = OwnerKind.REP if stage is StatementOwner.REP else OwnerKind.ORG_NODE
    opening = balances_before(account_owner, ids, period.first_on)
    lines = lines_between(account_owner, ids, period.first_on, period.last_on)
    members = {} if stage is StatementOwner.REP else _members(period.id, ids)
    previous = last_digests(stage, ids)
    for owner in owners:
        mine = lines.get(owner.id, [])
        parts = members.get(owner.id, [])
        own = sums_of(opening.get(owner.id, Balance()), mine)
        sums = sum((sums_in(part) for part in parts), own)
        if sums != NOTHING or mine or parts or owner.id in previous:
            content = Content(
                number=new_number(STATEMENT, on=period.last_on),
                month=period.month,
                owner=owner,
                sums=sums,
                lines=mine,
                members=[Member(part.number, part.digest) for part in parts],
            )
            _keep(period, content, previous.get(owner.id, GENESIS), now)


def _members(period_id: int, node_ids: Sequence[int]) -> Mapping[int, list[Statement]]:
    found: dict[int, list[Statement]] = defaultdict(list)
    rows = db.session.scalars(
        select(Statement)
        .where(Statement.period_id == period_id, Statement.parent_id.in_(node_ids))
        .order_by(Statement.owner_id)
    )
    for row in rows:
        found[row.parent_id or 0].append(row)
    return found


def _keep(period: AccountingPeriod, content: Content, previous: bytes, now: datetime) -> None:
    owner, sums = content.owner, content.sums
    statement = Statement(
        number=content.number,
        period_id=period.id,
        owner_kind=owner.kind,
        owner_id=owner.id,
        owner_number=owner.number,
        owner_name=owner.name,
        node_id=owner.node_id,
        parent_id=owner.parent_id,
        previous=previous,
        digest=digest_of(content, previous),
        frozen_at=now,
        **_columns(sums),
    )
    db.session.add(statement)
    db.session.flush()
    rows = [_line_row(statement.id, n, line) for n, line in enumerate(content.lines, 1)]
    if rows:
        db.session.execute(insert(StatementLine), rows)


def _columns(sums: Sums) -> dict[str, int]:
    return {
        "opening_held_fen": sums.opening.held_fen,
        "opening_free_fen": sums.opening.free_fen,
        "accrued_fen": sums.accrued_fen,
        "vested_fen": sums.vested_fen,
        "taken_back_fen": sums.taken_back_fen,
        "paid_fen": sums.paid_fen,
        "other_fen": sums.other_fen,
        "closing_held_fen": sums.closing.held_fen,
        "closing_free_fen": sums.closing.free_fen,
    }


def _line_row(statement_id: int, position: int, line: Line) -> dict[str, Any]:
    return {
        "statement_id": statement_id,
        "position": position,
        "business_on": line.business_on,
        "movement": line.movement,
        "reference": line.reference,
        "held_fen": line.held_fen,
        "free_fen": line.free_fen,
    }
