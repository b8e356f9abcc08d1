"""Pure rules of the chain: working time, serial numbers, which nodes open next."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from fulfilment.models import DayKind
from fulfilment.nodes import CHAINS, Condition, Node, Step, Way, before
from org.hours import OpeningHours, Span
from wx_backend.clock import SHANGHAI

Calendar = Mapping[date, DayKind]
"""The days that differ from their weekday."""

EVERY_DAY: Final = OpeningHours(((Span(9 * 60, 18 * 60),),) * 7)
"""When an outlet is taken to be open that has not said so: 9 to 18 every day."""

POOL_HOURS: Final = OpeningHours(((Span(8 * 60 + 30, 20 * 60),),) * 7)
"""When the central pool is staffed: 8:30 to 20 every day."""

_LOOK_AHEAD_DAYS: Final = 60
_MONDAY, _SUNDAY = 0, 6
_MINUTE: Final = timedelta(minutes=1)


def spans_on(day: date, hours: OpeningHours, calendar: Calendar) -> tuple[Span, ...]:
    """When a place is open on a day: its own word first, a holiday is like a Sunday, a day worked
    instead of one like a Monday.
    """
    if day in hours.special:
        return hours.special[day]
    kind = calendar.get(day)
    if kind == DayKind.HOLIDAY:
        return hours.weekly[_SUNDAY]
    return hours.weekly[_MONDAY] if kind == DayKind.WORKDAY else hours.on(day)


def opening_after(at: datetime, hours: OpeningHours, calendar: Calendar) -> datetime:
    """The first instant from `at` on at which the place is open; `at` if it never is."""
    for start, end in _windows(at, hours, calendar):
        if end > at:
            return max(start, at)
    return at


def due_at(
    entered_at: datetime, minutes: int, hours: OpeningHours | None, calendar: Calendar
) -> datetime:
    """When a clock that started at an instant runs out: by open hours, or by the wall for None.

    It never runs out before it started nor while the place is closed (the closing instant
    itself counts as open); a place that does not open for sixty days is timed by the wall.
    """
    left = timedelta(minutes=minutes)
    if hours is None:
        return entered_at + left
    for start, end in _windows(entered_at, hours, calendar):
        begin = max(start, entered_at)
        if end <= begin:
            continue
        if begin + left <= end:
            return begin + left
        left -= end - begin
    return entered_at + timedelta(minutes=minutes)


def _windows(
    at: datetime, hours: OpeningHours, calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    """The open spans (UTC) from the day of an instant on."""
    today = at.astimezone(SHANGHAI).date()
    for ahead in range(_LOOK_AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        for span in spans_on(day, hours, calendar):
            yield _instant(day, span.start), _instant(day, span.end)


def _instant(day: date, minute: int) -> datetime:
    return (datetime.combine(day, time(), SHANGHAI) + minute * _MINUTE).astimezone(UTC)


def steps_to_open(
    way: Way,
    *,
    starts_at: Node,
    done: Collection[Node],
    known: Collection[Node],
    met: Collection[Condition],
) -> list[Step]:
    """The steps that open now: not `known` yet, everything before them done, their needs met.

    What lies before `starts_at` was passed in an earlier round.
    """
    passed = before(way, starts_at) | set(done)
    return [
        step
        for step in CHAINS[way]
        if step.node not in known
        and step.node not in passed
        and passed.issuperset(step.after)
        and step.needs.issubset(met)
    ]


def is_imei(text: str) -> bool:
    """Whether fifteen digits carry the right check digit (Luhn)."""
    return bool(re.fullmatch(r"[0-9]{15}", text)) and _luhn(text)


def is_iccid(text: str) -> bool:
    """Whether it is a card number: 89, then 17 or 18 more digits, China's with letters allowed.

    Twenty characters as printed on the cards of Chinese operators (8986 ...) carry no check
    digit; nineteen digits carry Luhn's (ITU-T E.118).
    """
    if re.fullmatch(r"8986[0-9A-F]{16}", text):
        return True
    return bool(re.fullmatch(r"89[0-9]{17}", text)) and _luhn(text)


def _luhn(digits: str) -> bool:
    total = 0
    for place, character in enumerate(reversed(digits)):
        digit = int(character) * (1 + place % 2)
        total += digit - 9 if digit > 9 else digit
    return total % 10 == 0
