"""People who look at pages: each asks, reads for a while, and asks for the next."""

import heapq
import random
import selectors
import time
from collections.abc import Sequence
from typing import Final

from bench.callback.load import Client, Run

THINKING_SECONDS: Final = 1.0
SEED: Final = 7


def browse(
    address: tuple[str, int], requests: Sequence[bytes], *, users: int, seconds: float
) -> Run:
    """So many people, a second of thinking between the pages; what each looks at is left to chance."""
    chance = random.Random(SEED)  # noqa: S311 - nothing is to be kept secret
    people = [Client(address) for _ in range(users)]
    run, started = Run(seconds), time.perf_counter()
    end = started + seconds
    # Nobody begins at the same moment.
    asks_at = [
        (started + chance.random() * THINKING_SECONDS, number) for number in range(len(people))
    ]
    heapq.heapify(asks_at)
    with selectors.DefaultSelector() as selector:
        for number, each in enumerate(people):
            selector.register(each.socket, selectors.EVENT_READ, number)
        while time.perf_counter() < end:
            while asks_at and asks_at[0][0] <= time.perf_counter():
                people[heapq.heappop(asks_at)[1]].send(chance.choice(requests))
            wait = (asks_at[0][0] if asks_at else end) - time.perf_counter()
            for key, _ in selector.select(timeout=max(0.0, min(wait, 0.5))):
                if _has_answered(people[key.data], run):
                    rest = chance.expovariate(1 / THINKING_SECONDS)
                    heapq.heappush(asks_at, (time.perf_counter() + rest, key.data))
    run.seconds = time.perf_counter() - started
    for each in people:
        each.socket.close()
    return run


def _has_answered(person: Client, run: Run) -> bool:
    good = person.reply()
    if good is None:
        return False
    if good:
        run.latencies.append(time.perf_counter() - person.started)
    else:
        run.bad += 1
    return True
