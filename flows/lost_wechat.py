"""A customer who lost his WeChat comes to the store: staff show an order of his, and a colleague agrees.

Whoever sees the order sees the claim. By it the new WeChat is the customer's, with all his orders, and
is told so. What was claimed is lifted in the same way, when the old WeChat is found or it was a mistake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flows.parting import GivenBack, give_back
from flows.parting_books import Left, left_where_it_is
from flows.phone_proof import has_rights
from flows.sealed import shown_contact
from flows.telling_claims import have_told, have_told_parted
from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.claims import (
    NotClaimable,
    ask_to_lift,
    claim,
    claim_by_id,
    claims_of_order,
    decide_claim,
    open_claims,
    order_of_claim,
    require_claimable,
    undecided_claim,
    withdraw_claim,
)
from members.lifting import lifts_of, rows_of_both
from members.phone_joining import PROOF_COUNTS_FOR
from members.queries import (
    member_by_number,
    member_ids_of,
    members_by_id,
    persons_of,
    who_proved,
)
from orders.models import SalesOrder
from orders.queries import orders_of_members
from orders.search import order_numbers, order_within
from org.queries import under
from org.roster import holds_everything
from wx_backend.errors import NotFound

COUNTED: Final = 100
"""So many orders of a person are counted, and so many claims shown."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A WeChat that proved the phone of the order lately, and how many orders it has already."""

    number: str
    proven_at: datetime
    orders: int


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """The customer of one order: who he is, which WeChats could be his new one, what was asked so far.

    `numbers` are those of the members named, by id; `lifts` how each claim can be lifted, `left` what
    stays where it is after one was lifted as wrong, since nothing tells who left it.
    """

    order: SalesOrder
    contact: str
    customer: str
    orders: int
    candidates: Sequence[Candidate]
    claims: Sequence[MemberClaim]
    lifts: Mapping[int, Sequence[ClaimKind]]
    left: Mapping[int, Sequence[Left]]
    numbers: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided: about which order, of what kind, and how much it gave to whoever had made it."""

    number: str
    kind: ClaimKind
    given: GivenBack


def claim_file(order_number: str, *, node_id: int, now: datetime) -> ClaimFile:
    """What staff see before they claim. NotFound for a foreign order as for a missing one."""
    order = _order(order_number, node_id)
    old_id, provers = _customer(order), _provers(order, now)
    asked = claims_of_order(order.number)
    left = {each.id: _left(each) for each in asked}
    stays = {one.member_id for each in left.values() for one in each}
    people = members_by_id({old_id, *provers, *stays, *(each.new_id for each in asked)})
    numbers = {each: member.number for each, member in people.items()}
    return ClaimFile(
        order=order,
        contact=shown_contact(order),
        customer=numbers[old_id],
        orders=_count_orders(old_id),
        candidates=[
            Candidate(numbers[each], proven_at, _count_orders(each))
            for each, proven_at in sorted(provers.items(), key=lambda pair: pair[1], reverse=True)
            if each != old_id
        ],
        claims=asked,
        lifts={each.id: kinds for each in asked if (kinds := lifts_of(each))},
        left=left,
        numbers=numbers,
    )


def claims_waiting(node_id: int) -> Sequence[MemberClaim]:
    """What waits for a second person about orders of a place and below it."""
    numbers = None if holds_everything(node_id) else order_numbers(under(node_id))
    return open_claims(numbers, limit=COUNTED)


def ask(
    order_number: str, *, new: str, reason: str, node_id: int, actor: str, now: datetime
) -> None:
    """Claim the customer of an order for a new WeChat, by its member's number.

    Raises NotFound, NotClaimable, AlreadyClaimed.
    """
    order = _order(order_number, node_id)
    member, old_id = member_by_number(new), _customer(order)
    if member is None:
        raise NotClaimable
    require_claimable(old_id, member.id, provers=_provers(order, now), has_rights=has_rights)
    claim(
        order_number=order.number,
        old_id=old_id,
        new_id=member.id,
        reason=reason,
        actor=actor,
        now=now,
    )


def lift(
    claim_id: int, *, kind: ClaimKind, reason: str, node_id: int, actor: str, now: datetime
) -> str:
    """Ask that what came of a claim stands no more; the order's number.

    Raises NotFound, NothingToLift, AlreadyClaimed.
    """
    order = _shown(claim_id, node_id)
    ask_to_lift(claim_id, kind=kind, reason=reason, actor=actor, now=now)
    return order.number


def decide(
    claim_id: int, *, verdict: ClaimVerdict, note: str, node_id: int, actor: str, now: datetime
) -> Decided:
    """Another person agrees or does not.

    Raises NotFound, ClaimDecided, OwnClaim, and NotClaimable, NothingToLift, StillOne or LaterFirst for
    what does not hold any more.
    """
    asked, order = _asked(claim_id, node_id)
    kind = ClaimKind(asked.kind)
    if verdict is ClaimVerdict.APPROVED and kind is ClaimKind.LOST:
        provers = _provers(order, now)
        require_claimable(asked.old_id, asked.new_id, provers=provers, has_rights=has_rights)
    have_told(asked, order, verdict)
    given, rows = GivenBack(), rows_of_both(asked)
    decide_claim(asked, verdict=verdict, note=note, actor=actor, now=now)
    if verdict is ClaimVerdict.APPROVED and kind is ClaimKind.WRONG:
        given = give_back(claim_by_id(asked.lifts_id or 0), rows, now=now)
        have_told_parted(asked, order)
    return Decided(order.number, kind, given)


def withdraw(claim_id: int, *, node_id: int, actor: str, now: datetime) -> str:
    """Whoever asked takes it back; the order's number. Raises NotFound, ClaimDecided, NotTheAsker."""
    asked, order = _asked(claim_id, node_id)
    withdraw_claim(asked, actor=actor, now=now)
    return order.number


def _left(asked: MemberClaim) -> Sequence[Left]:
    """What stays after a claim was lifted by this one."""
    is_wrong = asked.kind == ClaimKind.WRONG and asked.verdict == ClaimVerdict.APPROVED
    if not is_wrong or asked.lifts_id is None or asked.decided_at is None:
        return ()
    return left_where_it_is(claim_by_id(asked.lifts_id), asked.decided_at)


def _shown(claim_id: int, node_id: int) -> SalesOrder:
    """The order of a claim, if staff of this place see that. NotFound."""
    number = order_of_claim(claim_id)
    order = order_within(number, under(node_id)) if number is not None else None
    if order is None:
        raise NotFound("没有这个申请")
    return order


def _asked(claim_id: int, node_id: int) -> tuple[MemberClaim, SalesOrder]:
    """A claim that waits, with its order, if staff of this place see that. NotFound, ClaimDecided."""
    order = _shown(claim_id, node_id)
    return undecided_claim(claim_id), order


def _order(number: str, node_id: int) -> SalesOrder:
    order = order_within(number, under(node_id))
    if order is None:
        raise NotFound("订单不存在")
    return order


def _customer(order: SalesOrder) -> int:
    """Whose the order is today."""
    return min(persons_of({order.member_id}))


def _provers(order: SalesOrder, now: datetime) -> dict[int, datetime]:
    """Who proved the phone of the order's contact lately."""
    index = order.contact_phone_index
    return {} if index is None else who_proved(index, since=now - PROOF_COUNTS_FOR)


def _count_orders(member_id: int) -> int:
    return len(orders_of_members(member_ids_of(member_id), limit=COUNTED))
