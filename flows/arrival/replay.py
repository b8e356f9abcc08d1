"""Stored pushes played again beside the touches they left: what differs is shown, nothing is changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from sqlalchemy import func, select

from flows.arrival import spelled_out
from flows.arrival.plan import plan
from flows.arrival.understanding import understood
from referral.models import Touch
from referral.signing import keyring
from wechat.events import Malformed
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.platform import config

BATCH: Final = 100
COMPARED: Final = ("identity_id", "share_id", "code_id", "kind", "certainty", "scene", "event_at")


@dataclass(frozen=True, slots=True)
class Difference:
    """A push whose touch is not what its body says; None where there is no touch."""

    push_id: int
    stored: dict[str, Any] | None
    replayed: dict[str, Any] | None


def pushes_to_replay() -> int:
    """How many pushes still have their body."""
    query = select(func.count()).select_from(Push).where(Push.raw.is_not(None))
    return db.session.scalar(query) or 0


def replayed() -> Iterator[tuple[int, list[Difference]]]:
    """Play every push again, the oldest first: how many each time, and what differed."""
    last_id = 0
    while batch := _ids_after(last_id):
        yield len(batch), _compared(batch)
        last_id = batch[-1]


def _ids_after(last_id: int) -> Sequence[int]:
    db.session.rollback()
    query = select(Push.id).where(Push.id > last_id, Push.raw.is_not(None))
    return db.session.scalars(query.order_by(Push.id).limit(BATCH)).all()


class _NothingIsKept(Exception):
    """Ends the transaction in which pushes were played again."""


def _compared(push_ids: Sequence[int]) -> list[Difference]:
    found: list[Difference] = []
    try:
        with transaction() as session:
            pushes = session.scalars(select(Push).where(Push.id.in_(push_ids)).order_by(Push.id))
            found = [each for each in map(_difference, pushes.all()) if each is not None]
            raise _NothingIsKept
    except _NothingIsKept:
        return found


def _difference(push: Push) -> Difference | None:
    stored, played = _touch(push.key), _played(push)
    return None if stored == played else Difference(push.id, stored, played)


def _played(push: Push) -> dict[str, Any] | None:
    """The touch a push leaves when it arrives once more, under a key of its own."""
    account = config().account(push.account)
    if account is None or push.raw is None:
        return _touch(push.key)  # nobody can say any more
    try:
        told = understood(push.raw, account=account, keyring=keyring(config().share_keys))
    except Malformed:
        return None
    again = blake2b(push.key, digest_size=16, person=b"replay").digest()
    spelled_out.arrive(plan(replace(told, key=again), reply="", now=push.known_at))
    db.session.flush()
    return _touch(again)


def _touch(key: bytes) -> dict[str, Any] | None:
    touch = db.session.scalars(select(Touch).where(Touch.key == key)).one_or_none()
    return None if touch is None else {name: getattr(touch, name) for name in COMPARED}
