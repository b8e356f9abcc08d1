"""Handing out at the counter: what a pickup code stands for, and the second tap that says done."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.fulfilment.desk import ready_to_hand_out, redeem_pickup_code
from flows.sealed import contact_of, vault
from fulfilment.errors import NothingReady, TooManyTries, WrongCode
from fulfilment.models import Chain, ChainStatus
from fulfilment.nodes import PICKUPS, Node
from fulfilment.pickup import PickupOutcome, look_at_code, order_just_fetched
from fulfilment.queries import chains_of_order, has_passed, serials_out
from orders.queries import lines_of_order, order_by_id, order_by_number
from wx_backend.db import retried

REPEAT_WITHIN: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Unit:
    """One line over the counter, with the serial numbers that were packed for it."""

    name: str
    quantity: int
    serials: Sequence[str]


@dataclass(frozen=True, slots=True)
class Kept:
    """One line of the order that stays here, or is not here at all, and why."""

    name: str
    quantity: int
    why: str


@dataclass(frozen=True, slots=True)
class HandOut:
    """What is to be handed out, and to whom; `kept` is what is not."""

    order_number: str
    contact_name: str
    phone_end: str
    units: Sequence[Unit]
    kept: Sequence[Kept]


@dataclass(frozen=True, slots=True)
class HandedOut:
    """The order of a code that was used, and what of it the customer still has not got."""

    order_number: str
    kept: Sequence[Kept]


def what_to_hand_out(*, outlet_id: int, code: str, now: datetime) -> HandOut:
    """What a code fetches here; it stays unused.

    Raises WrongCode and TooManyTries, both counted, and NothingReady.
    """
    outcome, order_id = retried(
        lambda: look_at_code(outlet_id=outlet_id, digits=code, vault=vault(), now=now)
    )
    if outcome is PickupOutcome.EXHAUSTED:
        raise TooManyTries
    order = order_by_id(order_id) if order_id is not None else None
    if order is None:
        raise WrongCode
    units, (name, phone) = _units(order.id, outlet_id), contact_of(order)
    if not units:
        raise NothingReady
    return HandOut(order.number, name, phone[-4:], units, _kept(order.id, outlet_id))


def hand_out(*, outlet_id: int, code: str, actor: str, now: datetime) -> HandedOut:
    """Hand out what lies ready, and say what does not; the same again for a tap that came twice.

    Raises WrongCode, TooManyTries and NothingReady.
    """
    before = order_just_fetched(
        outlet_id=outlet_id, digits=code, actor=actor, vault=vault(), since=now - REPEAT_WITHIN
    )
    order = order_by_id(before) if before is not None else None
    if order is None:
        order = order_by_number(
            redeem_pickup_code(outlet_id=outlet_id, code=code, actor=actor, now=now)
        )
    assert order is not None  # noqa: S101 - orders are never deleted
    return HandedOut(order.number, _kept(order.id, outlet_id))


def _units(order_id: int, outlet_id: int) -> list[Unit]:
    lines = {line.id: line for line in lines_of_order(order_id)}
    return [
        Unit(
            lines[chain.order_line_id].name,
            chain.quantity,
            serials_out(chain.order_line_id),
        )
        for chain, _ in ready_to_hand_out(order_id, outlet_id)
    ]


def _kept(order_id: int, outlet_id: int) -> list[Kept]:
    """The lines that are neither handed out here and now nor with the customer already."""
    lines = {line.id: line for line in lines_of_order(order_id)}
    ready = {chain.id for chain, _ in ready_to_hand_out(order_id, outlet_id)}
    return [
        Kept(lines[chain.order_line_id].name, chain.quantity, _why(chain, outlet_id))
        for chain in chains_of_order(order_id)
        if chain.way in PICKUPS and chain.id not in ready and not has_passed(chain, Node.DELIVERED)
    ]


def _why(chain: Chain, outlet_id: int) -> str:
    if chain.status != ChainStatus.RUNNING:
        return "已退款或正在退款，请勿交付"
    return "还没有备好" if chain.outlet_id == outlet_id else "不在本厅"
