"""How often strangers may call what costs us something: a fixed window per address and browser.

Counted in Redis for all processes together; while Redis is away each process counts for itself.
Nothing but a count too high ever stops a request.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from time import monotonic
from typing import TYPE_CHECKING, Final

from flask import Flask, current_app, request, session
from prometheus_client import Counter

from wx_backend import clock
from wx_backend.config import Config
from wx_backend.errors import TooMany
from wx_backend.strangers import client_address, network_of

if TYPE_CHECKING:  # Redis is loaded by the first call
    from redis import Redis

log = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
WAIT_SECONDS: Final = 0.2
PAUSE_SECONDS: Final = 5.0
ENTRIES_MAX: Final = 50_000
LIMITED: Final[Mapping[tuple[str, str], str]] = {
    ("POST", "storefront.banners.tap"): "touch",
    ("POST", "storefront.cart.change"): "touch",
    ("POST", "storefront.cart.change_by_form"): "touch",
    ("POST", "storefront.cart.put"): "touch",
    ("POST", "storefront.links.touch"): "touch",
    ("POST", "storefront.posters.create"): "share",
    ("POST", "storefront.sharing.create"): "share",
    ("POST", "storefront.programs.launch"): "touch",
    ("POST", "storefront.programs.sign_in"): "program",
    ("GET", "storefront.sign_in.begin"): "login",
    ("POST", "console.account.begin_factor"): "console",
    ("POST", "console.account.codes"): "console",
    ("POST", "console.account.confirm_factor"): "console",
    ("POST", "console.account.drop"): "console",
    ("POST", "console.account.new_password"): "console",
    ("POST", "console.sign_in.enter"): "console",
    ("POST", "console.sign_in.enter_code"): "console",
    ("POST", "storefront.phone.send"): "code",
    ("POST", "storefront.numbers.hold"): "number",
}
ASKED: Final = frozenset({"phone"})
"""Limits of what a route alone does not tell: see `hold_to`."""
REFUSED: Final = Counter("wx_limited", "Calls refused because there were too many", ["limit"])


class LocalCounts:
    """Counts of one process, in the window they were last asked about."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._window = 0
        self._lock = threading.Lock()

    def add(self, key: str, window: int) -> int:
        """One more in this window; how many there are."""
        with self._lock:
            if window != self._window or len(self._counts) >= ENTRIES_MAX:
                self._counts, self._window = {}, window
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]


class Counts:
    """Counts of all processes; of this one alone while Redis does not answer."""

    def __init__(self, url: str | None) -> None:
        self._url = url
        self._local = LocalCounts()
        self._redis: Redis | None = None
        self._away_until = 0.0

    def add(self, key: str, window: int) -> int:
        """One more in this window; how many there are. Never raises, and never waits for long."""
        if self._url is None or monotonic() < self._away_until:
            return self._local.add(key, window)
        try:
            return self._shared(key, window)
        except Exception as error:  # noqa: BLE001 - whatever ails Redis, people are served
            self._away_until = monotonic() + PAUSE_SECONDS
            log.warning("limits counted here alone", extra={"error": type(error).__name__})
            return self._local.add(key, window)

    def _shared(self, key: str, window: int) -> int:
        name = f"wx:limit:{window}:{key}"
        with self._connection().pipeline(transaction=False) as pipeline:
            pipeline.incr(name)
            pipeline.expire(name, 2 * WINDOW_SECONDS)
            return int(pipeline.execute()[0])

    def _connection(self) -> "Redis":
        if self._redis is None:
            from redis import Redis  # 0.1 s: not at import
            from redis.backoff import NoBackoff
            from redis.retry import Retry

            self._redis = Redis.from_url(
                self._url or "",
                socket_timeout=WAIT_SECONDS,
                socket_connect_timeout=WAIT_SECONDS,
                retry=Retry(NoBackoff(), 0),
            )
        return self._redis


def install(app: Flask, config: Config) -> None:
    """Hold every call of a limited route against its limits before it is answered."""
    counts = Counts(config.redis.url)
    app.extensions["wx_limits"] = counts
    for limit in {*LIMITED.values(), *ASKED}:
        REFUSED.labels(
            limit
        )  # at 0 from the start: Prometheus sees no growth in what was not there

    def check() -> None:
        name = LIMITED.get((request.method, request.endpoint or ""))
        if name is not None:
            browser = session.get("csrf_token") or session.get(
                "identity"
            )  # a program has no page's token
            _check(config, counts, name, browser, clock.now())

    app.before_request(check)


def hold_to(name: str, who: str) -> None:
    """Count one more call of somebody who is known, whatever his browser. Raises TooMany."""
    config: Config = current_app.extensions["wx_config"]
    _check(config, current_app.extensions["wx_limits"], name, who, clock.now())


def _check(config: Config, counts: Counts, name: str, whose: object, now: datetime) -> None:
    """Raises TooMany, with the seconds until the next window begins."""
    limit = config.guard.limits[name]
    window, gone = divmod(int(now.timestamp()), WINDOW_SECONDS)
    asked = ((network_of(client_address()), limit.address), (whose, limit.session))
    for who, most in asked:
        if who and counts.add(_key(config, name, str(who)), window) > most:
            REFUSED.labels(name).inc()
            raise TooMany(retry_after=WINDOW_SECONDS - gone)


def _key(config: Config, name: str, who: str) -> str:
    """Who calls, not to be read in Redis."""
    key = config.service.secret_key.encode()[:64]
    return blake2b(f"{name}:{who}".encode(), key=key, digest_size=12).hexdigest()
