"""How values leave as JSON: days and instants as ISO 8601, which Flask would write as HTTP headers do."""

from datetime import date
from typing import Any

from flask.json.provider import DefaultJSONProvider


def _plain(value: Any) -> Any:
    """What becomes of a value that JSON does not know."""
    return value.isoformat() if isinstance(value, date) else DefaultJSONProvider.default(value)


class InstantsInJson(DefaultJSONProvider):
    """Flask's own, but for these."""

    default = staticmethod(_plain)
