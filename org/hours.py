"""Opening hours: weekly spans in Shanghai time, and days that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from wx_backend.clock import SHANGHAI
from wx_backend.errors import BadInput

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60


class BadHours(BadInput):
    code, message = "bad_hours", "营业时间格式不正确"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` until before `end`, in minutes after midnight."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Spans per weekday (Monday first) and, for single days, instead of them (none: closed).

    Raises BadHours for spans that are empty, overlap or leave the day.
    """

    weekly: tuple[tuple[Span, ...], ...]
    special: Mapping[date, tuple[Span, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.weekly) != len(WEEKDAYS):
            raise BadHours
        for spans in (*self.weekly, *self.special.values()):
            _check(spans)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "OpeningHours":
        """Read `{"mon": [["09:00", "12:00"], ...], ..., "special": {"2026-10-01": []}}`.

        A weekday left out is a closed one. Raises BadHours.
        """
        try:
            special = dict(stored.get("special", {}))
            if set(stored) - {*WEEKDAYS, "special"}:
                raise BadHours
            return cls(
                tuple(_spans(stored.get(day, [])) for day in WEEKDAYS),
                {date.fromisoformat(day): _spans(spans) for day, spans in special.items()},
            )
        except (TypeError, ValueError, AttributeError) as error:
            raise BadHours from error

    def as_json(self) -> dict[str, Any]:
        """The form `from_json` reads."""
        week = {day: _texts(spans) for day, spans in zip(WEEKDAYS, self.weekly, strict=True)}
        special = {day.isoformat(): _texts(spans) for day, spans in sorted(self.special.items())}
        return {**week, "special": special}

    def on(self, day: date) -> tuple[Span, ...]:
        """The spans of one day."""
        return self.special.get(day, self.weekly[day.weekday()])

    def is_open(self, now: datetime) -> bool:
        """Whether an instant (aware) lies in a span."""
        local = now.astimezone(SHANGHAI)
        moment = timedelta(hours=local.hour, minutes=local.minute)
        minute = moment // timedelta(minutes=1)
        return any(span.start <= minute < span.end for span in self.on(local.date()))


def _check(spans: Sequence[Span]) -> None:
    minute = 0
    for span in spans:
        if not minute <= span.start < span.end <= _DAY_MINUTES:
            raise BadHours
        minute = span.end


def _spans(texts: Sequence[Sequence[str]]) -> tuple[Span, ...]:
    return tuple(sorted(Span(_minutes(start), _minutes(end)) for start, end in texts))


def _minutes(text: str) -> int:
    if len(text) != 5 or text[2] != ":" or not (text[:2] + text[3:]).isascii():
        raise BadHours
    hours, minutes = int(text[:2]), int(text[3:])
    if minutes >= 60 or not 0 <= hours <= 24:
        raise BadHours
    return hours * 60 + minutes


def _texts(spans: Sequence[Span]) -> list[list[str]]:
    return [[f"{at // 60:02d}:{at % 60:02d}" for at in (span.start, span.end)] for span in spans]
