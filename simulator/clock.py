"""The simulator's clock: the machine's time plus an offset that can be moved."""

import time
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = 60, 3600, 86400


class Clock:
    """Seconds since 1970, UTC; the pretend platform's only source of time.

    Whoever must keep the same time reads the offset from `file`, which is replaced as a whole.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.offset = 0.0
        self._file = file

    def move(self, offset: float) -> None:
        """Run `offset` seconds ahead of the machine; the others learn it first."""
        if self._file:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._file.with_name(f"{self._file.name}.new")
            fresh.write_text(str(offset))
            fresh.replace(self._file)
        self.offset = offset

    def now(self) -> float:
        return time.time() + self.offset  # noqa: TID251 - the simulator has a clock of its own


def shanghai_day(at: float) -> str:
    """The calendar day in China, which is when quotas and bills turn over: `2026-11-21`."""
    return datetime.fromtimestamp(at, SHANGHAI).date().isoformat()


def shanghai_text(at: float) -> str:
    """The way bills print an instant: `2026-11-21 22:40:00`."""
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def rfc3339(at: float) -> str:
    """The way WeChat Pay prints an instant: `2026-11-21T22:40:00+08:00`."""
    return datetime.fromtimestamp(int(at), SHANGHAI).isoformat()


def from_rfc3339(text: str) -> float:
    """Seconds since 1970; raises ValueError unless the text carries a zone."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("a zone is missing")
    return instant.timestamp()


def start_of_day(day: str) -> float:
    """Midnight in China of `2026-11-21`; raises ValueError for anything else."""
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), SHANGHAI).timestamp()


def utc(at: float) -> datetime:
    """The same instant as an aware UTC datetime."""
    return datetime.fromtimestamp(at, UTC)
