"""Verbs on shipping reports: one per order, open until the platform has taken or refused it."""

from datetime import datetime

from sqlalchemy import select, update

from fulfilment.models import ReportStatus, ShippingReport
from wx_backend.db import db, upsert


def open_report(*, order_id: int, appid: str, logistics: str, now: datetime) -> bool:
    """Write down that the platform is to be told; False when that was done before."""
    values = {
        "order_id": order_id,
        "appid": appid,
        "logistics": logistics,
        "status": ReportStatus.WAITING,
        "asked_at": now,
    }
    return upsert(ShippingReport, values, key=("order_id",))


def report_of(order_id: int) -> ShippingReport | None:
    """The report of an order, if it needs one."""
    return db.session.scalars(
        select(ShippingReport)
        .where(ShippingReport.order_id == order_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def reopen_report(*, order_id: int, now: datetime) -> bool:
    """Have a refused report made once more; False when it was not refused."""
    changed = db.session.execute(
        update(ShippingReport)
        .where(ShippingReport.order_id == order_id, ShippingReport.status == ReportStatus.REFUSED)
        .values(status=ReportStatus.WAITING, reason=None, asked_at=now, ended_at=None)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def end_report(
    *, order_id: int, status: ReportStatus, now: datetime, reason: str | None = None
) -> bool:
    """Note what came of a report; False when it had ended before."""
    changed = db.session.execute(
        update(ShippingReport)
        .where(ShippingReport.order_id == order_id, ShippingReport.status == ReportStatus.WAITING)
        .values(status=status, reason=reason, ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
