"""Addresses, phones and visits name no WeChat: whose they are when two who were one by mistake are parted.

What the checkout kept is of whoever placed that order. All else is the claiming WeChat's as long as
nobody else could be the customer, the others being reported lost. What came later nobody can tell: it
stays where it is, and staff see it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flows.sealed import vault
from fulfilment.bookings import hand_visits, visits_since
from members.claim_models import MemberClaim
from members.handing import (
    addresses_since,
    hand_address,
    hand_phone,
    lock_members,
    phones_since,
)
from members.lifting import alone_until, rows_of_both
from members.queries import member_ids_of, persons_of
from orders.handing import placers_at


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
    since, until = _span(lifted)
    rows, claimer = rows_of_both(lifted), min(persons_of({lifted.new_id}))
    own = member_ids_of(claimer)
    lock_members(rows)
    kept = addresses_since(rows, since)
    placers = placers_at({each.saved_at for each in kept}, rows)
    addresses = 0
    for each in kept:
        owner = placers.get(each.saved_at) or (
            claimer if _is_before(each.saved_at, until) else None
        )
        if owner is not None and each.member_id not in member_ids_of(owner):
            hand_address(each, member_id=owner, vault=vault())
            addresses += 1
    proven = [
        each
        for each in phones_since(rows - own, since)
        if each.phone_proven_at is not None and _is_before(each.phone_proven_at, until)
    ]
    for member in proven:
        hand_phone(member, member_id=claimer, vault=vault())
    hand_visits(member_ids=rows - own, since=since, until=until, member_id=claimer)
    return Books(addresses, len(proven))


def left_where_it_is(lifted: MemberClaim, parted_at: datetime) -> list[Left]:
    """What was left between two claims of one customer by a WeChat that nothing tells of."""
    _, until = _span(lifted)
    if until is None:
        return []
    found = _left(rows_of_both(lifted), until)
    return sorted((each for each in found if each.left_at < parted_at), key=lambda x: x.left_at)


def _left(rows: set[int], since: datetime) -> Iterator[Left]:
    kept = addresses_since(rows, since)
    placers = placers_at({each.saved_at for each in kept}, rows)
    for each in kept:
        if each.saved_at not in placers:
            yield Left("收货地址", each.saved_at, each.member_id)
    for member in phones_since(rows, since):
        if member.phone_proven_at is not None:
            yield Left("手机号", member.phone_proven_at, member.id)
    for visit in visits_since(rows, since):
        yield Left("到店预约", visit.booked_at, visit.member_id)


def _span(lifted: MemberClaim) -> tuple[datetime, datetime | None]:
    return lifted.decided_at or lifted.asked_at, alone_until(lifted)


def _is_before(at: datetime, until: datetime | None) -> bool:
    return until is None or at < until
