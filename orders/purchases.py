"""What a person has bought before, as far as it decides what he may buy now."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from orders.models import Fulfilment, OrderLine, OrderStatus, SalesOrder
from orders.rules import HAVE_USERS
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Purchases:
    """Products of a person's orders that are neither closed nor taken back.

    `plans` are the plans and cards among them.
    """

    products: frozenset[int] = frozenset()
    plans: frozenset[int] = frozenset()


def purchases_of(member_ids: Iterable[int], *, but_client_key: str = "") -> Purchases:
    """What the member rows of one person have bought; an order of one submit may be left out."""
    rows = db.session.execute(
        select(OrderLine.product_id, OrderLine.product_kind)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(
            SalesOrder.member_id.in_(set(member_ids)),
            SalesOrder.status.not_in((OrderStatus.CLOSED, OrderStatus.REFUNDED)),
            SalesOrder.client_key != but_client_key,
            OrderLine.fulfilment != Fulfilment.CANCELLED,
        )
        .distinct()
    ).all()
    return Purchases(
        products=frozenset(product_id for product_id, _ in rows),
        plans=frozenset(product_id for product_id, kind in rows if kind in HAVE_USERS),
    )
