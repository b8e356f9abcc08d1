"""`python -m bench.together [rounds] [seconds]`: storing pushes together beside storing each alone.

Both write the same by the same statement to one PostgreSQL with its default durability, from one
process: together on an event loop as the push door does, alone with a thread and a connection each.
"""

import asyncio
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import count
from pathlib import Path

import uvloop

from bench.callback.__main__ import cpu_seconds
from bench.callback.prepare import ACCOUNT, SCENE, prepared
from bench.goals import tell
from flows.arrival.connections import Idle
from flows.arrival.link import Link
from flows.arrival.lots import Lots
from flows.arrival.plan import Arrival
from flows.arrival.postgres import linked, made_ready, stored
from flows.arrival.rows import STATEMENT_MS
from flows.arrival.threads import Threads
from referral.values import Certainty, TouchKind
from tests.postgres import PostgresServer
from wx_backend.config import Config

WAITERS = (1, 8, 32)
GOALS = {1: 0.9, 8: None, 32: 1.3}
NOON = datetime(2026, 11, 21, 4, 0, 0, tzinfo=UTC)
Way = Callable[[int, Iterator[Arrival], float], int]
"""Stores arrivals for so many waiters and seconds; how many it stored."""


def main() -> None:
    """Run all rounds and print the ratios."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = Config.load(prepared(server, folder)).database.url
        loop = stack.enter_context(closing(uvloop.new_event_loop()))
        lots = stack.enter_context(closing(Lots(url, Threads(16))))
        links = stack.enter_context(closing(Idle(lambda: linked(url, statement_ms=STATEMENT_MS))))

        def together(waiters: int, coming: Iterator[Arrival], seconds: float) -> int:
            return loop.run_until_complete(_in_lots(lots, waiters, coming, seconds))

        def alone(waiters: int, coming: Iterator[Arrival], seconds: float) -> int:
            return _in_threads(links, waiters, coming, seconds)

        coming = arrivals()
        pairs: dict[int, list[list[Round]]] = {waiters: [] for waiters in WAITERS}
        for waiters in WAITERS:
            for number in range(rounds + 1):
                pair = [
                    _measured(waiters, way, coming, seconds if number else 0.5, server)
                    for way in (together, alone)
                ]
                if number:  # the first makes the connections and plans
                    pairs[waiters].append(pair)
            _print(waiters, pairs[waiters])


def arrivals() -> Iterator[Arrival]:
    """Scans, each of another person."""
    for number in count():
        yield Arrival(
            key=blake2b(number.to_bytes(8, "big"), digest_size=16).digest(),
            account=ACCOUNT.name,
            appid=ACCOUNT.appid,
            kind="event.SCAN",
            raw=b"x" * 420,
            reply="y" * 300,
            event_at=NOON,
            known_at=NOON,
            has_work=False,
            openid=f"o{number:027}",
            is_followed=True,
            touch_kind=TouchKind.SCAN,
            certainty=Certainty.PLATFORM,
            scene=SCENE,
        )


@dataclass(frozen=True)
class Round:
    """Pushes a second, and microseconds of CPU a push in this process and in the database."""

    rate: float
    own_us: float
    database_us: float


def _measured(
    waiters: int, way: Way, arrivals: Iterator[Arrival], seconds: float, server: PostgresServer
) -> Round:
    own, database = time.process_time(), cpu_seconds(server.pid)
    started = time.perf_counter()
    count = way(waiters, arrivals, seconds)
    elapsed = time.perf_counter() - started
    own, database = time.process_time() - own, cpu_seconds(server.pid) - database
    return Round(count / elapsed, 1e6 * own / count, 1e6 * database / count)


async def _in_lots(lots: Lots, waiters: int, arrivals: Iterator[Arrival], seconds: float) -> int:
    """How many pushes so many waiters stored together."""
    end = time.perf_counter() + seconds

    async def work() -> int:
        done = 0
        while time.perf_counter() < end:
            await lots.store(next(arrivals), until=time.monotonic() + seconds)
            done += 1
        return done

    return sum(await asyncio.gather(*(work() for _ in range(waiters))))


def _in_threads(
    links: Idle[Link], waiters: int, arrivals: Iterator[Arrival], seconds: float
) -> int:
    """How many pushes so many threads stored, each on its connection."""
    lock, end, counts = threading.Lock(), time.perf_counter() + seconds, [0] * waiters

    def work(place: int) -> None:
        while time.perf_counter() < end:
            with lock:
                arrival = next(arrivals)
            with links.one() as link:
                stored(link, [made_ready(arrival)])
            counts[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(waiters)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def _print(waiters: int, pairs: list[list[Round]]) -> None:
    for name, rounds in zip(("together", "alone"), zip(*pairs, strict=True), strict=True):
        rate, own, database = (
            statistics.median(getattr(each, field.name) for each in rounds)
            for field in fields(Round)
        )
        print(
            f"{waiters:3} waiters, {name:9} {rate:6.0f}/s, CPU {own:4.0f} us, database {database:4.0f} us"
        )
    ratios = [one.rate / other.rate for one, other in pairs]
    name = f"pushes stored together, {waiters} waiting: rate against each alone"
    tell(name, ratios, at_least=GOALS[waiters])


if __name__ == "__main__":
    main()
