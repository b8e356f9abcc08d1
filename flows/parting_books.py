"""Addresses, phones and visits name no WeChat: whose they are when two who were one by mistake are parted.

What the checkout kept is of whoever placed that order. All else is the claiming WeChat's as long as
nobody else could be the customer, the others being reported lost. What came later nobody can tell: it
stays where it is, and staff see it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from flows.sealed import vault
from fulfilment.booking_models import Booking
from fulfilment.bookings import hand_visit, visits_after
from members.claim_models import MemberClaim
from members.handing import (
    addresses_after,
    hand_address,
    hand_phone,
    lock_members,
    phone_after,
)
from members.lifting import alone_until, rows_laid_under
from members.models import Member, MemberAddress
from members.queries import member_ids_of, persons_of
from orders.handing import placers_at

Laid = Mapping[int, datetime]
"""Rows under which things of the customer may lie, and from when on."""


@dataclass(frozen=True, slots=True)
class Books:
    """How many addresses and phones went to whoever had left them."""

    addresses: int
    phones: int


@dataclass(frozen=True, slots=True)
class Left:
    """Something that stays, since nothing tells who left it: what, when, and under which member."""

    what: str
    left_at: datetime
    member_id: int


def give_books(lifted: MemberClaim) -> Books:
    """Give addresses, phones and visits to the claiming WeChat that left them; the caller has parted both."""
    laid, until = rows_laid_under(lifted), alone_until(lifted)
    claimer = min(persons_of({lifted.new_id}))
    own = member_ids_of(claimer)
    lock_members(own | laid.keys())
    addresses = phones = 0
    for each, placer in _addresses(laid):
        owner = placer or (claimer if _is_before(each.saved_at, until) else None)
        if owner is not None and each.member_id not in member_ids_of(owner):
            hand_address(each, member_id=owner, vault=vault())
            addresses += 1
    elsewhere = {row: since for row, since in laid.items() if row not in own}
    for member, proven_at in _phones(elsewhere):
        if _is_before(proven_at, until):
            hand_phone(member, member_id=claimer, vault=vault())
            phones += 1
    for visit in _visits(elsewhere):
        if _is_before(visit.booked_at, until):
            hand_visit(visit, member_id=claimer)
    return Books(addresses, phones)


def left_where_it_is(lifted: MemberClaim, parted_at: datetime) -> list[Left]:
    """What was left between two claims of one customer by a WeChat that nothing tells of."""
    until = alone_until(lifted)
    if until is None:
        return []
    found = _left(rows_laid_under(lifted))
    return sorted(
        (each for each in found if until <= each.left_at < parted_at), key=lambda x: x.left_at
    )


def _left(laid: Laid) -> Iterator[Left]:
    for each, placer in _addresses(laid):
        if placer is None:
            yield Left("收货地址", each.saved_at, each.member_id)
    for member, proven_at in _phones(laid):
        yield Left("手机号", proven_at, member.id)
    for visit in _visits(laid):
        yield Left("到店预约", visit.booked_at, visit.member_id)


def _addresses(laid: Laid) -> list[tuple[MemberAddress, int | None]]:
    """What came into the books, and who placed the order that it was kept with, if it was."""
    kept = [each for row, since in laid.items() for each in addresses_after(row, since)]
    placers = placers_at({each.saved_at for each in kept}, laid)
    return [(each, placers.get(each.saved_at)) for each in kept]


def _phones(laid: Laid) -> list[tuple[Member, datetime]]:
    """Whose row bears a phone that was proven, and when; the newest last."""
    found = [phone_after(row, since) for row, since in laid.items()]
    proven = [(each, each.phone_proven_at) for each in found if each is not None]
    return sorted(
        ((member, at) for member, at in proven if at is not None), key=lambda pair: pair[1]
    )


def _visits(laid: Laid) -> list[Booking]:
    return [each for row, since in laid.items() for each in visits_after(row, since)]


def _is_before(at: datetime, until: datetime | None) -> bool:
    return until is None or at < until
