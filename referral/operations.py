"""Verbs of attribution's rows: share, make and point codes, record touches, count the rest."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from referral.models import (
    PERMANENT_CODES,
    Code,
    CodeBudget,
    CodeKind,
    CodeTarget,
    ForgedCount,
    ForgedSample,
    Place,
    Share,
    SightingCount,
    Subject,
    Touch,
)
from referral.values import Certainty, TouchKind
from wx_backend.clock import business_on
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict, NotFound

SAMPLES_A_DAY = 100
SAMPLE_LENGTH = 80


class CodesUsedUp(Conflict):
    """The account has made all the permanent codes it will ever have."""

    code, message = "codes_used_up", "这个公众号的永久二维码已用完"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """Who shares: a rep by his job, a person under one identity (who may be a rep too), an outlet."""

    rep_id: int | None = None
    identity_id: int | None = None
    outlet_id: int | None = None

    @property
    def key(self) -> str:
        """One spelling per sharer, for the unique key."""
        if self.outlet_id:
            return f"outlet:{self.outlet_id}"
        return f"rep:{self.rep_id}" if self.rep_id else f"identity:{self.identity_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """What is shared where: `subject_key` is a product's or campaign's number."""

    subject: Subject
    place: Place
    subject_key: str = ""


def open_share(
    *, sharer: Sharer, sharing: Sharing, parent_id: int | None = None, now: datetime
) -> Share:
    """The share of this act, born now or found again: same parent, sharer, subject and place.

    The root rep is the last employee on the path: the sharer if he is one, else the parent's.
    Raises NotFound when there is no such parent.
    """
    parent = db.session.get(Share, parent_id) if parent_id else None
    if parent_id and parent is None:
        raise NotFound("分享已不存在")
    values = {
        "parent_id": parent_id,
        "parent_key": parent_id or 0,
        "sharer_key": sharer.key,
        "rep_id": sharer.rep_id,
        "identity_id": sharer.identity_id,
        "outlet_id": sharer.outlet_id,
        "root_rep_id": sharer.rep_id or (parent.root_rep_id if parent else None),
        "subject": sharing.subject,
        "subject_key": sharing.subject_key,
        "place": sharing.place,
        "depth": parent.depth + 1 if parent else 0,
        "created_at": now,
    }
    key = ("parent_key", "sharer_key", "subject", "subject_key", "place")
    upsert(Share, values, key=key)
    return db.session.scalars(select(Share).filter_by(**{name: values[name] for name in key})).one()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeMade:
    """What the platform answered to making a code: ticket, the text of its picture, its end."""

    ticket: str
    url: str
    expires_at: datetime | None = None


def plan_scene_code(
    *, kind: CodeKind, appid: str, scene: str, share_id: int, now: datetime
) -> Code:
    """The code of an account with this scene, to be made at the platform if it has no ticket yet.

    A permanent one is taken out of the account's book when it is planned, once. Raises CodesUsedUp.
    """
    values = {"kind": kind, "appid": appid, "scene": scene, "label": "", "created_at": now}
    is_new = upsert(Code, values, key=("appid", "scene"))
    code = db.session.scalars(select(Code).filter_by(appid=appid, scene=scene)).one()
    if is_new:
        point_code(code_id=code.id, share_id=share_id, now=now)
        if kind is CodeKind.OA_PERMANENT:
            _take_permanent_code(appid)
    return code


def note_code_made(*, code_id: int, made: CodeMade) -> Code:
    """Keep what the platform answered to making a code."""
    code = db.session.get_one(Code, code_id)
    code.ticket, code.url, code.expires_at = made.ticket, made.url, made.expires_at
    return code


def _take_permanent_code(appid: str) -> None:
    upsert(CodeBudget, {"appid": appid, "capacity": PERMANENT_CODES, "used": 0}, key=("appid",))
    taken = db.session.execute(
        update(CodeBudget)
        .where(CodeBudget.appid == appid, CodeBudget.used < CodeBudget.capacity)
        .values(used=CodeBudget.used + 1)
    )
    if not taken.rowcount:  # type: ignore[attr-defined]  # a CursorResult
        raise CodesUsedUp(appid=appid)


def point_code(*, code_id: int, share_id: int, now: datetime, staff_id: int | None = None) -> None:
    """Have a code lead to another share from now on; what was scanned before stays with the old.

    Counted in whole seconds, as the platform tells the time of scans.
    """
    values = {
        "code_id": code_id,
        "share_id": share_id,
        "valid_from": now.replace(microsecond=0),
        "staff_id": staff_id,
    }
    upsert(CodeTarget, values, key=("code_id", "valid_from"), update=("share_id", "staff_id"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One contact to record: who (identity or visitor), with what, when it happened and how sure.

    `key` is the digest of the event's natural key. `scene` is what a scanned code carried; if it
    is a code we know, its target at `event_at` is the share, else `share_id` (from a token).
    """

    key: bytes
    kind: TouchKind
    certainty: Certainty
    event_at: datetime
    known_at: datetime
    identity_id: int | None = None
    visitor_id: int | None = None
    share_id: int | None = None
    appid: str | None = None
    scene: str | None = None


def record_touch(contact: Contact) -> bool:
    """Write a touch down; False when this event was written before."""
    code, share_id = _resolved(contact)
    values = {
        "key": contact.key,
        "identity_id": contact.identity_id,
        "visitor_id": contact.visitor_id,
        "share_id": share_id,
        "code_id": code.id if code else None,
        "kind": contact.kind,
        "certainty": _certainty(contact, code),
        "scene": contact.scene,
        "event_at": contact.event_at,
        "known_at": contact.known_at,
    }
    return upsert(Touch, values, key=("key",))


def _resolved(contact: Contact) -> tuple[Code | None, int | None]:
    """The code a contact was with, and the share it led to at that time."""
    if contact.scene is not None:
        code = db.session.scalars(
            select(Code).where(Code.appid == contact.appid, Code.scene == contact.scene)
        ).one_or_none()
        if code is not None:
            return code, code_share(code_id=code.id, at=contact.event_at)
    if contact.share_id is None:
        return None, None
    return None, db.session.scalar(select(Share.id).where(Share.id == contact.share_id))


def _certainty(contact: Contact, code: Code | None) -> Certainty:
    """Codes of an older system are unsigned: believed as such, and only until their end."""
    if code is None or code.kind != CodeKind.LEGACY:
        return contact.certainty
    is_over = code.expires_at is not None and code.expires_at <= contact.event_at
    return Certainty.UNVERIFIED if is_over else Certainty.LEGACY


def code_share(*, code_id: int, at: datetime) -> int | None:
    """The share a code led to at an instant; its first one for the moments before that."""
    targets = select(CodeTarget.share_id).where(CodeTarget.code_id == code_id).limit(1)
    in_force = targets.where(CodeTarget.valid_from <= at).order_by(CodeTarget.valid_from.desc())
    found = db.session.scalar(in_force)
    return found or db.session.scalar(targets.order_by(CodeTarget.valid_from))


def count_sighting(*, share_id: int, kind: str, now: datetime) -> None:
    """Count a look at a share that proves no contact: a bare GET, a prefetch, a link preview."""
    day = {"share_id": share_id, "business_on": business_on(now), "kind": kind}
    upsert(SightingCount, {**day, "count": 0}, key=("share_id", "business_on", "kind"))
    db.session.execute(update(SightingCount).filter_by(**day).values(count=SightingCount.count + 1))


def count_forged(*, source: str, reason: str, sample: str, now: datetime) -> None:
    """Count a token that did not verify; keep what it looked like, at most 100 times a day."""
    day = {"business_on": business_on(now), "source": source, "reason": reason}
    upsert(ForgedCount, {**day, "count": 0}, key=("business_on", "source", "reason"))
    db.session.execute(update(ForgedCount).filter_by(**day).values(count=ForgedCount.count + 1))
    kept = db.session.scalar(
        select(func.count()).where(ForgedSample.business_on == business_on(now))
    )
    if (kept or 0) < SAMPLES_A_DAY:
        db.session.add(ForgedSample(**day, sample=sample[:SAMPLE_LENGTH], known_at=now))
