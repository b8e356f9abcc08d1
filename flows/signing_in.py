"""Somebody comes back from WeChat's authorisation: who it is, and which browser is his."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from flows.launching import launched_by
from flows.visit import Opened, owned, touch_link
from members.claims import is_lost
from members.joining import join_member
from members.models import LinkKind
from members.operations import ensure_identity
from members.queries import identity_by_id
from members.visitors import link_visitor, visitor_of
from orders.cart import carry_over
from wx_backend.errors import (
    AppError,
    BadInput,
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    Unavailable,
)
from wx_backend.platform import client

if TYPE_CHECKING:
    from wechat.answers import MiniProgramLogin, WebLogin

log = logging.getLogger(__name__)
SIGNED_IN_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Person:
    """A signed-in person, as one of his identities."""

    identity_id: int
    member_id: int
    appid: str


def signed_in_person(*, identity_id: int, signed_in_at: datetime, now: datetime) -> Person | None:
    """Who a session of these values belongs to.

    None when it is over, his data was erased, or his WeChat was reported lost.
    """
    if signed_in_at + SIGNED_IN_FOR <= now:
        return None
    try:
        identity = identity_by_id(identity_id)
    except NotFound:
        return None
    if identity.openid is None or identity.member_id is None:
        return None
    if identity.lost_at is not None:
        return None
    if identity.signed_out_at is not None and signed_in_at <= identity.signed_out_at:
        return None
    return Person(identity.id, identity.member_id, identity.appid)


class SnapshotUser(Forbidden):
    """WeChat showed a snapshot page under a virtual openid: nothing is created for it."""

    code = "snapshot_user"
    message = "当前为快照页，请点击页面右下角的“使用完整服务”后再试"


class WeChatLost(Conflict):
    """Its owner has another one by now: whoever holds it is not let in, and nothing is noted of him."""

    code, message = "wechat_lost", "此微信已挂失，请到营业厅办理"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is signed in, and by which share he came, if by any.

    `keeps_visitor` is False when the browser's cookie was another person's.
    """

    identity_id: int
    keeps_visitor: bool
    opened: Opened | None


class LoginCodeOver(BadInput):
    """Used before, older than five minutes, or none of this mini-program's."""

    code, message = "login_code_over", "登录凭证已失效，请重新登录"


class LoginBlocked(Conflict):
    """WeChat takes this person for a risk."""

    code, message = "login_blocked", "微信暂时限制了此账号的登录"


class LoginAway(Unavailable):
    """WeChat does not say who it is."""

    code, message = "login_away", "微信登录暂时不可用，请稍后再试"


_REFUSALS: Final[Mapping[str, type[AppError]]] = {
    "40029": LoginCodeOver,
    "40163": LoginCodeOver,
    "41008": LoginCodeOver,
    "40226": LoginBlocked,
}


def ask_who(*, appid: str, code: str) -> "WebLogin":
    """Exchange the code of a return, once: a remote call. Raises PlatformError."""
    return client(appid).exchange_code(code)


def ask_who_holds(*, appid: str, code: str) -> "MiniProgramLogin":
    """Exchange the code of `wx.login`, once: a remote call.

    Raises LoginCodeOver, LoginBlocked and LoginAway.
    """
    try:
        return client(appid).code_to_session(code)
    except PlatformError as error:
        log.warning("sign-in failed", extra={"api": error.api, "code": error.code})
        raise _REFUSALS.get(error.code, LoginAway) from error


def sign_in(
    *, appid: str, login: "WebLogin", visitor_cookie: str, opened: Opened | None, now: datetime
) -> SignedIn:
    """The person behind a completed round trip; the share it began with becomes his touch.

    Raises SnapshotUser and WeChatLost.
    """
    if login.is_snapshotuser:
        raise SnapshotUser
    identity_id = _known(appid, login, now)
    if opened is not None:
        opened = owned(opened, identity_id=identity_id, now=now)
        touch_link(opened, identity_id=identity_id, now=now)
    return SignedIn(identity_id, _link(visitor_cookie, identity_id, now), opened)


def sign_in_program(
    *,
    appid: str,
    login: "MiniProgramLogin",
    visitor_cookie: str,
    opened: Opened | None,
    now: datetime,
) -> SignedIn:
    """The person who holds a mini-program; the share it was launched by becomes his touch.

    Raises WeChatLost.
    """
    identity_id = _known(appid, login, now)
    if opened is not None:
        opened = launched_by(opened, identity_id=identity_id, now=now)
    return SignedIn(identity_id, _link(visitor_cookie, identity_id, now), opened)


def _known(appid: str, login: "WebLogin | MiniProgramLogin", now: datetime) -> int:
    """The identity of somebody who is that person just now, and a member."""
    identity_id = ensure_identity(
        appid=appid, openid=login.openid, unionid=login.unionid or None, now=now
    )
    if is_lost(identity_id):
        raise WeChatLost
    join_member(identity_id=identity_id, now=now)
    return identity_id


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
