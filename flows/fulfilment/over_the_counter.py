"""Handing out at the counter: what a pickup code stands for, and the second tap that says done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.fulfilment.desk import redeem_pickup_code
from flows.sealed import contact_of, vault
from fulfilment.errors import TooManyTries, WrongCode
from fulfilment.pickup import PickupOutcome, look_at_code, order_just_fetched
from fulfilment.queries import chains_of_order, serials_out
from orders.queries import lines_of_order, order_by_id
from wx_backend.db import retried

REPEAT_WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Unit:
    """One line over the counter, with the serial numbers that were packed for it."""

    name: str
    quantity: int
    serials: Sequence[str]


@dataclass(frozen=True, slots=True)
class HandOut:
    """What is to be handed out, and to whom."""

    order_number: str
    contact_name: str
    phone_end: str
    units: Sequence[Unit]


def what_to_hand_out(*, outlet_id: int, code: str, now: datetime) -> HandOut:
    """What a code fetches here; it stays unused. Raises WrongCode and TooManyTries, both counted."""
    outcome, order_id = retried(
        lambda: look_at_code(outlet_id=outlet_id, digits=code, vault=vault(), now=now)
    )
    if outcome is PickupOutcome.EXHAUSTED:
        raise TooManyTries
    order = order_by_id(order_id) if order_id is not None else None
    if order is None:
        raise WrongCode
    name, phone = contact_of(order)
    return HandOut(order.number, name, phone[-4:], _units(order.id, outlet_id))


def hand_out(*, outlet_id: int, code: str, actor: str, now: datetime) -> str:
    """Hand it out: the order's number; the same again for a tap that came twice.

    Raises WrongCode and TooManyTries.
    """
    before = order_just_fetched(
        outlet_id=outlet_id, digits=code, actor=actor, vault=vault(), since=now - REPEAT_WITHIN
    )
    order = order_by_id(before) if before is not None else None
    if order is not None:
        return order.number
    return redeem_pickup_code(outlet_id=outlet_id, code=code, actor=actor, now=now)


def _units(order_id: int, outlet_id: int) -> list[Unit]:
    lines = {line.id: line for line in lines_of_order(order_id)}
    return [
        Unit(
            lines[chain.order_line_id].name,
            chain.quantity,
            serials_out(chain.order_line_id),
        )
        for chain in chains_of_order(order_id)
        if chain.outlet_id == outlet_id and "pickup" in chain.way
    ]
