"""Lines of paid orders in the order they were paid, a batch at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from orders.models import OrderLine, SalesOrder
from wx_backend.db import db


def count_paid_lines(*, since: datetime, until: datetime) -> int:
    """How many lines were paid from one instant until before another."""
    query = (
        select(func.count())
        .select_from(OrderLine)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(_is_paid(since, until))
    )
    return db.session.scalar(query) or 0


def paid_lines(
    *, since: datetime, until: datetime, after: tuple[datetime, int] | None, limit: int
) -> Sequence[tuple[SalesOrder, OrderLine]]:
    """The next lines paid in a span, with their orders; `after` is where the last batch ended."""
    query = (
        select(SalesOrder, OrderLine)
        .join(OrderLine, OrderLine.order_id == SalesOrder.id)
        .where(_is_paid(since, until))
        .order_by(SalesOrder.paid_at, OrderLine.id)
        .limit(limit)
    )
    if after is not None:
        paid_at, line_id = after
        later = SalesOrder.paid_at > paid_at
        query = query.where(or_(later, and_(SalesOrder.paid_at == paid_at, OrderLine.id > line_id)))
    return [(order, line) for order, line in db.session.execute(query)]


def newest_paid_lines(*, since: datetime, limit: int) -> Sequence[int]:
    """The lines of the orders paid last, since an instant at the most; the newest first."""
    return db.session.scalars(
        select(OrderLine.id)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(SalesOrder.paid_at >= since)
        .order_by(SalesOrder.paid_at.desc(), SalesOrder.id.desc(), OrderLine.id.desc())
        .limit(limit)
    ).all()


def order_numbers(line_ids: Iterable[int]) -> dict[int, str]:
    """The order's number of each of these lines."""
    rows = db.session.execute(
        select(OrderLine.id, SalesOrder.number)
        .join(SalesOrder, SalesOrder.id == OrderLine.order_id)
        .where(OrderLine.id.in_(set(line_ids)))
    )
    return {line_id: number for line_id, number in rows}  # noqa: C416 - rows are no pairs to dict()


def _is_paid(since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(SalesOrder.paid_at >= since, SalesOrder.paid_at < until)
