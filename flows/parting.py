"""A wrong claim was lifted: what each WeChat made while both were one customer is that WeChat's own.

An order names the WeChat that placed it, and goes where the lifting leads that one: with all that
hangs on it, sealed anew for its new place. Touches, attributions and receipts stay as they were written;
where contacts of the other one decided the credit, a dispute is opened.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from catalog.numbers import hand_over
from flows.attribution import dispute_parted
from flows.parting_books import give_books
from flows.resealing import sealed_elsewhere
from fulfilment.bookings import hand_bookings
from members.claim_models import MemberClaim
from members.phone_joining import part_from_phones, take_phone_turns
from members.queries import member_ids_of, member_of
from orders.handing import (
    Placing,
    hand_order,
    locked_lines,
    orders_since,
    placed_by_others,
)
from orders.moves import locked_order
from orders.placement import reservation_key


@dataclass(frozen=True, slots=True)
class GivenBack:
    """How much went to the WeChat that had made it."""

    orders: int = 0
    addresses: int = 0
    phones: int = 0
    disputed: int = 0


def give_back(lifted: MemberClaim, rows: Collection[int], *, now: datetime) -> GivenBack:
    """Give what was made under a claim to whoever made it; `rows` are all that were one customer.

    The caller has parted them in the same transaction, which locked whose WeChats they are: what is
    being placed meanwhile waits, or was waited for. Again there is nothing to give.
    """
    books = give_books(lifted)
    in_between = orders_since(rows, lifted.decided_at or lifted.asked_at)
    given = give_orders(rows)
    disputed = sum(bool(dispute_parted(order_id=each, now=now)) for each in in_between)
    return GivenBack(given, books.addresses, books.phones, disputed)


def give_orders(rows: Collection[int]) -> int:
    """Give orders under rows that were one customer to whoever placed them; how many."""
    person = cache(member_ids_of)
    wrong = [each for each in placed_by_others(rows) if each.under_id not in person(each.placer_id)]
    for each in wrong:
        _give(each)
    return len(wrong)


def parted_from_phones(identity_id: int, *, now: datetime) -> int:
    """Part a WeChat from those that only a phone joined to it, orders included; the member it is then.

    Raises NotFound for one that never joined.
    """
    take_phone_turns()  # before it is read whose rows are his
    joined = member_of(identity_id)
    rows = member_ids_of(joined) if joined is not None else frozenset()
    member_id = part_from_phones(identity_id=identity_id, now=now)
    give_orders(rows)
    return member_id


def _give(placing: Placing) -> None:
    order = locked_order(placing.order_id)
    lines = locked_lines(order.id)
    sealed_elsewhere([order, *lines], lambda: hand_order(order, placing.placer_id))
    hand_over(keys=[reservation_key(line.id) for line in lines], member_id=placing.placer_id)
    hand_bookings(order_id=order.id, member_id=placing.placer_id)
