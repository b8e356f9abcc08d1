"""What an archive holds of each table, and how a value is written: JSON, one row a line."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, Final

from sqlalchemy import Column, Date, LargeBinary, MetaData, Table, Time

from wx_backend.db import Instant, Model

LEFT_OUT: Final = frozenset(
    {"archive", "archive_event", "invite", "lease", "platform_token", "staff_session"}
)
"""Tables of what lets somebody in, of who does work now, and of archives themselves."""

_SECRET: Final = ("password", "secret", "token", "totp", "otp_", "link_digest", "recovery")


def tables() -> list[Table]:
    """Every table that is written, those that are referred to first."""
    metadata: MetaData = Model.metadata
    return [table for table in metadata.sorted_tables if table.name not in LEFT_OUT]


def columns_of(table: Table) -> list[Column[Any]]:
    """The columns that are written: all but what lets somebody in."""
    return [each for each in table.columns if not is_secret(each.name)]


def is_secret(name: str) -> bool:
    """Whether a column of this name is never written."""
    return any(word in name for word in _SECRET)


def kind_of(column: Column[Any]) -> str:
    """How a column's values are to be read back: `instant`, `date`, `time`, `bytes` or `json`."""
    for kind, name in (
        (Instant, "instant"),
        (Date, "date"),
        (Time, "time"),
        (LargeBinary, "bytes"),
    ):
        if isinstance(column.type, kind):
            return name
    return "json"


def written(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return b64encode(bytes(value)).decode()
    return value


_READERS: Final[Mapping[str, Any]] = {
    "instant": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "bytes": lambda text: b64decode(text, validate=True),
    "json": lambda value: value,
}


def read(kind: str, value: Any) -> Any:
    """The value that was written; the reverse of `written` for a column of this kind."""
    return None if value is None else _READERS[kind](value)
