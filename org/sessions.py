"""Signed-in browsers of console users: a random token of which only the digest is kept."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, and_, select, update

from org.models import OrgNode, Role, Staff, StaffSession, Tier
from wx_backend.db import db

IDLE_MAX: Final = timedelta(hours=12)
AGE_MAX: Final = timedelta(days=7)
_NOTED_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a console request comes from, as of this moment: never cached."""

    staff_id: int
    login: str
    name: str
    role: Role
    node_id: int
    tier: Tier
    session_id: int
    must_change_password: bool


@dataclass(frozen=True, slots=True)
class Rights:
    """Who a staff member is and what he may see, as of this moment, without a session."""

    staff_id: int
    name: str
    role: Role
    node_id: int


def active_staff(staff_id: int) -> Rights | None:
    """A staff member with his rights of this moment; None for one who was disabled."""
    staff = db.session.get(Staff, staff_id)
    if staff is None or not staff.is_active:
        return None
    return Rights(staff.id, staff.name, Role(staff.role), staff.node_id)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a browser said of itself when it signed in: shown to its owner, trusted by nobody."""

    address: str = ""
    agent: str = ""


NOWHERE: Final = Origin()


def start_session(*, staff_id: int, now: datetime, origin: Origin = NOWHERE) -> str:
    """A new session; its token is shown now and never again."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        StaffSession(
            staff_id=staff_id,
            digest=_digest(token),
            created_at=now,
            seen_at=now,
            address=origin.address[:45],
            agent=origin.agent[:200],
        )
    )
    db.session.flush()
    return token


def staff_of_session(token: str, now: datetime) -> SignedIn | None:
    """Who this session is; None when it ended, idled 12 hours, is 7 days old or he is disabled."""
    row = db.session.execute(
        select(Staff, StaffSession.id, OrgNode.tier)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .join(OrgNode, OrgNode.id == Staff.node_id)
        .where(StaffSession.digest == _digest(token), Staff.is_active, _is_living(now))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if row is None:
        return None
    staff, session_id, tier = row
    return SignedIn(
        staff_id=staff.id,
        login=staff.login,
        name=staff.name,
        role=Role(staff.role),
        node_id=staff.node_id,
        tier=Tier(tier),
        session_id=session_id,
        must_change_password=staff.must_change_password,
    )


def living_sessions(staff_id: int, now: datetime) -> Sequence[StaffSession]:
    """The browsers a console user is signed in with, the latest used first."""
    return db.session.scalars(
        select(StaffSession)
        .where(StaffSession.staff_id == staff_id, _is_living(now))
        .order_by(StaffSession.seen_at.desc(), StaffSession.id.desc())
    ).all()


def note_use(*, token: str, now: datetime) -> bool:
    """Keep a living session from idling; writes once a minute at most. False: nothing to write."""
    noted = db.session.execute(
        update(StaffSession)
        .where(
            StaffSession.digest == _digest(token),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at <= now - _NOTED_EVERY,
            StaffSession.seen_at > now - IDLE_MAX,
        )
        .values(seen_at=now)
        .returning(StaffSession.id)
    )
    return noted.one_or_none() is not None


def end_session(*, token: str, now: datetime) -> None:
    """Sign out one browser."""
    _end(StaffSession.digest == _digest(token), now)


def end_one(*, session_id: int, staff_id: int, now: datetime) -> bool:
    """Sign out one browser of a console user by its row; False when it is not a living one of his."""
    mine = and_(StaffSession.id == session_id, StaffSession.staff_id == staff_id)
    return _end(mine, now) > 0


def end_sessions(*, staff_id: int, now: datetime, but: int | None = None) -> int:
    """Sign out every browser of a console user, except for the session `but`; how many."""
    return _end(and_(StaffSession.staff_id == staff_id, StaffSession.id.is_distinct_from(but)), now)


def _is_living(now: datetime) -> ColumnElement[bool]:
    return and_(
        StaffSession.ended_at.is_(None),
        StaffSession.seen_at > now - IDLE_MAX,
        StaffSession.created_at > now - AGE_MAX,
    )


def _end(whose: ColumnElement[bool], now: datetime) -> int:
    ended = db.session.execute(
        update(StaffSession).where(whose, StaffSession.ended_at.is_(None)).values(ended_at=now)
    )
    return int(ended.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
