"""What an older system knew: relations as touches of kind `imported`, and its codes and links.

Whoever brings them in can take them back: a touch is withdrawn, as it never changes; a code goes
while nobody used it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from sqlalchemy import delete, select

from referral.models import (
    Code,
    CodeKind,
    CodeTarget,
    Place,
    Share,
    Subject,
    Touch,
    TouchWithdrawal,
)
from referral.operations import Contact, Sharer, Sharing, open_share, point_code, record_touch
from referral.queries import stands
from referral.values import Certainty, TouchKind
from wx_backend.clock import business_on
from wx_backend.db import db, take_turns, upsert
from wx_backend.errors import Conflict

_TURNS = b"referral.importing"


class AlreadyImported(Conflict):
    code, message = "already_imported", "该客户与该员工的关系已导入过"


class AliasTaken(Conflict):
    code, message = "alias_taken", "这个旧码已被使用"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A code of an older system: the slug of a link, or a scene of one of our accounts.

    Without `expires_at` it is believed for ever.
    """

    slug: str | None = None
    appid: str | None = None
    scene: str | None = None
    label: str = ""
    expires_at: datetime | None = None


def import_binding(*, identity_id: int, rep_id: int, bound_at: datetime, now: datetime) -> int:
    """Note that a person was a rep's customer elsewhere; the touch's id. Raises AlreadyImported.

    Each pair of them once, however many files say so, until it is taken back.
    """
    take_turns(_TURNS)
    if imported_pairs([identity_id], [rep_id]):
        raise AlreadyImported
    share = open_share(
        sharer=Sharer(rep_id=rep_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.IMPORTED),
        now=now,
    )
    key = _key(identity_id, rep_id, bound_at)
    record_touch(
        Contact(
            key=key,
            kind=TouchKind.IMPORTED,
            certainty=Certainty.STAFF,
            event_at=bound_at,
            known_at=now,
            identity_id=identity_id,
            share_id=share.id,
        )
    )
    touch_id = db.session.scalars(select(Touch.id).where(Touch.key == key)).one()
    db.session.execute(delete(TouchWithdrawal).where(TouchWithdrawal.touch_id == touch_id))
    return touch_id


def withdraw_binding(*, touch_id: int, now: datetime) -> None:
    """Take an imported relation back: it decides nothing from now on. Twice changes nothing."""
    upsert(TouchWithdrawal, {"touch_id": touch_id, "withdrawn_at": now}, key=("touch_id",))


def imported_pairs(
    identity_ids: Collection[int], rep_ids: Collection[int]
) -> frozenset[tuple[int, int]]:
    """Which of these people and reps an imported relation joins already."""
    rows = db.session.execute(
        select(Touch.identity_id, Share.root_rep_id)
        .join(Share, Share.id == Touch.share_id)
        .where(
            Touch.identity_id.in_(identity_ids),
            Share.root_rep_id.in_(rep_ids),
            Touch.kind == TouchKind.IMPORTED,
            stands(),
        )
    )
    return frozenset((who, rep_id) for who, rep_id in rows if who and rep_id)


def rep_of_touch(touch_id: int) -> int | None:
    """Whose customer a touch says that somebody is."""
    return db.session.scalar(
        select(Share.root_rep_id)
        .join(Touch, Touch.share_id == Share.id)
        .where(Touch.id == touch_id)
    )


def add_alias(*, alias: Alias, sharer: Sharer, now: datetime) -> int:
    """Keep a code of an older system, leading to a rep's or an outlet's showroom; its id.

    Raises AliasTaken.
    """
    values = {
        "kind": CodeKind.LEGACY,
        "slug": alias.slug,
        "appid": alias.appid,
        "scene": alias.scene,
        "label": alias.label,
        "created_at": now,
        "expires_at": alias.expires_at,
    }
    key = ("slug",) if alias.slug is not None else ("appid", "scene")
    if not upsert(Code, values, key=key):
        raise AliasTaken
    code = db.session.scalars(select(Code).filter_by(**{name: values[name] for name in key})).one()
    share = open_share(
        sharer=sharer, sharing=Sharing(subject=Subject.SHOWROOM, place=Place.IMPORTED), now=now
    )
    point_code(code_id=code.id, share_id=share.id, now=now)
    return code.id


def remove_alias(code_id: int) -> None:
    """Forget a code that nobody used; IntegrityError when somebody did."""
    db.session.execute(delete(CodeTarget).where(CodeTarget.code_id == code_id))
    db.session.execute(delete(Code).where(Code.id == code_id))


def share_of_alias(code_id: int) -> Share | None:
    """What a code leads to."""
    return db.session.scalar(
        select(Share)
        .join(CodeTarget, CodeTarget.share_id == Share.id)
        .where(CodeTarget.code_id == code_id)
        .order_by(CodeTarget.valid_from.desc())
        .limit(1)
    )


def taken_slugs(slugs: Iterable[str]) -> frozenset[str]:
    """Which of these links there are already."""
    rows = db.session.scalars(select(Code.slug).where(Code.slug.in_(set(slugs))))
    return frozenset(slug for slug in rows if slug is not None)


def taken_scenes(scenes: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Which of these scenes there are already, with the account."""
    rows = db.session.execute(select(Code.appid, Code.scene).where(Code.scene.in_(set(scenes))))
    return frozenset((appid, scene) for appid, scene in rows if appid and scene)


def _key(identity_id: int, rep_id: int, bound_at: datetime) -> bytes:
    told = f"imported:{identity_id}:{rep_id}:{business_on(bound_at)}"
    return blake2s(told.encode(), digest_size=16).digest()
