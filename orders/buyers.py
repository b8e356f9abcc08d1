"""Who bought, and what it brought: what campaigns choose people by and are measured with."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)

from orders.models import Fulfilment, OrderLine, OrderStatus, RealName, SalesOrder
from orders.search import is_within
from wx_backend.clock import months_before
from wx_backend.db import db
from wx_backend.sql import among


@dataclass(frozen=True, slots=True)
class Bought:
    """Orders paid in a span: how many people, how many orders, and what was kept of them in fen."""

    buyers: int = 0
    orders: int = 0
    kept_fen: int = 0


People: TypeAlias = Select[Any] | Collection[int]
"""Identities: few of them by name, or many by what chooses them."""


class BoughtBy(StrEnum):
    """Whose a line is: its buyer's, or the rep's it is credited to."""

    PERSON = "person"
    REP = "rep"


_OWNERS: Final[Mapping[BoughtBy, Any]] = {
    BoughtBy.PERSON: SalesOrder.identity_id,
    BoughtBy.REP: OrderLine.developer_rep_id,
}
_FIGURES: Final = (
    func.count(SalesOrder.identity_id.distinct()),
    func.count(SalesOrder.id.distinct()),
    cast(func.coalesce(func.sum(OrderLine.paid_fen - OrderLine.refunded_fen), 0), BigInteger),
)


def buyers(
    *, since: datetime | None = None, product_ids: Collection[int] | None = None
) -> Select[int]:
    """The identities that paid an order (since an instant, of some products), to filter others by."""
    query = select(SalesOrder.identity_id).where(SalesOrder.paid_at.is_not(None))
    if since is not None:
        query = query.where(SalesOrder.paid_at >= since)
    if product_ids is not None:
        mine = select(OrderLine.order_id).where(OrderLine.product_id.in_(product_ids))
        query = query.where(SalesOrder.id.in_(mine))
    return query


def buyers_at(outlets: Select[int]) -> Select[int]:
    """The identities that ordered from some outlets, to filter others by."""
    sold = select(OrderLine.order_id).where(OrderLine.outlet_id.in_(outlets))
    return select(SalesOrder.identity_id).where(
        SalesOrder.outlet_id.in_(outlets) | SalesOrder.id.in_(sold)
    )


def contracts_ending(
    plans: Mapping[int, Collection[int]], *, since: datetime, until: datetime
) -> Select[int]:
    """The identities with an active plan whose contract ends in a span, to filter others by.

    `plans` are products by the months they bind for, counted from the activation.
    """
    spans = [
        and_(
            OrderLine.product_id.in_(product_ids),
            OrderLine.fulfilled_at >= months_before(since, months),
            OrderLine.fulfilled_at < months_before(until, months),
        )
        for months, product_ids in plans.items()
    ]
    return (
        select(SalesOrder.identity_id)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(OrderLine.fulfilment == Fulfilment.ACTIVATED, or_(false(), *spans))
    )


SERVICE_EVENTS: Final[Mapping[str, str]] = {
    "order_paid": "有已支付的订单",
    "order_received": "已收到货",
    "plan_activated": "套餐已开通",
    "real_name_open": "订单待实名",
    "order_refunded": "订单有退款",
}
"""What a person can have caused that a notice may be about."""


def with_event(event: str, *, since: datetime) -> Select[int]:
    """The identities of orders paid since an instant to which an event happened."""
    query = select(SalesOrder.identity_id).where(SalesOrder.paid_at >= since)
    if event == "order_refunded":
        refunded = (OrderStatus.REFUNDED, OrderStatus.PART_REFUNDED)
        return query.where(SalesOrder.status.in_(refunded))
    return query.where(exists().where(OrderLine.order_id == SalesOrder.id, _of_line(event)))


def had_event(event: str, identity_ids: Collection[int], *, since: datetime) -> set[int]:
    """Whom of some people an event happened to."""
    query = with_event(event, since=since).where(among(SalesOrder.identity_id, identity_ids))
    return set(db.session.scalars(query))


def _of_line(event: str) -> ColumnElement[bool]:
    if event == "order_received":
        return OrderLine.fulfilment == Fulfilment.RECEIVED
    if event == "plan_activated":
        return OrderLine.fulfilment == Fulfilment.ACTIVATED
    if event == "real_name_open":
        return OrderLine.real_name_state == RealName.WAITING
    return OrderLine.quantity > 0


def bought(people: People, *, since: datetime, until: datetime) -> Bought:
    """What some identities paid for in a span of time."""
    paid = _paid_by(people, since=since, until=until)
    return Bought(*db.session.execute(paid.with_only_columns(*_FIGURES)).one())


def bought_by(
    owner: BoughtBy,
    people: People,
    *,
    since: datetime,
    until: datetime,
    scope: Select[int] | None = None,
) -> dict[int | None, Bought]:
    """The same, apart for each person or for each rep it was credited to; of some outlets' orders only."""
    key = _OWNERS[owner]
    paid = _paid_by(people, since=since, until=until, scope=scope).group_by(key)
    rows = db.session.execute(paid.with_only_columns(key, *_FIGURES))
    return {row[0]: Bought(*row[1:]) for row in rows}


def lines_bought(
    owner: BoughtBy,
    people: People,
    *,
    since: datetime,
    until: datetime,
    scope: Select[int] | None = None,
) -> Select[int, int | None]:
    """The lines that some identities paid for in a span of time, each with whose it is."""
    paid = _paid_by(people, since=since, until=until, scope=scope)
    return paid.with_only_columns(OrderLine.id, _OWNERS[owner])


def orders_bought(
    people: People, *, since: datetime, until: datetime, developer: int | None = None
) -> Select[int]:
    """The orders they paid for, to filter others by; of one rep's lines, or of nobody's (0), only."""
    paid = _paid_by(people, since=since, until=until).with_only_columns(OrderLine.order_id)
    if developer is None:
        return paid
    return paid.where(func.coalesce(OrderLine.developer_rep_id, 0) == developer)


def payers(*, since: datetime, until: datetime, scope: Select[int]) -> Select[int]:
    """The identities that paid an order of some outlets in a span, to filter others by."""
    return select(SalesOrder.identity_id).where(
        SalesOrder.paid_at >= since, SalesOrder.paid_at < until, is_within(scope)
    )


def orders_paid_by(
    identity_ids: Collection[int], *, since: datetime, until: datetime, scope: Select[int]
) -> dict[int, list[SalesOrder]]:
    """What some people paid for in a span, as far as some outlets have it, in its order."""
    rows = db.session.scalars(
        select(SalesOrder)
        .where(
            SalesOrder.identity_id.in_(identity_ids),
            SalesOrder.paid_at >= since,
            SalesOrder.paid_at < until,
            is_within(scope),
        )
        .order_by(SalesOrder.paid_at, SalesOrder.id)
    )
    found: dict[int, list[SalesOrder]] = {}
    for order in rows:
        found.setdefault(order.identity_id, []).append(order)
    return found


def _paid_by(
    people: People, *, since: datetime, until: datetime, scope: Select[int] | None = None
) -> Select[Any]:
    paid = (
        select(OrderLine.id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(
            SalesOrder.identity_id.in_(people),
            SalesOrder.paid_at >= since,
            SalesOrder.paid_at < until,
        )
    )
    return paid if scope is None else paid.where(is_within(scope))
