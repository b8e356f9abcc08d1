"""Verbs of months: opened by the calendar, closed in order, findings let pass by two people."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update

from ledger.models import Posting
from settlement.statements.models import AccountingPeriod, PeriodOverride, PeriodStatus
from wx_backend.clock import business_on
from wx_backend.db import db, upsert
from wx_backend.errors import BadInput, Conflict, NotFound


class NotOver(Conflict):
    code, message = "period_not_over", "该月尚未结束，不能结账"


class EarlierOpen(Conflict):
    code, message = "earlier_period_open", "请先完成上一个月的结账"


class AlreadyClosing(Conflict):
    code, message = "already_closing", "该月已在结账或已结账"


class SamePerson(Conflict):
    """Who proposed something cannot agree to it."""

    code, message = "same_person", "提出人不能自己批准，请由另一位同事处理"


def month_of(day: date) -> tuple[date, date]:
    """The first and the last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def open_periods(*, now: datetime) -> int:
    """Have a row for every month from the first posting to this one; how many were missing."""
    today = business_on(now)
    oldest = db.session.scalar(select(func.min(Posting.business_on))) or today
    first, last = month_of(min(oldest, today))
    made = 0
    while first <= today:
        values = {
            "first_on": first,
            "last_on": last,
            "status": PeriodStatus.OPEN,
            "stage": "rep",
            "cursor": 0,
            "done": 0,
            "total": 0,
        }
        made += upsert(AccountingPeriod, values, key=("first_on",))
        first, last = month_of(last + timedelta(days=1))
    return made


def period_of(month: str) -> AccountingPeriod:
    """The period of `2026-03`; NotFound for anything else."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise NotFound from None
    found = db.session.scalar(select(AccountingPeriod).where(AccountingPeriod.first_on == first))
    if found is None:
        raise NotFound("没有这个账期")
    return found


def periods() -> Sequence[AccountingPeriod]:
    """All months, the newest first."""
    return db.session.scalars(
        select(AccountingPeriod).order_by(AccountingPeriod.first_on.desc())
    ).all()


def previous_period(period: AccountingPeriod) -> AccountingPeriod | None:
    """The month before; None for the first."""
    return db.session.scalar(
        select(AccountingPeriod)
        .where(AccountingPeriod.first_on < period.first_on)
        .order_by(AccountingPeriod.first_on.desc())
        .limit(1)
    )


def begin_closing(*, period_id: int, by: str, total: int, now: datetime) -> None:
    """From here on the month takes no posting; `total` is how many statements to expect.

    Raises NotOver, EarlierOpen, AlreadyClosing.
    """
    period = db.session.get_one(AccountingPeriod, period_id)
    if business_on(now) <= period.last_on:
        raise NotOver
    before = previous_period(period)
    if before is not None and before.status != PeriodStatus.CLOSED:
        raise EarlierOpen
    changed = db.session.execute(
        update(AccountingPeriod)
        .where(AccountingPeriod.id == period_id, AccountingPeriod.status == PeriodStatus.OPEN)
        .values(status=PeriodStatus.CLOSING, closing_by=by, closing_at=now, total=total)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise AlreadyClosing


def propose_override(
    *, period_id: int, check_name: str, finding: bytes, reason: str, by: str, now: datetime
) -> None:
    """Ask that what a check found be let pass. Raises BadInput without a reason, Conflict twice."""
    if not reason:
        raise BadInput("请填写放行理由", fields=["reason"])
    values = {
        "period_id": period_id,
        "check_name": check_name,
        "finding": finding,
        "reason": reason,
        "proposed_by": by,
        "proposed_at": now,
    }
    if not upsert(PeriodOverride, values, key=("period_id", "check_name", "finding")):
        raise Conflict("该检查结果已有人申请放行")


def approve_override(*, override_id: int, period_id: int, by: str, now: datetime) -> None:
    """A second person agrees. Raises SamePerson, Conflict when it is not waiting."""
    proposed_by = db.session.scalar(
        select(PeriodOverride.proposed_by).where(
            PeriodOverride.id == override_id, PeriodOverride.period_id == period_id
        )
    )
    if proposed_by is None:
        raise NotFound
    if proposed_by == by:
        raise SamePerson
    changed = db.session.execute(
        update(PeriodOverride)
        .where(
            PeriodOverride.id == override_id,
            PeriodOverride.approved_by.is_(None),
            PeriodOverride.proposed_by != by,
        )
        .values(approved_by=by, approved_at=now)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise Conflict


def overrides_of(period_id: int) -> Sequence[PeriodOverride]:
    """What was asked to be let pass, the oldest first."""
    return db.session.scalars(
        select(PeriodOverride)
        .where(PeriodOverride.period_id == period_id)
        .order_by(PeriodOverride.id)
    ).all()
