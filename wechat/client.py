"""One account's calls to the platform: tokens, codes, users, menus, messages, media, quotas."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final, Literal

from wechat import bridge, login
from wechat.answers import (
    Followers,
    Media,
    MiniProgramLogin,
    PhoneNumber,
    Ping,
    QrCode,
    Quota,
    UserInfo,
    WebLogin,
    WebUser,
)
from wechat.caller import Caller, send, typed
from wechat.error_codes import NO_MENU, NO_SUCH_MENU
from wechat.tokens import Token, TokenKeeper, TokenStore
from wechat.transport import Transport
from wx_backend import clock
from wx_backend.errors import PlatformError

OFFICIAL_URL: Final = "https://api.weixin.qq.com"
STABLE_TOKEN: Final = "/cgi-bin/stable_token"  # noqa: S105 - a path, not a secret
TEMPORARY_CODE_SECONDS: Final = 2_592_000  # 30 days, the longest a temporary code lives


def access_token_keeper(
    *,
    appid: str,
    secret: str,
    store: TokenStore,
    transport: Transport,
    base_url: str = OFFICIAL_URL,
    now: Callable[[], datetime] = clock.now,
) -> TokenKeeper:
    """Keep an account's access token by `stable_token` in normal mode, which kills no other."""

    def fetch() -> Token:
        started = now()
        sent = _stable_token(transport, base_url, appid, secret)
        return _token(STABLE_TOKEN, sent, "access_token", started)

    return TokenKeeper(store, fetch, now=now)


def jsapi_ticket_keeper(
    *, caller: Caller, store: TokenStore, now: Callable[[], datetime] = clock.now
) -> TokenKeeper:
    """Keep an account's JS-SDK ticket, of which very few may be asked for."""
    path = "/cgi-bin/ticket/getticket"

    def fetch() -> Token:
        started = now()
        return _token(path, caller.call("GET", path, params={"type": "jsapi"}), "ticket", started)

    return TokenKeeper(store, fetch, now=now)


@dataclass(frozen=True)
class Client:
    """The API of one Official Account or mini-program.

    Every method is one remote call (two at most, when a token has to be renewed) and raises
    PlatformError when the platform refuses or cannot be reached.
    """

    appid: str
    secret: str = field(repr=False)
    keeper: TokenKeeper = field(repr=False)
    transport: Transport = field(repr=False)
    base_url: str = OFFICIAL_URL
    open_url: str = "https://open.weixin.qq.com"
    is_mini_program: bool = False

    @cached_property
    def caller(self) -> Caller:
        """The calls below this account's base URL, for what has no method here."""
        return Caller(self.base_url, self.transport, self.keeper)

    def check_credentials(self) -> None:
        """Have the platform check AppID, AppSecret and our address, whatever token is kept here.

        The token in use comes back and is not renewed.
        """
        _stable_token(self.transport, self.base_url, self.appid, self.secret)

    def pinged(self) -> list[Ping]:
        """Have the platform ping the host of the server address from each of its networks."""
        api = "/cgi-bin/callback/check"
        sent = self.caller.call("POST", api, body={"action": "ping", "check_operator": "DEFAULT"})
        return [typed(Ping, api, each) for each in sent.get("ping", ())]

    @cached_property
    def groups(self) -> Any:
        """wechatpy's API groups (`qrcode`, `user`, `menu`, `message`, `media`, `tag` ...)."""
        return bridge.groups(self.caller, self.appid)

    def create_qr(self, scene: str, *, expire_seconds: int | None) -> QrCode:
        """A code for a scene of 1 to 64 characters; None makes a permanent one, never to be undone.

        An account has 100,000 permanent codes in all. Raises ValueError for what the platform
        would refuse or shorten.
        """
        if not 1 <= len(scene) <= 64 or not scene.isascii():
            raise ValueError("a scene is 1 to 64 ASCII characters")
        wanted: dict[str, Any] = {"action_info": {"scene": {"scene_str": scene}}}
        if expire_seconds is None:
            wanted["action_name"] = "QR_LIMIT_STR_SCENE"
        elif 60 <= expire_seconds <= TEMPORARY_CODE_SECONDS:
            wanted |= {"action_name": "QR_STR_SCENE", "expire_seconds": expire_seconds}
        else:
            raise ValueError("a temporary code lives 60 seconds to 30 days")
        return typed(QrCode, "/cgi-bin/qrcode/create", self.groups.qrcode.create(wanted))

    def user_info(self, openid: str) -> UserInfo:
        """Who this is to the account, and by which code they came."""
        return typed(UserInfo, "/cgi-bin/user/info", self.groups.user.get(openid))

    def user_infos(self, openids: Sequence[str]) -> list[UserInfo]:
        """The same for up to 100 openids."""
        sent = self.groups.user.get_batch(list(openids))
        return [typed(UserInfo, "/cgi-bin/user/info/batchget", each) for each in sent]

    def followers(self, after: str = "") -> Followers:
        """One page of followers in the platform's order, after an openid.

        An answer that does not say how many there are is none: people would seem to have left.
        """
        sent = self.groups.user.get_followers(after or None)
        openids = (sent.get("data") or {}).get("openid", [])
        total, count = sent.get("total"), sent.get("count")
        if type(total) is not int or type(count) is not int or count != len(openids):
            raise PlatformError("/cgi-bin/user/get", "unreadable_answer", permanent=False)
        following = sent.get("next_openid", "") if openids else ""
        return Followers(total, tuple(openids), following)

    def create_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        """Replace the default menu."""
        self.groups.menu.create({"button": list(buttons)})

    def menu(self) -> dict[str, Any] | None:
        """The menus made by API, default and personalised; None without any."""
        try:
            sent: dict[str, Any] = self.groups.menu.get()
        except PlatformError as refusal:
            if refusal.code != str(NO_MENU):
                raise
            return None
        return sent

    def current_menu(self) -> dict[str, Any]:
        """The menu people see, also one made in the account's console."""
        return self.caller.call("GET", "/cgi-bin/get_current_selfmenu_info")

    def current_replies(self) -> dict[str, Any]:
        """The automatic replies set in the account's console."""
        return self.caller.call("GET", "/cgi-bin/get_current_autoreply_info")

    def add_personal_menu(
        self, buttons: Sequence[Mapping[str, Any]], rule: Mapping[str, Any]
    ) -> None:
        """Put a personalised menu before all others; there must be a default one."""
        body = {"button": list(buttons), "matchrule": dict(rule)}
        self.caller.call("POST", "/cgi-bin/menu/addconditional", body=body)

    def remove_personal_menu(self, menu_id: str) -> None:
        """Take one personalised menu away; one that is gone already is no fault."""
        try:
            self.caller.call("POST", "/cgi-bin/menu/delconditional", body={"menuid": menu_id})
        except PlatformError as refusal:
            if refusal.code != str(NO_SUCH_MENU):
                raise

    def templates(self) -> list[dict[str, Any]]:
        """The account's message templates; the call has a small daily limit of its own."""
        sent = self.caller.call("GET", "/cgi-bin/template/get_all_private_template")
        return list(sent.get("template_list", ()))

    def subscription_templates(self) -> list[dict[str, Any]]:
        """The account's templates of subscription notices."""
        return list(self.caller.call("GET", "/wxaapi/newtmpl/gettemplate").get("data", ()))

    def tags(self) -> dict[str, int]:
        """The account's tags: numbers by name."""
        sent = self.caller.call("GET", "/cgi-bin/tags/get")
        return {str(tag["name"]): int(tag["id"]) for tag in sent.get("tags", ())}

    def create_tag(self, name: str) -> int:
        """Make a tag of at most 30 characters; its number."""
        sent = self.caller.call("POST", "/cgi-bin/tags/create", body={"tag": {"name": name}})
        return int(sent["tag"]["id"])

    def rename_tag(self, tag_id: int, name: str) -> None:
        """Give a tag another name."""
        self.caller.call("POST", "/cgi-bin/tags/update", body={"tag": {"id": tag_id, "name": name}})

    def delete_tag(self, tag_id: int) -> None:
        """Take a tag from everybody and forget it; refused while more than 100,000 have it."""
        self.caller.call("POST", "/cgi-bin/tags/delete", body={"tag": {"id": tag_id}})

    def tagged(self, tag_id: int, after: str = "") -> Followers:
        """One page of the followers who have a tag, after an openid; `total` is of the page alone."""
        path, body = "/cgi-bin/user/tag/get", {"tagid": tag_id, "next_openid": after}
        sent = self.caller.call("POST", path, body=body)
        openids = (sent.get("data") or {}).get("openid", [])
        count = sent.get("count")
        if type(count) is not int or count != len(openids):
            raise PlatformError(path, "unreadable_answer", permanent=False)
        following = sent.get("next_openid", "") if openids else ""
        return Followers(count, tuple(openids), following)

    def tag_followers(self, tag_id: int, openids: Sequence[str]) -> None:
        """Give a tag to at most 50 followers; who has it keeps it."""
        self._tagged("batchtagging", tag_id, openids)

    def untag_followers(self, tag_id: int, openids: Sequence[str]) -> None:
        """Take a tag from at most 50 followers; who has it not is no fault."""
        self._tagged("batchuntagging", tag_id, openids)

    def _tagged(self, how: str, tag_id: int, openids: Sequence[str]) -> None:
        body = {"openid_list": list(openids), "tagid": tag_id}
        self.caller.call("POST", f"/cgi-bin/tags/members/{how}", body=body)

    def send_template(
        self,
        *,
        openid: str,
        template_id: str,
        data: Mapping[str, str],
        client_msg_id: str,
        url: str = "",
        mini_program: tuple[str, str] | None = None,
    ) -> str:
        """Send a template message; returns its msgid. Accepted is not delivered: the event tells.

        The same `client_msg_id` to the same person is sent once within ten minutes.
        `mini_program` is (appid, page path) and wins over `url`.
        """
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "client_msg_id": client_msg_id,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        if url:
            body["url"] = url
        if mini_program:
            body["miniprogram"] = dict(zip(("appid", "pagepath"), mini_program, strict=True))
        return str(self.caller.call("POST", "/cgi-bin/message/template/send", body=body)["msgid"])

    def send_subscription_notice(
        self, *, openid: str, template_id: str, data: Mapping[str, str], page: str = ""
    ) -> str | None:
        """Send a subscription notice, which uses one consent up; its msgid, if told."""
        body: dict[str, Any] = {
            "touser": openid,
            "template_id": template_id,
            "data": {name: {"value": value} for name, value in data.items()},
        }
        if page:
            body["page"] = page
        if self.is_mini_program:
            body |= {"miniprogram_state": "formal", "lang": "zh_CN"}
        how = "send" if self.is_mini_program else "bizsend"
        sent = self.caller.call("POST", f"/cgi-bin/message/subscribe/{how}", body=body)
        return str(sent["msgid"]) if "msgid" in sent else None

    def send_text(self, openid: str, content: str) -> None:
        """Send a customer-service text, inside the window that the person's last act opened."""
        self.groups.message.send_text(openid, content)

    def send_image(self, openid: str, media_id: str) -> None:
        """Send a customer-service image."""
        self.groups.message.send_image(openid, media_id)

    def upload_media(
        self,
        kind: Literal["image", "voice", "video", "thumb"],
        filename: str,
        content: bytes,
        content_type: str,
    ) -> Media:
        """Upload a temporary file, kept three days."""
        sent = self.groups.media.upload(kind, (filename, content, content_type))
        return typed(Media, "/cgi-bin/media/upload", sent)

    def quota(self, path: str) -> Quota:
        """Today's limit and use of one API; `path` starts with `/` and names no host."""
        api = "/cgi-bin/openapi/quota/get"
        return typed(Quota, api, self.caller.call("POST", api, body={"cgi_path": path}))

    def authorize_url(
        self,
        redirect_uri: str,
        state: str,
        scope: Literal["snsapi_base", "snsapi_userinfo"] = "snsapi_base",
    ) -> str:
        """Where to send a viewer to learn who it is; see `wechat.login.authorize_url`."""
        return login.authorize_url(
            appid=self.appid,
            redirect_uri=redirect_uri,
            state=state,
            scope=scope,
            open_url=self.open_url,
        )

    def exchange_code(self, code: str) -> WebLogin:
        """Exchange the code of an OAuth return, once."""
        return login.exchange_code(self.caller, appid=self.appid, secret=self.secret, code=code)

    def web_user(self, web_login: WebLogin) -> WebUser:
        """The profile of somebody who agreed on the OAuth page."""
        return login.web_user(self.caller, web_login)

    def code_to_session(self, js_code: str) -> MiniProgramLogin:
        """Exchange the code of `wx.login`, once."""
        return login.code_to_session(
            self.caller, appid=self.appid, secret=self.secret, js_code=js_code
        )

    def phone_number(self, code: str) -> PhoneNumber:
        """The number behind the code of the phone button, once."""
        return login.phone_number(self.caller, code)


def _stable_token(transport: Transport, base_url: str, appid: str, secret: str) -> dict[str, Any]:
    body = {
        "grant_type": "client_credential",
        "appid": appid,
        "secret": secret,
        "force_refresh": False,
    }
    return send(transport, base_url + STABLE_TOKEN, method="POST", body=body)


def _token(path: str, sent: Mapping[str, Any], name: str, started: datetime) -> Token:
    value, seconds = sent.get(name), sent.get("expires_in")
    if not (value and isinstance(value, str) and isinstance(seconds, int)):
        raise PlatformError(path, "unreadable_answer", permanent=False)
    return Token(value, started + timedelta(seconds=seconds))
