"""Somebody comes back from WeChat's authorisation: who it is, and which browser is his."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.visit import Opened, owned, touch_link
from members.joining import join_member
from members.models import LinkKind
from members.operations import ensure_identity
from members.queries import identity_by_id
from members.visitors import link_visitor, visitor_of
from orders.cart import carry_over
from wx_backend.errors import Forbidden, NotFound
from wx_backend.platform import client

if TYPE_CHECKING:
    from wechat.answers import WebLogin


SIGNED_IN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person, as one of his identities."""

    identity_id: int
    member_id: int
    appid: str


def signed_in_person(*, identity_id: int, signed_in_at: datetime, now: datetime) -> Person | None:
    """Who a session of these values belongs to; None when it is over or his data was erased."""
    if signed_in_at + SIGNED_IN_FOR <= now:
        return None
    try:
        identity = identity_by_id(identity_id)
    except NotFound:
        return None
    if identity.openid is None or identity.member_id is None:
        return None
    if identity.signed_out_at is not None and signed_in_at <= identity.signed_out_at:
        return None
    return Person(identity.id, identity.member_id, identity.appid)


class SnapshotUser(Forbidden):
    """WeChat showed a snapshot page under a virtual openid: nothing is created for it."""

    code = "snapshot_user"
    message = "当前为快照页，请点击页面右下角的“使用完整服务”后再试"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and by which share he came, if by any.

    `keeps_visitor` is False when the browser's cookie was another person's.
    """

    identity_id: int
    keeps_visitor: bool
    opened: Opened | None


def ask_who(*, appid: str, code: str) -> "WebLogin":
    """Exchange the code of a return, once: a remote call. Raises PlatformError."""
    return client(appid).exchange_code(code)


def sign_in(
    *, appid: str, login: "WebLogin", visitor_cookie: str, opened: Opened | None, now: datetime
) -> SignedIn:
    """The person behind a completed round trip; the share it began with becomes his touch.

    Raises SnapshotUser.
    """
    if login.is_snapshotuser:
        raise SnapshotUser
    identity_id = ensure_identity(
        appid=appid, openid=login.openid, unionid=login.unionid or None, now=now
    )
    join_member(identity_id=identity_id, now=now)
    if opened is not None:
        opened = owned(opened, identity_id=identity_id, now=now)
        touch_link(opened, identity_id=identity_id, now=now)
    return SignedIn(identity_id, _link(visitor_cookie, identity_id, now), opened)


def _link(visitor_cookie: str, identity_id: int, now: datetime) -> bool:
    visitor_id = visitor_of(visitor_cookie)
    if visitor_id is None:
        return True
    is_his = link_visitor(
        visitor_id=visitor_id, identity_id=identity_id, kind=LinkKind.OAUTH, now=now
    )
    if is_his:
        carry_over(visitor_id=visitor_id, identity_id=identity_id)
    return is_his
