"""Opening hours, told and asked in Shanghai time."""

from datetime import UTC, datetime
from typing import Any

import pytest

from org.hours import BadHours, OpeningHours
from wx_backend.clock import SHANGHAI

WEEK = {
    "mon": [["09:00", "12:00"], ["13:30", "18:00"]],
    "fri": [["09:00", "24:00"]],
    "special": {"2026-03-09": [], "2026-03-08": [["10:00", "11:00"]]},
}
HOURS = OpeningHours.from_json(WEEK)


def at(day: int, clock: str) -> datetime:
    """A time in Shanghai; 2 March 2026 is a Monday."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 3, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "is_open"),
    [
        (at(2, "08:59"), False),
        (at(2, "09:00"), True),
        (at(2, "11:59"), True),
        (at(2, "12:00"), False),
        (at(2, "17:59"), True),
        (at(2, "18:00"), False),
        (at(3, "10:00"), False),
        (at(6, "23:59"), True),
        (at(7, "00:00"), False),
        (at(8, "10:30"), True),
        (at(9, "10:00"), False),
    ],
)
def test_open_from_the_first_to_before_the_last_minute(now: datetime, is_open: bool) -> None:
    assert HOURS.is_open(now) is is_open


def test_hours_are_stored_and_read_back() -> None:
    assert OpeningHours.from_json(HOURS.as_json()) == HOURS


@pytest.mark.parametrize(
    "stored",
    [
        {"mon": [["12:00", "09:00"]]},
        {"mon": [["09:00", "09:00"]]},
        {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]},
        {"mon": [["09:00", "24:01"]]},
        {"mon": [["9:00", "12:00"]]},
        {"mon": [["09:61", "12:00"]]},
        {"mon": [["０９:00", "12:00"]]},
        {"mon": [["aa:bb", "12:00"]]},
        {"mon": [[9, 12]]},
        {"mon": "09:00"},
        {"monday": []},
        {"special": {"soon": []}},
    ],
)
def test_hours_that_make_no_sense_are_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(BadHours):
        OpeningHours.from_json(stored)


def test_a_week_has_seven_days() -> None:
    with pytest.raises(BadHours):
        OpeningHours(())
