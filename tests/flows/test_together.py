"""What several threads have to do is done in lots; nobody waits for ever, nothing is done twice."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import monotonic, sleep

import pytest

from flows.arrival.together import MOST, Together

Do = Callable[[Sequence[int]], Sequence[int | None]]
WAIT = 60.0


class Counter:
    """Does items by doubling them; stops at its gate, if it is shut, with each lot."""

    def __init__(self) -> None:
        self.lots: list[list[int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Semaphore(0)

    def __call__(self, items: Sequence[int]) -> Sequence[int | None]:
        self.lots.append(list(items))
        self.reached.release()
        assert self.gate.wait(WAIT)
        return [2 * item for item in items]


def gathered(together: Together[int, int], count: int) -> None:
    """Wait until so many wait their turn."""
    end = monotonic() + WAIT
    while len(together._waiting) < count:
        assert monotonic() < end
        sleep(0.001)


def test_a_lone_item_is_done_at_once() -> None:
    counter = Counter()
    together = Together(counter, patience=WAIT)

    assert [together.done(1), together.done(2)] == [2, 4]
    assert counter.lots == [[1], [2]]


def test_who_comes_meanwhile_shares_the_next_lot() -> None:
    counter = Counter()
    together = Together(counter, patience=WAIT)
    counter.gate.clear()
    with ThreadPoolExecutor(9) as threads:
        first = threads.submit(together.done, 0)
        assert counter.reached.acquire(timeout=WAIT)
        others = [threads.submit(together.done, number) for number in range(1, 9)]
        gathered(together, 8)
        counter.gate.set()

        assert first.result(WAIT) == 0
        assert [other.result(WAIT) for other in others] == [2 * n for n in range(1, 9)]
    assert [sorted(lot) for lot in counter.lots] == [[0], list(range(1, 9))]


def test_a_crowd_is_done_each_once_in_lots_of_limited_size() -> None:
    counter = Counter()
    together = Together(counter, patience=WAIT)
    with ThreadPoolExecutor(2 * MOST) as threads:
        results = list(threads.map(together.done, range(1_000)))

    assert results == [2 * number for number in range(1_000)]
    assert sorted(item for lot in counter.lots for item in lot) == list(range(1_000))
    assert max(map(len, counter.lots)) <= MOST


def test_who_waits_too_long_for_a_turn_is_sent_away() -> None:
    counter = Counter()
    together = Together(counter, patience=0.05)
    counter.gate.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(together.done, 1)
        assert counter.reached.acquire(timeout=WAIT)

        assert threads.submit(together.done, 2).result(WAIT) is None
        counter.gate.set()
        assert first.result(WAIT) == 2
    assert counter.lots == [[1]]


def test_what_breaks_a_lot_breaks_only_whoever_did_it() -> None:
    class Broken(Exception):
        pass

    counter = Counter()

    def do(items: Sequence[int]) -> Sequence[int | None]:
        if 1 in items and counter(items):
            raise Broken
        return counter(items)

    together: Together[int, int] = Together(do, patience=WAIT)
    counter.gate.clear()
    with ThreadPoolExecutor(3) as threads:
        first: Future[int | None] = threads.submit(together.done, 1)
        assert counter.reached.acquire(timeout=WAIT)
        others = [threads.submit(together.done, number) for number in (2, 3)]
        gathered(together, 2)
        counter.gate.set()

        with pytest.raises(Broken):
            first.result(WAIT)
        assert [other.result(WAIT) for other in others] == [4, 6]
