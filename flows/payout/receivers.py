"""Who may be paid, and by which WeChat identity; whoever may not is left out with a reason."""

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from ledger.models import OwnerKind
from members.queries import identity_at, member_ids_of
from org.models import OrgNode, Rep, RepStatus
from org.queries import ancestors, member_of_rep, under
from referral.farming.queries import is_held as is_looked_into
from settlement.payouts.models import PayoutReceiver, Rail
from settlement.payouts.proposals import Candidate
from settlement.payouts.queries import free_balances, undecided
from settlement.payouts.rules import (
    Limits,
    Terms,
    amounts_of,
    no_transfer,
    too_little,
    transfers_for,
)
from wx_backend import platform
from wx_backend.db import db
from wx_backend.stops import stopped_places

DISABLED = "员工已停用，款项暂扣"
STOPPED = "所在地已停止发放"
LOOKED_INTO = "推广核查中，暂缓发放"


def candidates(node_id: int, rail: Rail, terms: Terms) -> list[Candidate]:
    """Everybody at or below a node with free money, and why some of them are left out."""
    free, waiting = free_balances(), undecided()
    found = []
    for candidate in (*_reps(node_id, free, terms), *_nodes(node_id, free, terms)):
        number = waiting.get((candidate.owner_kind, candidate.owner_id))
        reason = f"已在批次 {number} 中" if number else _reason(candidate, rail, terms)
        reason = reason or (STOPPED if is_held(candidate) else "")
        found.append(replace(candidate, reason=reason, parts=_parts(candidate, rail, reason)))
    return found


def blocked(receiver: PayoutReceiver, rail: Rail) -> str:
    """Why a receiver must be left out this moment; empty when he may be paid.

    Finance's file cannot be called back: where pay-outs are stopped nobody gets on it. A transfer
    is held instead, before WeChat Pay is asked.
    """
    if rail is Rail.FILE and is_held(receiver):
        return STOPPED
    if receiver.owner_kind != OwnerKind.REP:
        return ""
    return _reps_reason(_rep(receiver.owner_id), rail)


def waits(receiver: PayoutReceiver) -> bool:
    """Whether WeChat Pay is not to be asked for a transfer now: his place is stopped, or he is looked into."""
    is_rep = receiver.owner_kind == OwnerKind.REP
    return is_held(receiver) or (is_rep and is_looked_into(receiver.owner_id))


def is_held(receiver: PayoutReceiver | Candidate) -> bool:
    """Whether pay-outs are stopped where a receiver works, or where it is."""
    if not stopped_places():
        return False
    is_rep = receiver.owner_kind == OwnerKind.REP
    return is_place_held(_rep(receiver.owner_id).outlet_id if is_rep else receiver.owner_id)


def is_place_held(node_id: int) -> bool:
    """Whether pay-outs are stopped at a place, or above it."""
    return not stopped_places().keys().isdisjoint(ancestors(node_id).values())


def identity_for(rep_id: int) -> int | None:
    """The WeChat identity a rep is paid at: his person's, at the first account that knows him."""
    member_id = member_of_rep(rep_id)
    if member_id is None:
        return None
    people = member_ids_of(member_id)
    found = (identity_at(people, account.appid) for account in platform.config().accounts)
    return next((identity_id for identity_id in found if identity_id is not None), None)


def limits() -> Limits:
    """What WeChat Pay transfers to one person, as granted."""
    pay = platform.config().pay
    return Limits(pay.transfer_limit_fen, pay.transfer_day_limit_fen) if pay else Limits(0, 0)


def _reason(candidate: Candidate, rail: Rail, terms: Terms) -> str:
    if candidate.owner_kind == OwnerKind.REP:
        reason = _reps_reason(db.session.get_one(Rep, candidate.owner_id), rail)
    else:
        reason = "" if rail is Rail.FILE else "机构只能由财务付款"
    reason = reason or too_little(candidate.amounts, terms)
    if not reason and rail is Rail.TRANSFER:
        reason = no_transfer(candidate.amounts.net_fen, limits())
    return reason


def _rep(rep_id: int) -> Rep:
    """The rep as he stands now."""
    return db.session.get_one(Rep, rep_id, populate_existing=True)


def _reps_reason(rep: Rep, rail: Rail) -> str:
    if rep.status == RepStatus.DISABLED:
        return DISABLED
    if is_looked_into(rep.id):
        return LOOKED_INTO
    if rail is Rail.TRANSFER and identity_for(rep.id) is None:
        return "未绑定微信"
    return ""


def _reps(
    node_id: int, free: dict[tuple[OwnerKind, int], int], terms: Terms
) -> Iterator[Candidate]:
    rows = db.session.execute(
        select(Rep, OrgNode.name)
        .join(OrgNode, OrgNode.id == Rep.outlet_id)
        .where(Rep.outlet_id.in_(under(node_id)))
        .order_by(OrgNode.code, Rep.number)
    )
    for rep, outlet in rows:
        fen = free.get((OwnerKind.REP, rep.id))
        if fen:
            yield Candidate(
                OwnerKind.REP, rep.id, rep.number, rep.name, outlet, amounts_of(fen, terms)
            )


def _nodes(
    node_id: int, free: dict[tuple[OwnerKind, int], int], terms: Terms
) -> Iterator[Candidate]:
    rows = db.session.scalars(
        select(OrgNode).where(OrgNode.id.in_(under(node_id))).order_by(OrgNode.code)
    )
    for node in rows:
        fen = free.get((OwnerKind.ORG_NODE, node.id))
        if fen:
            amounts = amounts_of(fen, terms)
            yield Candidate(OwnerKind.ORG_NODE, node.id, node.code, node.name, node.name, amounts)


def _parts(candidate: Candidate, rail: Rail, reason: str) -> int:
    """In how many transfers his money leaves; a file pays any amount at once."""
    if reason or rail is not Rail.TRANSFER:
        return 1
    return transfers_for(candidate.amounts.net_fen, limits())
