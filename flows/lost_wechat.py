"""A customer who lost his WeChat comes to the store: staff show an order of his, and a colleague agrees.

Whoever sees the order sees the claim. By it the new WeChat is the customer's, with all his orders, and
is told so. What was claimed is lifted in the same way, when the old WeChat is found or it was a mistake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flows.accounts import identity_to_write_to
from flows.messages import send_notice
from flows.phone_proof import has_rights
from flows.sealed import shown_contact
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
from members.lifting import lifts_of
from members.phone_joining import PROOF_COUNTS_FOR
from members.queries import (
    appid_of,
    identity_at,
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
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.errors import NotFound
from wx_backend.outbox import defer, job
from wx_backend.platform import config

TO_CUSTOMER: Final = "wechat_changed"
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

    `numbers` are those of the members in the claims, by id; `lifts` how each of them can be lifted.
    """

    order: SalesOrder
    contact: str
    customer: str
    orders: int
    candidates: Sequence[Candidate]
    claims: Sequence[MemberClaim]
    lifts: Mapping[int, Sequence[ClaimKind]]
    numbers: Mapping[int, str]


def claim_file(order_number: str, *, node_id: int, now: datetime) -> ClaimFile:
    """What staff see before they claim. NotFound for a foreign order as for a missing one."""
    order = _order(order_number, node_id)
    old_id, provers = _customer(order), _provers(order, now)
    asked = claims_of_order(order.number)
    people = members_by_id({old_id, *provers, *(each.new_id for each in asked)})
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
) -> tuple[str, ClaimKind]:
    """Another person agrees or does not; the order's number, and what it was about.

    Raises NotFound, ClaimDecided, OwnClaim, and NotClaimable, NothingToLift or StillOne for what does
    not hold any more.
    """
    asked, order = _asked(claim_id, node_id)
    kind = ClaimKind(asked.kind)
    if verdict is ClaimVerdict.APPROVED and kind is ClaimKind.LOST:
        provers = _provers(order, now)
        require_claimable(asked.old_id, asked.new_id, provers=provers, has_rights=has_rights)
        _have_told(asked, order)
    decide_claim(asked, verdict=verdict, note=note, actor=actor, now=now)
    return order.number, kind


def withdraw(claim_id: int, *, node_id: int, actor: str, now: datetime) -> str:
    """Whoever asked takes it back; the order's number. Raises NotFound, ClaimDecided, NotTheAsker."""
    asked, order = _asked(claim_id, node_id)
    withdraw_claim(asked, actor=actor, now=now)
    return order.number


@job("claim.tell")
def tell_changed(*, claim_id: int, identity_id: int) -> None:
    """Tell the new WeChat that it has the customer's orders, as long as it has.

    Accounts without a message tell nobody.
    """
    asked = claim_by_id(claim_id)
    if asked.decided_at is None or ClaimKind.WRONG not in lifts_of(asked):
        return
    send_notice(
        key=f"{TO_CUSTOMER}:{claim_id}",
        identity_id=identity_id,
        purpose=TO_CUSTOMER,
        values={
            "number": asked.order_number,
            "at": f"{asked.decided_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        },
        url=f"{config().service.base_url}/orders",
        now=clock.now(),
    )


def _have_told(asked: MemberClaim, order: SalesOrder) -> None:
    """By the account of the order where that knows the new WeChat; asked before both are one person."""
    new_id = min(persons_of({asked.new_id}))
    there = identity_at(member_ids_of(new_id), appid_of(order.identity_id))
    identity_id = there or identity_to_write_to(new_id)
    if identity_id is not None:
        defer(tell_changed, claim_id=asked.id, identity_id=identity_id)


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
