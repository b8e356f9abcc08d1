"""The authorisation page that WeChat opens before it shows an account's web page."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from simulator.api.oauth import new_pass
from simulator.errors import Refused
from simulator.records import Account
from simulator.world import World

PERSON_COOKIE = "sim_person"
_ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
_SCOPES = ("snsapi_base", "snsapi_userinfo")


def blueprint(world: World) -> Blueprint:
    """`/connect/oauth2/authorize`, for whoever holds the phone."""
    page = Blueprint("authorize", __name__)

    @page.get("/connect/oauth2/authorize")
    def authorize() -> AnyResponse:
        pairs = parse_qsl(request.query_string.decode(), keep_blank_values=True)
        asked = [(name, value) for name, value in pairs if name != "_sim_person"]
        name = request.args.get("_sim_person") or request.cookies.get(PERSON_COOKIE, "")
        try:
            with world.acting():
                return redirect(_target(world, asked, name))
        except Refused as error:
            return Response(_page(str(error)), 400, content_type="text/html; charset=utf-8")

    return page


def _target(world: World, asked: list[tuple[str, str]], name: str) -> str:
    """Where the browser goes on with code and state; raises Refused with what WeChat shows."""
    names = [name for name, _ in asked if name in _ORDER]
    if names not in (_ORDER, _ORDER[:-1]):
        raise Refused("参数错误：链接的参数缺失或顺序不对")
    values = dict(asked)
    account = world.accounts.find(values["appid"])
    if account is None:
        raise Refused("appid 参数错误，错误码：10013")
    if not is_own_page(account, values["redirect_uri"]):
        raise Refused("redirect_uri 域名与后台配置不一致，错误码：10003")
    scope = values["scope"]
    if values["response_type"] != "code" or scope not in _SCOPES:
        raise Refused("Scope 参数错误或没有 Scope 权限，错误码：10005")
    if len(values.get("state", "").encode()) > 128:
        raise Refused("state 参数过长")
    if name not in world.people.rows:
        raise Refused("请在微信客户端打开链接")
    return _returned(values, _code(world, account, name, scope))


def _code(world: World, account: Account, name: str, scope: str) -> str:
    if account.is_snapshot and scope == "snsapi_userinfo":
        virtual = "o" + world.chance(27)
        made = new_pass(world, "oauth", account.appid, virtual, scope=scope, is_snapshot=True)
    else:
        openid = world.contact(account.appid, name).openid
        made = new_pass(world, "oauth", account.appid, openid, scope=scope)
    return made.code


def is_own_page(account: Account, url: str) -> bool:
    """Whether the host is exactly the configured one, port included when the setting has one."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.netloc if ":" in account.oauth_domain else parts.hostname
    return parts.scheme in ("http", "https") and host == account.oauth_domain


def _returned(values: dict[str, str], code: str) -> str:
    url = values["redirect_uri"].partition("#")[0]
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}{urlencode({'code': code, 'state': values.get('state', '')})}"


def _page(text: str) -> str:
    return f"<!doctype html><meta charset=utf-8><title>微信</title><p>{text}</p>"
