"""Working time: never before the start, never while closed, never earlier for a later start."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from fulfilment.models import DayKind
from fulfilment.rules import due_at, opening_after, spans_on
from org.hours import OpeningHours, Span
from wx_backend.clock import SHANGHAI

NINE_TO_SIX = Span(9 * 60, 18 * 60)
WEEKDAYS = OpeningHours(((NINE_TO_SIX,),) * 5 + ((), ()))
NATIONAL_DAY = date(2026, 10, 1)
MADE_UP = date(2026, 10, 10)  # a Saturday
CALENDAR = {NATIONAL_DAY: DayKind.HOLIDAY, MADE_UP: DayKind.WORKDAY}


def at(text: str) -> datetime:
    """An instant written in Shanghai time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


@st.composite
def opening_hours(draw: st.DrawFn) -> OpeningHours:
    """Weeks with at least one open day, of one or two spans a day."""
    day = st.lists(st.integers(0, 1440), min_size=2, max_size=4, unique=True).map(_spans)
    weekly = draw(st.lists(st.one_of(st.just(()), day), min_size=6, max_size=6))
    return OpeningHours((draw(day), *weekly))


def _spans(edges: list[int]) -> tuple[Span, ...]:
    ordered = sorted(edges)
    return tuple(Span(a, b) for a, b in zip(ordered[::2], ordered[1::2], strict=False))


BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
instants = st.integers(0, 60 * 60 * 24 * 700).map(lambda n: BEGINNING + timedelta(seconds=n))
calendars = st.dictionaries(
    st.dates(date(2026, 1, 1), date(2027, 12, 31)), st.sampled_from(DayKind), max_size=30
)
minutes = st.integers(1, 300)


@given(instants, minutes, opening_hours(), calendars)
def test_a_clock_never_runs_out_before_it_starts(
    start: datetime, length: int, hours: OpeningHours, calendar: dict[date, DayKind]
) -> None:
    assert due_at(start, length, hours, calendar) >= start + timedelta(minutes=length)


@given(instants, minutes, opening_hours(), calendars)
def test_a_clock_of_open_hours_runs_out_in_open_hours(
    start: datetime, length: int, hours: OpeningHours, calendar: dict[date, DayKind]
) -> None:
    due = due_at(start, length, hours, calendar)
    assert is_open_or_closing(due, hours, calendar) or due == start + timedelta(minutes=length)


@given(instants, st.integers(0, 20_000), minutes, opening_hours(), calendars)
def test_who_starts_later_is_never_due_earlier(
    start: datetime,
    later: int,
    length: int,
    hours: OpeningHours,
    calendar: dict[date, DayKind],
) -> None:
    second = start + timedelta(minutes=later)
    assert due_at(start, length, hours, calendar) <= due_at(second, length, hours, calendar)


@given(instants, opening_hours(), calendars)
def test_an_opening_is_never_in_the_past(
    start: datetime, hours: OpeningHours, calendar: dict[date, DayKind]
) -> None:
    assert opening_after(start, hours, calendar) >= start


def test_what_does_not_fit_before_closing_goes_on_next_morning() -> None:
    assert due_at(at("2026-11-20 17:30"), 60, WEEKDAYS, {}) == at("2026-11-23 09:30")


def test_a_holiday_is_like_a_sunday_and_a_made_up_day_like_a_monday() -> None:
    assert spans_on(NATIONAL_DAY, WEEKDAYS, CALENDAR) == ()
    assert spans_on(MADE_UP, WEEKDAYS, CALENDAR) == (NINE_TO_SIX,)
    assert due_at(at("2026-09-30 17:00"), 120, WEEKDAYS, CALENDAR) == at("2026-10-02 10:00")


def test_an_outlets_own_word_on_a_day_counts_more_than_the_calendar() -> None:
    own = OpeningHours(WEEKDAYS.weekly, {NATIONAL_DAY: (NINE_TO_SIX,)})
    assert spans_on(NATIONAL_DAY, own, CALENDAR) == (NINE_TO_SIX,)


def test_a_place_that_never_opens_is_timed_by_the_wall() -> None:
    never = OpeningHours(((),) * 7)
    start = at("2026-11-20 10:00")
    assert due_at(start, 90, never, {}) == start + timedelta(minutes=90)


def is_open_or_closing(
    moment: datetime, hours: OpeningHours, calendar: dict[date, DayKind]
) -> bool:
    local = moment.astimezone(SHANGHAI)
    seconds = timedelta(hours=local.hour, minutes=local.minute, seconds=local.second)
    today = spans_on(local.date(), hours, calendar)
    yesterday = spans_on(local.date() - timedelta(days=1), hours, calendar)
    closes_at_midnight = not seconds and any(span.end == 1440 for span in yesterday)
    return closes_at_midnight or any(
        timedelta(minutes=span.start) <= seconds <= timedelta(minutes=span.end) for span in today
    )
