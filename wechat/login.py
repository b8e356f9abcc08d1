"""Who is there: web OAuth for pages in WeChat, login and phone number for the mini-program.

These calls bear the app secret or a person's code, never the account's access token (the phone
number apart).
"""

from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from wechat.answers import MiniProgramLogin, PhoneNumber, WebLogin, WebUser
from wechat.caller import Caller, typed

STATE_BYTES: Final = 128


def authorize_url(
    *,
    appid: str,
    redirect_uri: str,
    state: str,
    scope: Literal["snsapi_base", "snsapi_userinfo"] = "snsapi_base",
    open_url: str = "https://open.weixin.qq.com",
) -> str:
    """The address that asks WeChat who the viewer is; the order of its parameters is checked there.

    `state` is at most 128 ASCII letters and digits, bound to the viewer's session by the caller.
    Raises ValueError for another one.
    """
    if not (state.isascii() and state.isalnum() and len(state) <= STATE_BYTES):
        raise ValueError("state is 1 to 128 ASCII letters and digits")
    query = urlencode(
        {
            "appid": appid,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "scope": scope,
            "state": state,
        }
    )
    return f"{open_url}/connect/oauth2/authorize?{query}#wechat_redirect"


def exchange_code(caller: Caller, *, appid: str, secret: str, code: str) -> WebLogin:
    """Exchange the code of an OAuth return, once: it lives five minutes and works once.

    Raises PlatformError (40029 wrong code, 40163 used code).
    """
    path = "/sns/oauth2/access_token"
    params = {"appid": appid, "secret": secret, "code": code, "grant_type": "authorization_code"}
    return typed(WebLogin, path, caller.open_call("GET", path, params=params))


def web_user(caller: Caller, login: WebLogin) -> WebUser:
    """The profile of somebody who agreed on the OAuth page. Raises PlatformError."""
    path = "/sns/userinfo"
    params = {"access_token": login.access_token, "openid": login.openid, "lang": "zh_CN"}
    return typed(WebUser, path, caller.open_call("GET", path, params=params))


def code_to_session(caller: Caller, *, appid: str, secret: str, js_code: str) -> MiniProgramLogin:
    """Exchange the code of `wx.login`, once.

    Raises PlatformError (40029 wrong, 40163 used, 40226 blocked as high risk, 45011 too often).
    """
    path = "/sns/jscode2session"
    params: Mapping[str, Any] = {
        "appid": appid,
        "secret": secret,
        "js_code": js_code,
        "grant_type": "authorization_code",
    }
    return typed(MiniProgramLogin, path, caller.open_call("GET", path, params=params))


def phone_number(caller: Caller, code: str) -> PhoneNumber:
    """The number behind the code of the phone button (not the login code), once.

    Each success costs the account 0.03 yuan. Raises PlatformError.
    """
    path = "/wxa/business/getuserphonenumber"
    return typed(PhoneNumber, path, caller.call("POST", path, body={"code": code}))
