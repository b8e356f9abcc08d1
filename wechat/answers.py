"""What the platform's API answers, typed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from wechat.reading import flag, text, unix, whole


@dataclass(frozen=True, slots=True)
class QrCode:
    """A code with a scene; `url` is what to draw. `expires_in` seconds, 0 for a permanent one."""

    ticket: Annotated[str, text("ticket")]
    url: Annotated[str, text("url")]
    expires_in: Annotated[int, whole("expire_seconds")] = 0


@dataclass(frozen=True, slots=True)
class UserInfo:
    """A follower as the account sees them; only the first two are set for a non-follower."""

    openid: Annotated[str, text("openid")]
    is_subscribed: Annotated[bool, flag("subscribe")]
    unionid: Annotated[str, text("unionid")] = ""
    language: Annotated[str, text("language")] = ""
    remark: Annotated[str, text("remark")] = ""
    subscribed_at: Annotated[datetime | None, unix("subscribe_time")] = None
    subscribe_scene: Annotated[str, text("subscribe_scene")] = ""
    qr_scene: Annotated[str, text("qr_scene")] = ""
    qr_scene_str: Annotated[str, text("qr_scene_str")] = ""


@dataclass(frozen=True, slots=True)
class Followers:
    """One page of at most 10,000 openids; `next_openid` is empty on the last."""

    total: int
    openids: tuple[str, ...]
    next_openid: str


@dataclass(frozen=True, slots=True)
class Media:
    """A temporary upload, kept three days."""

    media_id: Annotated[str, text("media_id")]
    created_at: Annotated[datetime, unix("created_at")]


@dataclass(frozen=True, slots=True)
class Ping:
    """How one network of the platform's reached the server address; `loss` as it says it: `0%`."""

    address: Annotated[str, text("ip")]
    network: Annotated[str, text("from_operator")] = ""
    loss: Annotated[str, text("package_loss")] = ""


@dataclass(frozen=True, slots=True)
class Quota:
    """Calls of one API today."""

    daily_limit: Annotated[int, whole("quota.daily_limit")]
    used: Annotated[int, whole("quota.used")]
    remain: Annotated[int, whole("quota.remain")]


@dataclass(frozen=True, slots=True)
class WebLogin:
    """Who came back from the OAuth page.

    A snapshot user is no person: nothing may be created for one. The token is the person's own
    and has nothing to do with the account's.
    """

    openid: Annotated[str, text("openid")]
    access_token: Annotated[str, text("access_token")] = field(repr=False)
    scope: Annotated[str, text("scope")] = ""
    unionid: Annotated[str, text("unionid")] = ""
    is_snapshotuser: Annotated[bool, flag("is_snapshotuser")] = False


@dataclass(frozen=True, slots=True)
class WebUser:
    """A profile shown with the person's consent."""

    openid: Annotated[str, text("openid")]
    nickname: Annotated[str, text("nickname")] = ""
    avatar_url: Annotated[str, text("headimgurl")] = ""
    unionid: Annotated[str, text("unionid")] = ""


@dataclass(frozen=True, slots=True)
class MiniProgramLogin:
    """Who opened the mini-program; `session_key` must never reach a client."""

    openid: Annotated[str, text("openid")]
    session_key: Annotated[str, text("session_key")] = field(repr=False)
    unionid: Annotated[str, text("unionid")] = ""


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number the person agreed to show; `number` is without the country code."""

    number: Annotated[str, text("phone_info.purePhoneNumber")] = field(repr=False)
    country_code: Annotated[str, text("phone_info.countryCode")] = "86"
    appid: Annotated[str, text("phone_info.watermark.appid")] = ""
