"""Reads of attribution's rows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, exists, select

from referral.models import (
    PERMANENT_CODES,
    Code,
    CodeBudget,
    CodeKind,
    CodeTarget,
    PolicyCallOff,
    PolicyVersion,
    Receipt,
    Share,
    Touch,
    TouchWithdrawal,
    is_push,
)
from wx_backend.db import db


def scene_share(*, appid: str, scene: str) -> int | None:
    """The share a code of an account leads to today."""
    return db.session.scalar(
        select(CodeTarget.share_id)
        .join(Code, Code.id == CodeTarget.code_id)
        .where(Code.appid == appid, Code.scene == scene)
        .order_by(CodeTarget.valid_from.desc())
        .limit(1)
    )


class Step(NamedTuple):
    """A share as the way to a customer goes through it."""

    id: int
    parent_id: int | None
    rep_id: int | None
    identity_id: int | None
    outlet_id: int | None
    sharer_key: str
    subject: str
    place: str

    @property
    def is_push(self) -> bool:
        """Whether we sent this link out for a campaign; what a customer makes of it is his own."""
        return is_push(self.subject, self.place)


class Met(NamedTuple):
    """A touch as the rules need it."""

    id: int
    key: bytes
    kind: str
    certainty: str
    event_at: datetime
    known_at: datetime
    identity_id: int | None
    visitor_id: int | None
    share_id: int | None
    code_id: int | None


# Columns, not rows of the session: a page of customers has hundreds of each.
_STEP: Final = [getattr(Share, name) for name in Step._fields]
_MET: Final = [getattr(Touch, name) for name in Met._fields]


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What the slug of a link leads to: its newest target that is in force."""

    share_id: int
    is_over: bool


def link_target(slug: str, *, now: datetime) -> LinkTarget | None:
    """The target of a link, over or not; None for a slug nobody gave out."""
    row = db.session.execute(
        select(Code.expires_at, CodeTarget.share_id)
        .join(CodeTarget, CodeTarget.code_id == Code.id)
        .where(Code.slug == slug, CodeTarget.valid_from <= now)
        .order_by(CodeTarget.valid_from.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    expires_at, share_id = row
    is_over = expires_at is not None and expires_at <= now
    return LinkTarget(share_id, is_over)


def share_by_id(share_id: int) -> Share | None:
    """The share of this id."""
    return db.session.get(Share, share_id)


def share_root_rep(share_id: int) -> int | None:
    """The last employee on the path to a share."""
    return db.session.scalar(select(Share.root_rep_id).where(Share.id == share_id))


def share_path(share_id: int) -> list[Step]:
    """The shares from the first one down to this one."""
    return share_paths([share_id])[share_id]


def share_paths(share_ids: Iterable[int]) -> dict[int, list[Step]]:
    """The shares from the first one down to each of these; one question a step up, for all of them."""
    wanted = set(share_ids)
    known, missing = dict[int, Step](), wanted
    while missing:
        rows = db.session.execute(select(*_STEP).where(Share.id.in_(missing)))
        known |= {row.id: Step(*row) for row in rows}
        above = {step.parent_id for step in known.values() if step.parent_id is not None}
        missing = above - known.keys()
    return {share_id: _down_to(share_id, known) for share_id in wanted}


def _down_to(share_id: int, known: Mapping[int, Step]) -> list[Step]:
    path = [known[share_id]]
    while (above := path[-1].parent_id) is not None:
        path.append(known[above])
    return path[::-1]


def touches_of(*, identity_ids: Sequence[int], visitor_ids: Sequence[int]) -> list[Met]:
    """Every touch of a person, by whichever of his identities and browsers, in event order.

    Imported ones that were taken back are left out.
    """
    subjects = Touch.identity_id.in_(identity_ids) | Touch.visitor_id.in_(visitor_ids)
    query = select(*_MET).where(subjects, stands()).order_by(Touch.event_at, Touch.id)
    return [Met(*row) for row in db.session.execute(query)]


def touches_by_id(touch_ids: Collection[int]) -> list[Met]:
    """These touches, in event order."""
    query = select(*_MET).where(Touch.id.in_(touch_ids)).order_by(Touch.event_at, Touch.id)
    return [Met(*row) for row in db.session.execute(query)]


def share_touched(key: bytes) -> int | None:
    """The share of the contact with this key; None without it."""
    return db.session.scalar(select(Touch.share_id).where(Touch.key == key))


def touches_written(*, after: int, limit: int) -> list[Met]:
    """The next touches after one, in the order they were written down."""
    query = select(*_MET).where(Touch.id > after).order_by(Touch.id).limit(limit)
    return [Met(*row) for row in db.session.execute(query)]


def stands() -> ColumnElement[bool]:
    """Whether a touch was not taken back."""
    return ~exists().where(TouchWithdrawal.touch_id == Touch.id)


def withdrawn_among(touch_ids: Collection[int]) -> frozenset[int]:
    """Which of these touches were taken back."""
    query = select(TouchWithdrawal.touch_id).where(TouchWithdrawal.touch_id.in_(touch_ids))
    return frozenset(db.session.scalars(query))


def is_agreed() -> ColumnElement[bool]:
    """Whether a version of the policy was not called off."""
    return ~exists().where(PolicyCallOff.version == PolicyVersion.version)


def policy_at(now: datetime) -> PolicyVersion:
    """The attribution policy in force."""
    return db.session.scalars(
        select(PolicyVersion)
        .where(PolicyVersion.valid_from <= now, is_agreed())
        .order_by(PolicyVersion.valid_from.desc())
        .limit(1)
    ).one()


def receipt_by_number(number: str) -> Receipt | None:
    """The receipt people call by this number."""
    return db.session.scalars(select(Receipt).where(Receipt.number == number)).one_or_none()


def code_of_share(*, share_id: int, kind: CodeKind, appid: str) -> Code | None:
    """The code of this kind that was made for a share at an account, wherever it leads by now."""
    return db.session.scalars(
        select(Code)
        .join(CodeTarget, CodeTarget.code_id == Code.id)
        .where(Code.appid == appid, Code.kind == kind, CodeTarget.share_id == share_id)
        .order_by(Code.id)
        .limit(1)
    ).one_or_none()


def codes_drawn(appid: str) -> tuple[int, int]:
    """How many permanent codes an account has drawn, and how many it may ever draw."""
    budget = db.session.get(CodeBudget, appid)
    return (budget.used, budget.capacity) if budget is not None else (0, PERMANENT_CODES)
