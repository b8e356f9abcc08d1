"""What both databases' stores share: an arrival as values, the crash points, the one failure."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from flows.arrival.plan import Arrival
from wx_backend import crash
from wx_backend.claims import WorkStatus

STATEMENT_MS: Final = 2_000

BEFORE_COMMIT = crash.point("arrival.before_commit")
AFTER_COMMIT = crash.point("arrival.after_commit")


class CouldNotStore(Exception):
    """The database did not take the push: answer 503, the platform comes again."""


class Shape(NamedTuple):
    """Which rows an arrival writes beside its own."""

    identity: bool
    follow: bool
    touch: bool


def shape(arrival: Arrival) -> Shape:
    return Shape(
        arrival.is_followed is not None, arrival.follow_kind is not None, arrival.has_touch
    )


def values(arrival: Arrival, at: Callable[[datetime], Any]) -> dict[str, Any]:
    """The named values of the statements; `at` writes an instant as the database keeps it."""
    known_at = at(arrival.known_at.astimezone(UTC))
    return {
        "key": arrival.key,
        "account": arrival.account,
        "kind": arrival.kind,
        "raw": arrival.raw,
        "digest": arrival.digest,
        "reply": arrival.reply,
        "event_at": at(arrival.event_at.astimezone(UTC)),
        "known_at": known_at,
        "status": WorkStatus.PENDING.value if arrival.has_work else WorkStatus.DONE.value,
        "due_at": at(arrival.due_at.astimezone(UTC)),
        "done_at": None if arrival.has_work else known_at,
        "appid": arrival.appid,
        "openid": arrival.openid,
        "is_followed": arrival.is_followed,
        "follow_kind": arrival.follow_kind,
        "touch_kind": arrival.touch_kind,
        "certainty": arrival.certainty,
        "scene": arrival.scene,
        "share_id": arrival.share_id,
    }
