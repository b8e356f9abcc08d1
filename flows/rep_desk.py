"""Reps as the people above them see and change them: figures, binding, codes, leaving."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flows.tags.applying import something_happened_to_member
from insights.reps import ever_of_reps
from insights.values import RepFigures
from org import invites, reps
from org.models import Invite, OperatorIdentity, Rep, RepBinding
from org.queries import member_of_rep, node_of, rep_card, under
from org.reps import OperatorCodes
from org.roster import (
    RepFilter,
    binding_of,
    codes_of,
    names_of_nodes,
    open_invite,
    rep_within,
    reps_found,
)
from settlement.accruals import unblock
from settlement.debts import bear_debt
from settlement.figures import commission_by_rep
from settlement.queries import Income, income_of
from wx_backend.clock import business_on
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.outbox import defer

NOBODY = "pool"


class NotBound(Conflict):
    code, message = "not_bound", "该员工没有绑定微信"


class NoHeirNamed(BadInput):
    code, message = "no_heir_named", "请选择接手人，或选择归网点公共池"


@dataclass(frozen=True, slots=True)
class RepRow:
    """A rep with his figures; money in fen."""

    rep: Rep
    outlet_name: str
    figures: RepFigures
    commission_fen: int


@dataclass(frozen=True, slots=True)
class RepFile:
    """Everything the page of one rep shows."""

    row: RepRow
    income: Income
    binding: RepBinding | None
    invite: Invite | None
    codes: Sequence[OperatorIdentity]
    heir_name: str


def rep_rows(wanted: RepFilter, *, after: int = 0, limit: int) -> list[RepRow]:
    """The reps meant with their figures, by number."""
    return _with_figures(reps_found(wanted, after=after, limit=limit))


def rep_file(number: str, node_id: int, now: datetime) -> RepFile:
    """A rep of a node's subtree; NotFound for foreign as for missing ones."""
    rep = rep_of_scope(number, node_id)
    return RepFile(
        row=_with_figures([rep])[0],
        income=income_of(rep.id),
        binding=binding_of(rep.id),
        invite=open_invite(rep.id, now),
        codes=codes_of(rep.id),
        heir_name=rep_card(rep.heir_id).name if rep.heir_id is not None else "",
    )


def invite_rep(*, number: str, node_id: int, now: datetime) -> str:
    """A new invitation code for a rep; it is shown once."""
    return invites.create_invite(rep_id=rep_of_scope(number, node_id).id, now=now)


def release_rep(*, number: str, node_id: int, now: datetime) -> None:
    """End a rep's binding. Raises NotBound."""
    rep_id = rep_of_scope(number, node_id).id
    member_id = member_of_rep(rep_id)
    if member_id is None or not invites.unbind_rep(rep_id=rep_id, now=now):
        raise NotBound
    something_happened_to_member(member_id)


def pause_rep(*, number: str, node_id: int) -> None:
    """Take a rep's rights away at once."""
    rep_id = rep_of_scope(number, node_id).id
    reps.disable_rep(rep_id=rep_id)
    _tell_tag(member_of_rep(rep_id))


def resume_rep(*, number: str, node_id: int) -> None:
    """Give a disabled rep his rights back, and the commission that became due meanwhile."""
    rep_id = rep_of_scope(number, node_id).id
    reps.enable_rep(rep_id=rep_id)
    _tell_tag(member_of_rep(rep_id))
    defer(unblock, rep_id=rep_id)


def rep_leaves(*, number: str, node_id: int, heir: str, now: datetime) -> None:
    """A rep leaves; `heir` is a rep's number, or `pool`. Somebody or the pool must be named."""
    rep = rep_of_scope(number, node_id)
    if not heir:
        raise NoHeirNamed(fields=["heir"])
    heir_id = None if heir == NOBODY else rep_of_scope(heir, node_id).id
    member_id = member_of_rep(rep.id)
    reps.part_with_rep(rep_id=rep.id, now=now, heir_id=heir_id)
    _tell_tag(member_id)
    bear_debt(rep_id=rep.id, now=now)


def assign_rep_codes(
    *, number: str, node_id: int, codes: OperatorCodes, valid_from: date, now: datetime
) -> None:
    """Give a rep operator codes from a day on, today at the earliest: past lines keep theirs."""
    if valid_from < business_on(now):
        raise BadInput("生效日期不能早于今天", fields=["valid_from"])
    rep = rep_of_scope(number, node_id)
    reps.assign_codes(rep_id=rep.id, codes=codes, valid_from=valid_from)


def _tell_tag(member_id: int | None) -> None:
    """The menu a rep sees follows what he may do."""
    if member_id is not None:
        something_happened_to_member(member_id)


def rep_of_scope(number: str, node_id: int) -> Rep:
    """A rep of a node's subtree; NotFound for foreign as for missing ones."""
    rep = rep_within(number, under(node_id))
    if rep is None:
        raise NotFound("员工不存在")
    return rep


def _with_figures(found: Sequence[Rep]) -> list[RepRow]:
    ids = [rep.id for rep in found]
    figures, commission = ever_of_reps(ids), commission_by_rep(ids)
    outlets = names_of_nodes({rep.outlet_id for rep in found})
    return [
        RepRow(
            rep=rep,
            outlet_name=outlets.get(rep.outlet_id) or node_of(rep.outlet_id).name,
            figures=figures.get(rep.id, RepFigures()),
            commission_fen=commission.get(rep.id, 0),
        )
        for rep in found
    ]
