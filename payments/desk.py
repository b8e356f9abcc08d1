"""What did not fit about money, for the people who put it right."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, select, true

from payments.models import ExceptionItem, ExceptionKind, Payment, Refund, RefundStatus
from wx_backend.db import db


def exceptions_within(
    order_ids: Select[int] | None, *, is_closed: bool = False, after: int = 0, limit: int
) -> Sequence[ExceptionItem]:
    """Open items about payments of these orders, the oldest first, or closed ones, the latest first.

    None means all there are.
    """
    closed_at, opened_at = ExceptionItem.closed_at, ExceptionItem.opened_at
    order = (
        (closed_at.desc(), ExceptionItem.id.desc()) if is_closed else (opened_at, ExceptionItem.id)
    )
    query = select(ExceptionItem).where(_stands(is_closed=is_closed), _is_about(order_ids))
    return db.session.scalars(query.order_by(*order).offset(after).limit(limit)).all()


def count_exceptions(order_ids: Select[int] | None, *, is_closed: bool = False) -> int:
    """How many items there are about payments of these orders, open or closed; None means all."""
    query = select(func.count()).select_from(ExceptionItem)
    return db.session.scalar(query.where(_stands(is_closed=is_closed), _is_about(order_ids))) or 0


def count_open_exceptions() -> dict[str, int]:
    """How many items are open, of each kind there is."""
    query = select(ExceptionItem.kind, func.count()).where(_stands(is_closed=False))
    counts = dict(db.session.execute(query.group_by(ExceptionItem.kind)).all())
    return {kind: counts.get(kind, 0) for kind in ExceptionKind}


def exception_within(item_id: int, order_ids: Select[int] | None) -> ExceptionItem | None:
    """The open item of this id, if it is about one of these orders."""
    return db.session.scalar(
        select(ExceptionItem).where(
            ExceptionItem.id == item_id, ExceptionItem.closed_at.is_(None), _is_about(order_ids)
        )
    )


_WATCHED = tuple(status for status in RefundStatus if status is not RefundStatus.SUCCEEDED)


def refunds_within(order_ids: Select[int] | None, *, limit: int) -> Sequence[Refund]:
    """Refunds of these orders that have not succeeded, the latest first; None means all."""
    query = select(Refund).where(Refund.status.in_(_WATCHED), _is_of(order_ids))
    return db.session.scalars(query.order_by(Refund.asked_at.desc()).limit(limit)).all()


def refund_within(out_refund_no: str, order_ids: Select[int] | None) -> Refund | None:
    """The refund of this number, if it is about one of these orders."""
    return db.session.scalar(
        select(Refund).where(Refund.out_refund_no == out_refund_no, _is_of(order_ids))
    )


def _stands(*, is_closed: bool) -> ColumnElement[bool]:
    closed_at = ExceptionItem.closed_at
    return closed_at.is_not(None) if is_closed else closed_at.is_(None)


def _is_of(order_ids: Select[int] | None) -> ColumnElement[bool]:
    if order_ids is None:
        return true()
    payments = select(Payment.id).where(Payment.order_id.in_(order_ids))
    return Refund.payment_id.in_(payments)


def _is_about(order_ids: Select[int] | None) -> ColumnElement[bool]:
    if order_ids is None:
        return true()
    payments = select(Payment.id).where(Payment.order_id.in_(order_ids))
    return ExceptionItem.payment_id.in_(payments)
