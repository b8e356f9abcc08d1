"""An order becomes another member's: whoever placed it had been taken for somebody else."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from members.models import Identity
from orders.counter_models import CounterOffer
from orders.models import OrderLine, OrderStatus, SalesOrder
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Placing:
    """An order, the member row it lies under, and the member its WeChat is today."""

    order_id: int
    under_id: int
    placer_id: int


def placed_by_others(member_ids: Collection[int]) -> list[Placing]:
    """The orders under these member rows that a WeChat of another row placed."""
    rows = db.session.execute(
        select(SalesOrder.id, SalesOrder.member_id, Identity.member_id)
        .join(Identity, Identity.id == SalesOrder.identity_id)
        .where(SalesOrder.member_id.in_(member_ids), Identity.member_id != SalesOrder.member_id)
        .order_by(SalesOrder.id)
    )
    return [
        Placing(order_id, under_id, placer_id)
        for order_id, under_id, placer_id in rows
        if placer_id is not None
    ]


def orders_since(member_ids: Collection[int], since: datetime) -> Sequence[int]:
    """The orders placed under these member rows from an instant on that something hangs on, or still may."""
    return db.session.scalars(
        select(SalesOrder.id)
        .where(
            SalesOrder.member_id.in_(member_ids),
            SalesOrder.placed_at >= since,
            SalesOrder.status.not_in((OrderStatus.CLOSED, OrderStatus.REFUNDED)),
        )
        .order_by(SalesOrder.id)
    ).all()


def placers_at(instants: Collection[datetime], member_ids: Collection[int]) -> dict[datetime, int]:
    """Who, as members of today, placed an order of these members at exactly one of these instants."""
    rows = db.session.execute(
        select(SalesOrder.placed_at, Identity.member_id)
        .join(Identity, Identity.id == SalesOrder.identity_id)
        .where(SalesOrder.member_id.in_(member_ids), SalesOrder.placed_at.in_(instants))
    )
    return {placed_at: member_id for placed_at, member_id in rows if member_id is not None}


def locked_lines(order_id: int) -> Sequence[OrderLine]:
    """The lines of a locked order by position, locked and fresh."""
    return db.session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order_id)
        .order_by(OrderLine.position)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def hand_order(order: SalesOrder, member_id: int) -> None:
    """Have a locked order be this member's; what is sealed in it the caller seals anew.

    Its key stays, so that a repeated submit is the same order still, unless he has used the same
    for another one.
    """
    taken = select(SalesOrder.id).where(
        SalesOrder.member_id == member_id, SalesOrder.client_key == order.client_key
    )
    if db.session.scalar(taken) is not None:
        order.client_key = secrets.token_hex(16)
    order.member_id = member_id
    db.session.execute(
        update(CounterOffer).where(CounterOffer.order_id == order.id).values(member_id=member_id)
    )
