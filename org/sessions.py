"""Signed-in browsers of console users: a random token of which only the digest is kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import ColumnElement, select, update

from org.models import Role, Staff, StaffSession
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


def start_session(*, staff_id: int, now: datetime) -> str:
    """A new session; its token is shown now and never again."""
    token = secrets.token_urlsafe(32)
    db.session.add(
        StaffSession(staff_id=staff_id, digest=_digest(token), created_at=now, seen_at=now)
    )
    db.session.flush()
    return token


def staff_of_session(token: str, now: datetime) -> SignedIn | None:
    """Who this session is; None when it ended, idled 12 hours, is 7 days old or he is disabled."""
    staff = db.session.scalar(
        select(Staff)
        .join(StaffSession, StaffSession.staff_id == Staff.id)
        .where(
            StaffSession.digest == _digest(token),
            StaffSession.ended_at.is_(None),
            StaffSession.seen_at > now - IDLE_MAX,
            StaffSession.created_at > now - AGE_MAX,
            Staff.is_active,
        )
        .execution_options(populate_existing=True)
    )
    if staff is None:
        return None
    return SignedIn(staff.id, staff.login, staff.name, Role(staff.role), staff.node_id)


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


def end_sessions(*, staff_id: int, now: datetime) -> None:
    """Sign out every browser of a console user."""
    _end(StaffSession.staff_id == staff_id, now)


def _end(whose: ColumnElement[bool], now: datetime) -> None:
    db.session.execute(
        update(StaffSession).where(whose, StaffSession.ended_at.is_(None)).values(ended_at=now)
    )


def _digest(token: str) -> bytes:
    return sha256(token.encode(errors="replace")).digest()
