"""The frame around every API call: registry, parameters, access tokens, quotas, errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator import chaos
from simulator.clock import shanghai_day
from simulator.errors import ApiError
from simulator.records import JSON, Account, Contact, Token
from simulator.workings import Counter, Task
from simulator.world import World

OK: JSON = {"errcode": 0, "errmsg": "ok"}


@dataclass(frozen=True)
class File:
    """A file, uploaded or answered."""

    content: bytes
    content_type: str


@dataclass
class Call:
    """One request; `account` is whose token it carried, `caused` the pushes it set off."""

    world: World
    path: str
    query: Mapping[str, str]
    body: JSON
    file: File | None = None
    caused: list[Task] = field(default_factory=list)
    owner: Account | None = None
    note: JSON = field(default_factory=dict)

    @property
    def account(self) -> Account:
        if self.owner is None:
            raise ApiError(41001)
        return self.owner

    @property
    def now(self) -> float:
        return self.world.now()

    def text(self, name: str, missing: int = 40035) -> str:
        """A text field of the body; raises ApiError(47001) for another type."""
        value = self.body.get(name)
        if value is None or value == "":
            raise ApiError(missing, f"{name} missing")
        if not isinstance(value, str):
            raise ApiError(47001, f"{name} is not a string")
        return value

    def contact(self, openid: str) -> Contact:
        """The account's contact of this openid; raises ApiError(40003)."""
        contact = self.world.contacts.find(self.account.appid, openid)
        if contact is None:
            raise ApiError(40003)
        return contact


Answer = JSON | File
Run = Callable[[Call], Answer]


@dataclass(frozen=True)
class Endpoint:
    """How one path is called: its method, handler, daily and minute limits, and its key."""

    method: str
    path: str
    run: Run
    daily: int
    per_minute: int
    needs_token: bool


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
    method: str, path: str, *, daily: int = 0, per_minute: int = 0, token: bool = True
) -> Callable[[Run], Run]:
    """Register a call; limits of 0 mean none."""

    def register(run: Run) -> Run:
        ENDPOINTS[path] = Endpoint(method, path, run, daily, per_minute, token)
        return run

    return register


def perform(call: Call, method: str) -> Answer:
    """Carry out a call that has arrived; raises ApiError."""
    found = ENDPOINTS.get(call.path)
    if found is None:
        raise ApiError(40066)
    if found.method == "POST" and method != "POST":
        raise ApiError(43002)
    if found.method == "GET" and method not in ("GET", "POST"):
        raise ApiError(43001)
    if found.needs_token:
        call.owner = owner_of(call.world, call.query.get("access_token", ""))
        count_call(call.world, call.owner, found)
    return found.run(call)


def owner_of(world: World, token: str) -> Account:
    """Whose access token this is; raises ApiError 41001, 40014, 40001 or 42001."""
    if not token:
        raise ApiError(41001)
    if len(token) < 20 or not token.isascii() or " " in token:
        raise ApiError(40014)
    found = world.tokens.find(token)
    if found is None or found.family not in ("plain", "stable"):
        raise ApiError(40001)
    if found.expires_at <= world.now():
        raise ApiError(40001 if found.is_superseded else 42001)
    return world.accounts.rows[found.appid]


def credentials(world: World, appid: str, secret: str) -> Account:
    """The account whose secret was given; raises ApiError."""
    if not appid:
        raise ApiError(41002)
    account = world.accounts.find(appid)
    if account is None:
        raise ApiError(40013)
    if not secret:
        raise ApiError(41004)
    if account.is_secret_frozen:
        raise ApiError(40243)
    if secret != account.secret:
        raise ApiError(40125)
    return account


def daily_limit(account: Account, found: Endpoint) -> int:
    return account.limits.get(found.path, found.daily)


def count_call(world: World, account: Account, found: Endpoint) -> None:
    """Count one call of this account; raises ApiError(45009) past a limit."""
    limit = daily_limit(account, found)
    if limit or found.path in account.limits:
        count(world, _daily(world, account, found.path), limit)
    if found.per_minute:
        minute = int(world.now() // 60)
        count(world, f"minute/{account.appid}{found.path}/{minute}", found.per_minute)


def used_today(world: World, account: Account, path: str) -> int:
    counter = world.counters.find(_daily(world, account, path))
    return counter.count if counter else 0


def clear_today(world: World, account: Account, path: str) -> None:
    world.counters.drop(_daily(world, account, path))


def count(world: World, name: str, limit: int, refusal: int = 45009) -> None:
    """Add one to a counter; raises the refusal when the limit was used up."""
    counter = world.counters.find(name) or Counter(name)
    if counter.count >= limit:
        raise ApiError(refusal)
    counter.count += 1
    world.counters.save(counter)


def new_token(world: World, appid: str, family: str, life: float, **extra: Any) -> Token:
    now = world.now()
    text = f"{world.serial('token')}_{world.chance(130)}"
    return world.tokens.save(Token(text, appid, family, now, now + life, **extra))


def event_delay(call: Call) -> float:
    """How long after the answer the event comes; none when chaos wants the event first."""
    if chaos.fire(call.world, call.path, ("event_first",)):
        call.note["event_first"] = True
        return 0.0
    return call.world.settings.event_delay


def _daily(world: World, account: Account, path: str) -> str:
    return f"day/{account.appid}{path}/{shanghai_day(world.now())}"
