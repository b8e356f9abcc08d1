"""Anonymous browsers: known by a random cookie of which only the digest is kept."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from members.models import Identity, IdentityLink, LinkKind, Visitor
from wx_backend.db import db, locked, upsert
from wx_backend.errors import NotFound

_COOKIE_BYTES: Final = 16
_COOKIE_LENGTH: Final = 22  # 16 bytes in base64url


def new_visitor(*, now: datetime) -> tuple[int, str]:
    """A browser seen for the first time: its id and the cookie to give it."""
    cookie = secrets.token_urlsafe(_COOKIE_BYTES)
    visitor = Visitor(digest=_digest(cookie), created_at=now)
    db.session.add(visitor)
    db.session.flush()
    return visitor.id, cookie


def visitor_of(cookie: str) -> int | None:
    """The visitor who was given this cookie; None for a cookie that is not ours."""
    if len(cookie) != _COOKIE_LENGTH or not cookie.isascii():
        return None
    return db.session.scalar(select(Visitor.id).where(Visitor.digest == _digest(cookie)))


def link_visitor(*, visitor_id: int, identity_id: int, kind: LinkKind, now: datetime) -> bool:
    """State that a browser is an identity's; repeating it changes nothing.

    False when the browser is another person's (another openid of the same account is linked to
    it, as on a shared phone) or the link was undone before: give it a new visitor then. Raises
    NotFound for an unknown visitor or identity.
    """
    visitor = locked(select(Visitor).where(Visitor.id == visitor_id))
    appid = db.session.scalar(select(Identity.appid).where(Identity.id == identity_id))
    if visitor is None or appid is None:
        raise NotFound
    if _is_somebody_elses(visitor_id, identity_id, appid):
        return False
    row = {"visitor_id": visitor_id, "identity_id": identity_id, "kind": kind, "linked_at": now}
    upsert(IdentityLink, row, key=("visitor_id", "identity_id"))
    undone_at = db.session.scalar(
        select(IdentityLink.undone_at).where(
            IdentityLink.visitor_id == visitor_id, IdentityLink.identity_id == identity_id
        )
    )
    return undone_at is None


def _is_somebody_elses(visitor_id: int, identity_id: int, appid: str) -> bool:
    other = (
        select(IdentityLink.id)
        .join(Identity, Identity.id == IdentityLink.identity_id)
        .where(
            IdentityLink.visitor_id == visitor_id,
            IdentityLink.identity_id != identity_id,
            IdentityLink.undone_at.is_(None),
            Identity.appid == appid,
        )
        .limit(1)
    )
    return db.session.scalar(other) is not None


def _digest(cookie: str) -> bytes:
    return sha256(cookie.encode()).digest()
