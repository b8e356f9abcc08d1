"""Keeping access tokens and tickets: one refresh at a time, over all threads and processes."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from wx_backend import clock
from wx_backend.errors import PlatformError

EARLY_SECONDS: Final = 300  # the platform renews in the last five minutes; old and new both work
LEASE_SECONDS: Final = 15
WAIT_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Token:
    """A token or ticket (up to 512 characters) and the instant (aware UTC) it lapses."""

    value: str = field(repr=False)
    expires_at: datetime


class TokenStore(Protocol):
    """Where all processes find one account's token of one kind: a row with a lease.

    Each method is one short transaction of its own.
    """

    def read(self) -> Token | None:
        """The stored token, lapsed or not."""

    def try_lease(self, holder: str, now: datetime, seconds: int) -> bool:
        """Take the right to refresh; False while another holder's lease runs."""

    def write(self, holder: str, token: Token) -> bool:
        """Store a token and give the lease up; False if the lease is another holder's by now."""

    def release(self, holder: str) -> None:
        """Give the lease up after a failure; nothing happens if it is not this holder's."""


class MemoryTokenStore:
    """A token store within one process: tests, and tools that run alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._holder: str | None = None
        self._until: datetime | None = None

    def read(self) -> Token | None:
        return self._token

    def try_lease(self, holder: str, now: datetime, seconds: int) -> bool:
        with self._lock:
            if self._holder not in (None, holder) and self._until and now < self._until:
                return False
            self._holder, self._until = holder, now + timedelta(seconds=seconds)
            return True

    def write(self, holder: str, token: Token) -> bool:
        with self._lock:
            if self._holder != holder:
                return False
            self._token, self._holder, self._until = token, None, None
            return True

    def release(self, holder: str) -> None:
        with self._lock:
            if self._holder == holder:
                self._holder = self._until = None


class TokenKeeper:
    """Hands out a working token and refreshes it early, with one call in flight at most.

    `fetch` asks the platform in normal mode (which never kills a token in use) and may raise
    PlatformError. The call happens outside any transaction, under the store's lease.
    """

    def __init__(
        self,
        store: TokenStore,
        fetch: Callable[[], Token],
        *,
        now: Callable[[], datetime] = clock.now,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._store = store
        self._fetch = fetch
        self._now = now
        self._wait_seconds = wait_seconds
        self._holder = uuid.uuid4().hex
        self._in_process = threading.Lock()
        self._known: Token | None = None

    def token(self) -> str:
        """A token that should work now. Raises PlatformError when none can be had in time."""
        known = self._known
        if known and self._is_fresh(known):
            return known.value
        stored = self._known = self._store.read()
        if stored and self._is_fresh(stored):
            return stored.value
        return self._refreshed(bad=None)

    def replacement(self, bad: str) -> str:
        """A token instead of one the platform refused; another process may have it already."""
        stored = self._known = self._store.read()
        if stored and stored.value != bad and self._is_alive(stored):
            return stored.value
        return self._refreshed(bad=bad)

    def _refreshed(self, bad: str | None) -> str:
        """Fetch under the lease, or use what the holder of the lease brings home."""
        deadline = time.monotonic() + self._wait_seconds
        while (left := deadline - time.monotonic()) > 0:
            stored = self._store.read()
            works = stored and stored.value != bad and self._is_alive(stored)
            if self._in_process.acquire(timeout=0 if works else left):
                try:
                    renewed = self._renewed(bad)
                finally:
                    self._in_process.release()
                if renewed:
                    return renewed.value
            if stored and works:
                return stored.value  # somebody renews it; until then it serves
            time.sleep(_POLL_SECONDS)
        raise PlatformError("token", "token_unavailable", permanent=False)

    def _renewed(self, bad: str | None) -> Token | None:
        """What another renewed meanwhile, or a token fetched; None while another has the lease."""
        stored = self._store.read()
        if stored and stored.value != bad and self._is_fresh(stored):
            self._known = stored
            return stored
        if not self._store.try_lease(self._holder, self._now(), LEASE_SECONDS):
            return None
        return self._fetched()

    def _fetched(self) -> Token:
        try:
            token = self._fetch()
        except BaseException:
            self._store.release(self._holder)
            raise
        self._store.write(self._holder, token)
        self._known = token
        return token

    def _is_fresh(self, token: Token) -> bool:
        return token.expires_at - timedelta(seconds=EARLY_SECONDS) > self._now()

    def _is_alive(self, token: Token) -> bool:
        return token.expires_at > self._now()
