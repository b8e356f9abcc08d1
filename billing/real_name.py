"""The operator's certified real-name service: the link a buyer is sent by, the word it sends back.

The service checks the person and keeps his documents; nothing of them ever comes here. Both ways
are signed with the shared secret: the link over its query, the word over its time and its bytes.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Final
from urllib.parse import urlencode

from wechat.reading import read, rfc3339, string
from wx_backend import strict
from wx_backend.strict import Malformed

SIGNATURE_HEADER: Final = "X-Real-Name-Signature"
TIME_HEADER: Final = "X-Real-Name-Time"
CLOCKS_DIFFER: Final = timedelta(minutes=5)
DECISIONS: Final = frozenset({"passed", "refused"})
_ID_MAX: Final = 48
_REASON_MAX: Final = 200


class NotAuthentic(Exception):
    """A word the service did not sign, or signed at another time: nothing in it may be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the service says of one person; `reference` is ours, `decision_id` is its own."""

    reference: Annotated[str, string("reference")]
    decision_id: Annotated[str, string("decision_id")]
    decision: Annotated[str, string("decision")]
    decided_at: Annotated[datetime, rfc3339("decided_at")]
    reason: Annotated[str, string("reason")]

    @property
    def is_passed(self) -> bool:
        return self.decision == "passed"


@dataclass(frozen=True)
class RealNameService:
    """The service at `url`, sharing a secret with us (used as its UTF-8)."""

    url: str
    key: str = field(repr=False)

    def link(self, reference: str, *, back: str) -> str:
        """Where a line's user proves who he is; `back` is where he comes from."""
        query = urlencode({"reference": reference, "back": back})
        return f"{self.url}/check?{query}&sign={signature(self.key, query.encode())}"

    def decision(self, raw: bytes, headers: Mapping[str, str], *, now: datetime) -> Decision:
        """A word the service sent. Raises NotAuthentic, and Malformed for authentic nonsense."""
        said_at = headers.get(TIME_HEADER, "")
        expected = signature(self.key, said_at.encode() + b"\n" + raw)
        given = headers.get(SIGNATURE_HEADER, "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            raise NotAuthentic
        try:
            seconds = strict.whole_number(said_at, low=0, high=2**33)
        except Malformed:
            raise NotAuthentic from None
        if abs(now.timestamp() - seconds) > CLOCKS_DIFFER.total_seconds():
            raise NotAuthentic
        return _decision(raw)


def signature(key: str, content: bytes) -> str:
    """Hex HMAC-SHA256."""
    return hmac.new(key.encode(), content, sha256).hexdigest()


def _decision(raw: bytes) -> Decision:
    said = read(Decision, {"reason": "", **strict.fields(raw)})
    is_sound = said.decision in DECISIONS and 0 < len(said.decision_id) <= _ID_MAX
    if not is_sound or len(said.reason) > _REASON_MAX:
        raise Malformed("not a decision")
    return said
