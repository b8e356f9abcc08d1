"""The working calendar: public holidays and days worked instead of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import delete, select

from fulfilment.models import CalendarDay, DayKind
from fulfilment.rules import Calendar
from wx_backend.db import db, upsert
from wx_backend.errors import BadInput
from wx_backend.words import printable

NAME_LENGTH: Final = 40


class BadCalendar(BadInput):
    """A line of a calendar file cannot be read; `details.line` counts from 1."""

    code, message = "bad_calendar", "日历文件有误"


@dataclass(frozen=True, slots=True)
class Day:
    """One day that differs from its weekday."""

    day: date
    kind: DayKind
    name: str


def calendar() -> Calendar:
    """Every day that differs from its weekday."""
    rows = db.session.execute(select(CalendarDay.day, CalendarDay.kind))
    return {day: DayKind(kind) for day, kind in rows}


def calendar_days(*, year: int) -> Sequence[CalendarDay]:
    """The days of one year that differ, in order."""
    return db.session.scalars(
        select(CalendarDay)
        .where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
        .order_by(CalendarDay.day)
    ).all()


def read_days(lines: Iterable[str]) -> list[Day]:
    """The days of a list: `2026-10-01,holiday,国庆节` per line; raises BadCalendar.

    Empty lines and those that begin with `#` are left out.
    """
    return [
        _day(number, text)
        for number, line in enumerate(lines, 1)
        if (text := line.strip().lstrip("\ufeff")) and not text.startswith("#")
    ]


def _day(number: int, text: str) -> Day:
    parts = [part.strip() for part in text.split(",")]
    try:
        day, kind, name = parts
        found = Day(date.fromisoformat(day), DayKind(kind), printable(name))
    except ValueError as error:
        raise BadCalendar(line=number) from error
    if len(found.name) > NAME_LENGTH:
        raise BadCalendar(f"第 {number} 行的名称超过 {NAME_LENGTH} 个字", line=number)
    return found


def import_days(days: Iterable[Day], *, source: str) -> int:
    """Put days into the calendar, replacing what it said of them; how many there were."""
    return sum(
        upsert(
            CalendarDay,
            {"day": each.day, "kind": each.kind, "name": each.name, "source": source},
            key=("day",),
            update=("kind", "name", "source"),
        )
        for each in days
    )


def forget_day(day: date) -> None:
    """Let a day be like its weekday again."""
    db.session.execute(delete(CalendarDay).where(CalendarDay.day == day))
