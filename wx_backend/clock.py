"""The time of day: read at the edges only (routes, jobs, commands), passed on as an argument."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class _Offset:
    """How far the demo's clock runs ahead: seconds in a file the simulator writes."""

    file: Path | None = None
    stamp = -1
    value = timedelta()

    def read(self) -> timedelta:
        if self.file is None:
            return self.value
        try:
            stamp = self.file.stat().st_mtime_ns
            if stamp != self.stamp:
                self.value = timedelta(seconds=float(self.file.read_text()))
                self.stamp = stamp
        except (OSError, ValueError):
            pass  # not written yet, or being written: the last value stands
        return self.value


_offset = _Offset()


def now() -> datetime:
    """This moment as aware UTC, moved by the demo's clock offset (zero in production)."""
    return datetime.now(UTC) + _offset.read()  # noqa: TID251 - the one place that reads the clock


def follow(file: Path | None) -> None:
    """Let `now()` run ahead by the seconds written in `file`; the demo only."""
    _offset.file, _offset.stamp, _offset.value = file, -1, timedelta()


def business_on(instant: datetime) -> date:
    """The Shanghai calendar day on which a business fact counts."""
    return instant.astimezone(SHANGHAI).date()


def months_before(instant: datetime, months: int) -> datetime:
    """The same time of day so many months earlier in Shanghai; the last of a shorter month."""
    local = instant.astimezone(SHANGHAI)
    years, month = divmod(local.year * 12 + local.month - 1 - months, 12)
    day = min(local.day, monthrange(years, month + 1)[1])
    return local.replace(year=years, month=month + 1, day=day)


def from_unix(seconds: int) -> datetime:
    """An instant from the platform's CreateTime (whole seconds since 1970, UTC).

    Raises OverflowError, ValueError or OSError outside the years 1 to 9999.
    """
    return datetime.fromtimestamp(seconds, UTC)
