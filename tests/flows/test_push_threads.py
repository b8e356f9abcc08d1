"""Threads beside the loop: whatever is done there, whoever waits for it is answered in time."""

import asyncio
import threading
from time import monotonic

import pytest

from flows.arrival.store import CouldNotStore
from flows.arrival.threads import Threads
from wx_backend.patience import left

WAIT = 60.0


def test_it_gives_what_was_done_and_knows_how_long_it_may_take() -> None:
    async def main() -> float | None:
        return await Threads(1).do(monotonic() + WAIT, left)

    seconds = asyncio.run(main())
    assert seconds is not None
    assert WAIT - 5 < seconds <= WAIT


def test_who_finds_no_thread_is_refused_when_his_time_is_over_and_nothing_is_done_for_him() -> None:
    gate, done = threading.Event(), list[int]()

    async def main() -> list[BaseException | None]:
        threads = Threads(1)
        first = asyncio.ensure_future(
            threads.do(monotonic() + WAIT, lambda: gate.wait(WAIT) and None)
        )
        waiting = [threads.do(monotonic() + 0.05, lambda: done.append(1)) for _ in range(8)]
        told = await asyncio.gather(*waiting, return_exceptions=True)
        gate.set()
        await first
        return told

    told = asyncio.run(main())
    assert {type(each) for each in told} == {CouldNotStore}
    assert not done


def test_what_takes_too_long_is_not_waited_for() -> None:
    gate = threading.Event()

    async def main() -> None:
        with pytest.raises(CouldNotStore):
            await Threads(1).do(monotonic() + 0.05, lambda: gate.wait(WAIT))
        gate.set()

    asyncio.run(main())
