"""How single values the platform sends are read; every function raises Malformed for any other."""

from datetime import UTC, datetime
from typing import Any, Final

from wx_backend.strict import Malformed, whole_number

_INT64: Final = 2**63 - 1
_SECONDS_MAX: Final = 253_402_300_799  # the last second of the year 9999
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def as_text(value: Any) -> str:
    """Text; an integer counts as its digits."""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise Malformed("not text")


def as_outcome(value: Any) -> str:
    """Text in lower case, without blanks round its colons and with single ones elsewhere."""
    parts = as_text(value).lower().split(":")
    return ":".join(" ".join(part.split()) for part in parts)


def as_string(value: Any) -> str:
    """Text that arrived as text."""
    if not isinstance(value, str):
        raise Malformed("not text")
    return value


def as_whole(value: Any) -> int:
    """A whole number from 0 to 2**63 - 1, as an integer or as ASCII digits."""
    if isinstance(value, str):
        return whole_number(value, low=0, high=_INT64)
    return as_integer(value)


def as_integer(value: Any) -> int:
    """The same that arrived as an integer."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _INT64:
        raise Malformed("not a whole number")
    return value


def as_flag(value: Any) -> bool:
    """A yes or no."""
    if value not in (0, 1, "0", "1"):
        raise Malformed("neither yes nor no")
    return value in (1, "1")


def as_decimal(value: Any) -> float:
    """A finite number."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        raise Malformed("not a number")
    digits = value.removeprefix("-").replace(".", "", 1)
    whole_number(digits[:19], low=0, high=10**19)
    if len(digits) > 40 or not (digits.isascii() and digits.isdigit()):
        raise Malformed("not a number")
    return float(value)


def as_instant(value: Any) -> datetime:
    """An instant (aware UTC) from seconds since 1970, up to the year 9999."""
    seconds = as_whole(value)
    if seconds > _SECONDS_MAX:
        raise Malformed("not a time")
    return datetime.fromtimestamp(seconds, UTC)


def as_moment(value: Any) -> datetime:
    """An instant (aware UTC) from RFC 3339 text with its offset."""
    written = as_string(value)
    try:
        # What astimezone(UTC) gives, in a third of the time.
        return _EPOCH + (datetime.fromisoformat(written) - _EPOCH)
    except TypeError:
        raise Malformed("a time without its offset") from None
    except (ValueError, OverflowError):
        raise Malformed("not a time") from None
