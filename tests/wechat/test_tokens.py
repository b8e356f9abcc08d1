"""One token at a time, whoever asks, however many ask at once."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from wechat.tokens import MemoryTokenStore, Token, TokenKeeper
from wx_backend.errors import PlatformError

WAIT = 60.0
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Platform:
    """Gives out numbered tokens of two hours, slowly enough for others to arrive meanwhile."""

    def __init__(self, delay: float = 0.0) -> None:
        self.fetches = 0
        self.now = NOW
        self.delay = delay
        self.asked, self.gate = threading.Event(), threading.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self._lock = threading.Lock()

    def fetch(self) -> Token:
        with self._lock:
            self.fetches += 1
            number = self.fetches
        self.asked.set()
        assert self.gate.wait(WAIT)
        time.sleep(self.delay)
        if self.failure:
            raise self.failure
        return Token(f"token-{number}", self.now + timedelta(seconds=7200))

    def keeper(self, store: MemoryTokenStore, wait_seconds: float = WAIT) -> TokenKeeper:
        return TokenKeeper(store, self.fetch, now=lambda: self.now, wait_seconds=wait_seconds)


def test_a_token_is_fetched_once_and_kept() -> None:
    platform = Platform()
    keeper = platform.keeper(MemoryTokenStore())
    assert [keeper.token() for _ in range(3)] == ["token-1"] * 3
    assert platform.fetches == 1


def test_a_cold_start_of_many_threads_in_many_processes_fetches_once() -> None:
    platform, store = Platform(delay=0.1), MemoryTokenStore()
    keepers = [platform.keeper(store) for _ in range(4)]  # each stands for a process
    with ThreadPoolExecutor(20) as threads:
        tokens = list(threads.map(lambda number: keepers[number % 4].token(), range(40)))
    assert set(tokens) == {"token-1"}
    assert platform.fetches == 1


def test_a_token_is_renewed_before_it_lapses() -> None:
    platform, store = Platform(), MemoryTokenStore()
    keeper = platform.keeper(store)
    keeper.token()
    platform.now += timedelta(seconds=6899)
    assert keeper.token() == "token-1"
    platform.now += timedelta(seconds=2)
    assert keeper.token() == "token-2"


def test_while_another_process_renews_the_old_token_still_serves() -> None:
    platform, store = Platform(), MemoryTokenStore()
    keeper = platform.keeper(store)
    keeper.token()
    platform.now += timedelta(seconds=7000)
    assert store.try_lease("another process", platform.now, 15)
    assert keeper.token() == "token-1"
    assert platform.fetches == 1


def test_while_another_thread_renews_the_old_token_still_serves() -> None:
    platform = Platform()
    keeper = platform.keeper(MemoryTokenStore())
    keeper.token()
    platform.now += timedelta(seconds=7000)
    platform.gate.clear()
    platform.asked.clear()
    with ThreadPoolExecutor(2) as others:
        renewing = others.submit(keeper.token)
        assert platform.asked.wait(WAIT)
        assert others.submit(keeper.token).result(WAIT / 2) == "token-1"
        assert not renewing.done()
        platform.gate.set()
        assert renewing.result() == "token-2"
    assert platform.fetches == 2


def test_the_lease_of_a_dead_process_runs_out() -> None:
    platform, store = Platform(), MemoryTokenStore()
    store.try_lease("dead", NOW, 15)
    keeper = platform.keeper(store, wait_seconds=0.2)
    with pytest.raises(PlatformError) as caught:
        keeper.token()
    assert caught.value.code == "token_unavailable"
    assert not caught.value.permanent
    platform.now += timedelta(seconds=16)
    assert keeper.token() == "token-1"


def test_a_holder_that_lost_its_lease_does_not_overwrite_the_newer_token() -> None:
    store = MemoryTokenStore()
    assert store.try_lease("slow", NOW, 15)
    assert store.try_lease("fast", NOW + timedelta(seconds=16), 15)
    assert store.write("fast", Token("new", NOW))
    assert not store.write("slow", Token("old", NOW))
    store.release("slow")
    assert store.read() == Token("new", NOW)


def test_a_refused_token_is_replaced_by_what_another_process_already_has() -> None:
    platform, store = Platform(), MemoryTokenStore()
    here, there = platform.keeper(store), platform.keeper(store)
    assert here.token() == there.token() == "token-1"
    assert here.replacement("token-1") == "token-2"
    assert there.replacement("token-1") == "token-2"
    assert platform.fetches == 2
    assert there.token() == "token-2"


def test_many_threads_replace_a_refused_token_with_one_fetch() -> None:
    platform = Platform(delay=0.05)
    keeper = platform.keeper(MemoryTokenStore())
    keeper.token()
    with ThreadPoolExecutor(20) as threads:
        tokens = list(threads.map(lambda _: keeper.replacement("token-1"), range(20)))
    assert set(tokens) == {"token-2"}
    assert platform.fetches == 2


def test_a_failed_fetch_leaves_the_lease_to_the_next() -> None:
    platform, store = Platform(), MemoryTokenStore()
    platform.failure = PlatformError("/cgi-bin/stable_token", "40164", permanent=True)
    with pytest.raises(PlatformError, match="40164"):
        platform.keeper(store).token()
    platform.failure = None
    assert platform.keeper(store).token() == "token-2"


def test_a_token_is_not_printed() -> None:
    assert "canary" not in repr(Token("canary", NOW))
