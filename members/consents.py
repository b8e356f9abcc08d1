"""The consent book of subscription notices: every yes, every no, every use of a yes.

The platform tells of answers and offers no way to ask how many are left, so we count: the yeses
after the last no, less the uses after it. Entries may arrive late or in any order; of a yes and
a no in one second the no stands.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import delete, select

from members.models import Consent, ConsentKind, FollowEvent, FollowKind, Identity
from wx_backend.db import db, locked, upsert


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person said to notices of one template."""

    template_id: str
    is_accepted: bool


def record_consents(
    *,
    push_key: bytes,
    identity_id: int,
    answers: Sequence[Answer],
    event_at: datetime,
    known_at: datetime,
) -> None:
    """Note the answers of one push; the same push again is the same entries.

    What comes late from before the person left stays forgotten.
    """
    if _left_since(identity_id, event_at):
        return
    for position, answer in enumerate(answers):
        kind = ConsentKind.ACCEPTED if answer.is_accepted else ConsentKind.REFUSED
        row = {
            "key": f"{push_key.hex()}:{position}",
            "identity_id": identity_id,
            "template_id": answer.template_id,
            "kind": kind,
            "event_at": event_at,
            "known_at": known_at,
        }
        upsert(Consent, row, key=("key",))


def _left_since(identity_id: int, event_at: datetime) -> bool:
    left = select(FollowEvent.id).where(
        FollowEvent.identity_id == identity_id,
        FollowEvent.kind == FollowKind.UNFOLLOWED,
        FollowEvent.event_at >= event_at,
    )
    return db.session.scalar(left.limit(1)) is not None


def use_consent(*, key: str, identity_id: int, template_id: str, now: datetime) -> bool:
    """Use one yes for one notice; False when none is left.

    `key` names the notice, in any length: asking again for the same one is True again and uses nothing more.
    """
    locked(select(Identity).where(Identity.id == identity_id))
    use_key = _use_key(key)
    if db.session.scalar(select(Consent.id).where(Consent.key == use_key)) is not None:
        return True
    if free_consents(identity_id, template_id) < 1:
        return False
    row = {
        "key": use_key,
        "identity_id": identity_id,
        "template_id": template_id,
        "kind": ConsentKind.USED,
        "event_at": now,
        "known_at": now,
    }
    return upsert(Consent, row, key=("key",))


def give_back(keys: Iterable[str]) -> None:
    """Of notices that were never sent and never will be: the yes each had used is free again."""
    db.session.execute(delete(Consent).where(Consent.key.in_([_use_key(key) for key in keys])))


def _use_key(key: str) -> str:
    return f"use:{blake2b(key.encode(), digest_size=20).hexdigest()}"


def free_consents(identity_id: int, template_id: str) -> int:
    """How many notices of a template a person still agreed to."""
    entries = db.session.execute(
        select(Consent.kind, Consent.event_at).where(
            Consent.identity_id == identity_id, Consent.template_id == template_id
        )
    )
    return count_free((ConsentKind(kind), event_at) for kind, event_at in entries)


def free_consents_of(identity_ids: Collection[int], template_id: str) -> dict[int, int]:
    """The same for many people at once; those without any are left out."""
    books: dict[int, list[tuple[ConsentKind, datetime]]] = {}
    entries = db.session.execute(
        select(Consent.identity_id, Consent.kind, Consent.event_at).where(
            Consent.template_id == template_id, Consent.identity_id.in_(identity_ids)
        )
    )
    for identity_id, kind, event_at in entries:
        books.setdefault(identity_id, []).append((ConsentKind(kind), event_at))
    counted = {identity_id: count_free(book) for identity_id, book in books.items()}
    return {identity_id: free for identity_id, free in counted.items() if free}


def count_free(entries: Iterable[tuple[ConsentKind, datetime]]) -> int:
    """The rule itself, over (kind, event time) in any order."""
    book = list(entries)
    refusals = [at for kind, at in book if kind is ConsentKind.REFUSED]
    since = max(refusals, default=None)
    valid = [kind for kind, at in book if since is None or at > since]
    return max(0, valid.count(ConsentKind.ACCEPTED) - valid.count(ConsentKind.USED))
