"""The time of day: read at the edges only (routes, jobs, commands), passed on as an argument."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_offset = timedelta()


def now() -> datetime:
    """This moment as aware UTC, moved by the demo's clock offset (zero in production)."""
    return datetime.now(UTC) + _offset  # noqa: TID251 - the one place that reads the clock


def move(offset: timedelta) -> None:
    """Set how far `now()` runs ahead of the machine's clock; the demo and tests only."""
    global _offset  # noqa: PLW0603 - one clock per process is the point
    _offset = offset


def business_on(instant: datetime) -> date:
    """The Shanghai calendar day on which a business fact counts."""
    return instant.astimezone(SHANGHAI).date()


def from_unix(seconds: int) -> datetime:
    """An instant from the platform's CreateTime (whole seconds since 1970, UTC).

    Raises OverflowError, ValueError or OSError outside the years 1 to 9999.
    """
    return datetime.fromtimestamp(seconds, UTC)
