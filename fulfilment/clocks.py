"""When a node is due: its clock, run by the hours of its outlet and the calendar."""

from datetime import datetime

from fulfilment.calendar import calendar
from fulfilment.nodes import Clock, Counts
from fulfilment.rules import EVERY_DAY, POOL_HOURS, due_at
from org.hours import OpeningHours
from org.queries import opening_hours


def hours_of(outlet_id: int | None) -> OpeningHours:
    """When an outlet works; 9 to 18 every day where nobody said."""
    found = opening_hours(outlet_id) if outlet_id is not None else None
    return found or EVERY_DAY


def due_of(clock: Clock, entered_at: datetime, outlet_id: int | None) -> datetime:
    """When a clock that started at an instant runs out at an outlet."""
    if clock.counts is Counts.WALL:
        return due_at(entered_at, clock.minutes, None, {})
    hours = POOL_HOURS if clock.counts is Counts.POOL else hours_of(outlet_id)
    return due_at(entered_at, clock.minutes, hours, calendar())
