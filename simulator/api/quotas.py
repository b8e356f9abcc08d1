"""Asking for and resetting quotas, the platform's own addresses, and its way to ours."""

import socket
from urllib.parse import urlsplit

from simulator.api.calls import (
    ENDPOINTS,
    OK,
    Answer,
    Call,
    clear_today,
    count,
    credentials,
    daily_limit,
    endpoint,
    used_today,
)
from simulator.clock import shanghai_day
from simulator.errors import ApiError

_CLEARS_PER_MONTH = 10
_CHECKS = ("dns", "ping", "all")
_NETWORKS = ("CHINANET", "UNICOM", "CAP")
_OPERATORS = (*_NETWORKS, "DEFAULT")


@endpoint("POST", "/cgi-bin/openapi/quota/get")
def quota(call: Call) -> Answer:
    path = call.text("cgi_path", missing=76021)
    found = ENDPOINTS.get(path)
    if found is None:
        raise ApiError(76021)
    limit = daily_limit(call.account, found)
    used = used_today(call.world, call.account, path)
    return {
        **OK,
        "quota": {"daily_limit": limit, "used": used, "remain": max(0, limit - used)},
        "rate_limit": {"call_count": found.per_minute or 2_000, "refresh_second": 60},
        "component_rate_limit": {"call_count": 0, "refresh_second": 0},
    }


@endpoint("POST", "/cgi-bin/clear_quota")
def clear(call: Call) -> Answer:
    """Start every daily count of the account again, at most ten times a month."""
    if call.text("appid", missing=41002) != call.account.appid:
        raise ApiError(40013)
    return _clear(call)


@endpoint("POST", "/cgi-bin/clear_quota/v2", token=False)
def clear_by_secret(call: Call) -> Answer:
    appid, secret = (str(call.body.get(name, "")) for name in ("appid", "appsecret"))
    call.owner = credentials(call.world, appid, secret)
    return _clear(call)


@endpoint("GET", "/cgi-bin/getcallbackip")
def callback_addresses(_call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


@endpoint("POST", "/cgi-bin/callback/check")
def check_callback(call: Call) -> Answer:
    """Look the host of the account's server address up, and knock at it in place of a ping."""
    if call.body.get("action") not in _CHECKS:
        raise ApiError(40202)
    if call.body.get("check_operator") not in _OPERATORS:
        raise ApiError(40203)
    parts = urlsplit(call.account.callback_url)
    if not parts.hostname:
        raise ApiError(40201)
    address = {"ip": parts.hostname}
    loss = "0%" if _is_open(parts.hostname, parts.port or 80) else "100%"
    dns = [{**address, "real_operator": "DEFAULT"}]
    ping = [{**address, "from_operator": name, "package_loss": loss} for name in _NETWORKS]
    wanted = call.body["action"]
    return {
        name: found for name, found in (("dns", dns), ("ping", ping)) if wanted in (name, "all")
    }


def _is_open(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


@endpoint("GET", "/cgi-bin/get_api_domain_ip")
def api_addresses(_call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


def _clear(call: Call) -> Answer:
    month = shanghai_day(call.now)[:7]
    count(call.world, f"clear/{call.account.appid}/{month}", _CLEARS_PER_MONTH, 48006)
    for path in ENDPOINTS:
        clear_today(call.world, call.account, path)
    return OK
