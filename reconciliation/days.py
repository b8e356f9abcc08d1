"""Verbs on business days: begun, compared, closed by a person."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from reconciliation.models import BusinessDay, DayStatus, Difference, DifferenceStatus
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict


class DayNotCompared(Conflict):
    code, message = "day_not_compared", "这一天还没有完成比对"


class DayHasDifferences(Conflict):
    code, message = "day_has_differences", "还有未处理的差异，不能日清"


class DayClosed(Conflict):
    code, message = "day_closed", "这一天已经日清"


def begin_day(*, on: date) -> BusinessDay:
    """The day's row, locked, made if it is not there."""
    values = {"business_on": on, "status": DayStatus.WAITING, "runs": 0, "sums": {}}
    upsert(BusinessDay, values, key=("business_on",))
    day = locked(select(BusinessDay).where(BusinessDay.business_on == on))
    assert day is not None  # noqa: S101 - made above
    return day


def is_open_day(on: date) -> bool:
    """Whether nobody has closed the day; it stays so until the transaction ends."""
    return begin_day(on=on).status != DayStatus.CLOSED


def ask_day(*, on: date, today: date) -> bool:
    """Have the clock compare the day; False when it did today, or a person has closed the day."""
    day = begin_day(on=on)
    if day.status == DayStatus.CLOSED or day.asked_on == today:
        return False
    day.asked_on = today
    return True


def note_waiting(*, on: date, note: str) -> None:
    """Say what the day waits for; nothing for a day that was compared."""
    day = begin_day(on=on)
    if day.status == DayStatus.WAITING:
        day.note = note[:200]


def note_compared(*, on: date, sums: Mapping[str, Any], now: datetime) -> bool:
    """The legs were compared; False for a day that a person has closed meanwhile."""
    day = begin_day(on=on)
    if day.status == DayStatus.CLOSED:
        return False
    day.status, day.compared_at, day.note = DayStatus.COMPARED, now, None
    day.runs += 1
    day.sums = dict(sums)
    return True


def close_day(*, on: date, actor: str, now: datetime) -> None:
    """A person closes the day. DayNotCompared, DayHasDifferences or DayClosed refuse it."""
    day = begin_day(on=on)
    if day.status == DayStatus.CLOSED:
        raise DayClosed
    if day.status != DayStatus.COMPARED:
        raise DayNotCompared
    query = select(func.count()).where(
        Difference.business_on == on, Difference.status == DifferenceStatus.OPEN
    )
    if db.session.scalar(query):
        raise DayHasDifferences
    day.status, day.closed_at, day.closed_by = DayStatus.CLOSED, now, actor
