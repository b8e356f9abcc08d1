"""Access tokens of both families and the JS ticket."""

import math

from simulator.api.calls import (
    ENDPOINTS,
    Answer,
    Call,
    count,
    count_call,
    credentials,
    endpoint,
    new_token,
)
from simulator.clock import shanghai_day
from simulator.errors import ApiError
from simulator.records import Account, Token
from simulator.workings import Pointer
from simulator.world import World

LIFE = 7200
_CALLER = "127.0.0.1"
_OVERLAP = 300
_FORCED_PER_DAY = 20
_FORCED_SPACING = 30


@endpoint("GET", "/cgi-bin/token", daily=2000, token=False)
def token(call: Call) -> Answer:
    """A new token each time; the one before works for five more minutes."""
    if call.query.get("grant_type") != "client_credential":
        raise ApiError(40002)
    account = credentials(call.world, call.query.get("appid", ""), call.query.get("secret", ""))
    _check_address(account)
    count_call(call.world, account, ENDPOINTS["/cgi-bin/token"])
    _retire(call.world, account.appid, "plain", _OVERLAP)
    fresh = _fresh(call.world, account.appid, "plain")
    return {"access_token": fresh.token, "expires_in": LIFE}


@endpoint("POST", "/cgi-bin/stable_token", daily=500_000, per_minute=10_000, token=False)
def stable_token(call: Call) -> Answer:
    """The same token while it is valid; `force_refresh` kills it."""
    if call.body.get("grant_type") != "client_credential":
        raise ApiError(40002)
    appid, secret = (str(call.body.get(name, "")) for name in ("appid", "secret"))
    account = credentials(call.world, appid, secret)
    _check_address(account)
    count_call(call.world, account, ENDPOINTS["/cgi-bin/stable_token"])
    if call.body.get("force_refresh") is True:
        _count_forced(call.world, account.appid)
        _retire(call.world, account.appid, "stable", 0)
    current = _current(call.world, account.appid, "stable")
    if current is None or current.expires_at - call.now <= _OVERLAP:
        _retire(call.world, account.appid, "stable", _OVERLAP)
        current = _fresh(call.world, account.appid, "stable")
    return {
        "access_token": current.token,
        "expires_in": math.ceil(current.expires_at - call.now),
    }


def _check_address(account: Account) -> None:
    """The allow-list of the account's console; everybody calls us from one address."""
    if account.allowed_ips and _CALLER not in account.allowed_ips:
        raise ApiError(40164, f"invalid ip {_CALLER} ipv6 ::ffff:{_CALLER}, not in whitelist")


@endpoint("GET", "/cgi-bin/ticket/getticket", daily=100_000)
def ticket(call: Call) -> Answer:
    """The account's JS ticket, the same while it is valid."""
    if call.query.get("type") != "jsapi":
        raise ApiError(40035, "type")
    appid = call.account.appid
    current = _current(call.world, appid, "jsapi") or _fresh(call.world, appid, "jsapi")
    left = math.ceil(current.expires_at - call.now)
    return {"errcode": 0, "errmsg": "ok", "ticket": current.token, "expires_in": left}


def invalidate(world: World, appid: str) -> int:
    """Make every access token of the account invalid at once; how many there were."""
    struck = 0
    for row in world.tokens:
        is_live = row.expires_at > world.now() and row.family in ("plain", "stable")
        if row.appid == appid and is_live:
            row.expires_at, row.is_superseded = 0.0, True
            world.tokens.save(row)
            struck += 1
    return struck


def _fresh(world: World, appid: str, family: str) -> Token:
    """A new token, from now on the current one of its family."""
    token = new_token(world, appid, family, LIFE)
    world.pointers.save(Pointer(f"token/{appid}/{family}", token.key))
    return token


def _current(world: World, appid: str, family: str) -> Token | None:
    pointer = world.pointers.find(f"token/{appid}/{family}")
    token = world.tokens.find(pointer.target) if pointer else None
    is_live = token and token.expires_at > world.now() and not token.is_superseded
    return token if is_live else None


def _retire(world: World, appid: str, family: str, overlap: float) -> None:
    """Let the current token of a family live `overlap` seconds more at most."""
    token = _current(world, appid, family)
    if token:
        token.is_superseded = True
        token.expires_at = min(token.expires_at, world.now() + overlap)
        world.tokens.save(token)


def _count_forced(world: World, appid: str) -> None:
    count(world, f"forced/{appid}/{shanghai_day(world.now())}", _FORCED_PER_DAY)
    last = world.counters.find(f"forced-at/{appid}")
    if last and world.now() - last.count < _FORCED_SPACING:
        raise ApiError(45011, "force_refresh")
    world.counters.drop(f"forced-at/{appid}")
    count(world, f"forced-at/{appid}", 1)
    world.counters.rows[f"forced-at/{appid}"].count = int(world.now())
