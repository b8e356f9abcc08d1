"""Touches in the order they were written down, each looked at once for what it should have been known for."""

from collections.abc import Sequence
from datetime import datetime
from itertools import takewhile
from typing import Final

from sqlalchemy import select

from referral.models import LateLook
from referral.queries import Met, touches_written
from wx_backend.db import db, locked, upsert

_ONLY: Final = 1


def touches_to_look_at(*, known_before: datetime, limit: int) -> Sequence[Met]:
    """The touches after those looked at, up to the first that became known later; where one looks is held.

    An id is given out a moment before others see its row: of what is new, an earlier one may be missing yet.
    """
    upsert(LateLook, {"id": _ONLY, "touch_id": 0}, key=("id",))
    look = locked(select(LateLook))
    assert look is not None  # noqa: S101 - it was made sure of
    new = touches_written(after=look.touch_id, limit=limit)
    return list(takewhile(lambda each: each.known_at < known_before, new))


def note_looked_at(touch_id: int) -> None:
    """All up to this one have been looked at."""
    db.session.get_one(LateLook, _ONLY).touch_id = touch_id
