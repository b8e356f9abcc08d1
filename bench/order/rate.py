"""How many orders a second become commission while the whole service, callers and database share this machine."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection
from typing import Final, LiteralString

import psycopg

from bench.callback.__main__ import cpu_seconds, production_server, serving
from bench.order.shop import Buyer, Send, Shop
from demo import processes
from demo.places import Places
from demo.supervisor import Supervisor
from demo.valkey import valkey

CALLERS: Final = 8
AT_WORK: Final = 3
"""Workers of what follows a payment: one is busy with one order at a time, and waits for its commits."""
UNDER_WAY_MOST: Final = 40
"""Orders that are not commission yet: callers wait then, so that what is counted is what comes out in the end."""
LOOK_EVERY: Final = 0.05
WARM_SECONDS: Final = 5.0
PATIENCE_SECONDS: Final = 60.0
_DONE: Final[LiteralString] = "SELECT count(*) FROM accrual"
_TOOK: Final[LiteralString] = """
    SELECT extract(epoch FROM percentile_cont(%s) WITHIN GROUP (ORDER BY a.accrued_at - o.placed_at)) * 1000
    FROM accrual a JOIN order_line l ON l.id = a.order_line_id JOIN sales_order o ON o.id = l.order_id
    WHERE a.accrued_at >= now() - make_interval(secs => %s)"""
_LEFT: Final[LiteralString] = """
    SELECT count(*) FROM job WHERE status <> 'done' AND due_at <= now()
    AND split_part(name, '.', 1) IN ('order', 'commission', 'fulfilment', 'message')"""


@dataclass(frozen=True, slots=True)
class Rate:
    """Orders a second, how long one took from its submit to its commission, and whose CPU that was."""

    per_second: float
    p50: float
    p99: float
    cpu_ms: Mapping[str, float]


@dataclass
class Callers:
    """People who look, order and pay, each over a connection of his own, as long as not too much is under way."""

    shop: Shop
    buyers: Sequence[Buyer]
    done: int = 0
    paid: int = 0
    failures: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def act(self, own: Sequence[Buyer]) -> None:
        """One caller until it is over."""
        number = 0
        try:
            while not self.over.is_set():
                if self._is_full():
                    time.sleep(LOOK_EVERY)
                    continue
                buyer = own[number % len(own)]
                self.shop.look(buyer)
                self.shop.buy(buyer)
                number += 1
        except BaseException as failure:  # noqa: BLE001 - told by whoever looks after the callers
            self.failures.append(failure)

    def _is_full(self) -> bool:
        """Whether to wait; if not, one more is under way."""
        with self._lock:
            if self.paid - self.done >= UNDER_WAY_MOST:
                return True
            self.paid += 1
            return False


@contextmanager
def service(places: Places) -> Iterator[tuple[int, Mapping[str, int]]]:
    """Every process of the service on a configuration; the port of the pages, and who is who."""
    with Supervisor() as supervisor:
        supervisor.start(valkey(places))
        workers, work = processes.workers(places), processes.workers(places)[0]
        more = (replace(work, name=f"{work.name}-{n}") for n in range(2, AT_WORK + 1))
        programs = (*workers, *more, processes.clock(places))
        for program in programs:
            supervisor.start(program)
        environment = processes.environment(places)
        with serving("web", "/", (*production_server(), "wsgi:app"), "--port", environment) as web:
            pids = {each.name: supervisor.pid(each.name) for each in programs}
            yield web.port, {"web": web.process.pid, "valkey": supervisor.pid("valkey"), **pids}


def over_http(port: int) -> Send:
    """Requests to a server here, over a connection of each thread's own."""
    local = threading.local()

    def send(method: str, path: str, headers: Mapping[str, str], raw: bytes) -> tuple[int, bytes]:
        connection: HTTPConnection | None = getattr(local, "connection", None)
        if connection is None:
            connection = local.connection = HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, raw or None, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read()

    return send


def measured(
    callers: Callers, connection: psycopg.Connection, pids: Mapping[str, int], seconds: float
) -> Rate:
    """Let them act for a while. SystemExit unless everything that was paid became commission in the end."""
    threads = [
        threading.Thread(target=callers.act, args=(callers.buyers[n::CALLERS],), daemon=True)
        for n in range(CALLERS)
    ]
    before = _count(connection, _DONE)
    for thread in threads:
        thread.start()
    _watched(callers, connection, before, WARM_SECONDS)
    used, began, done = _cpu(pids), time.monotonic(), callers.done
    _watched(callers, connection, before, seconds)
    took, more = time.monotonic() - began, callers.done - done
    spent = {name: 1_000 * (now - used[name]) / more for name, now in _cpu(pids).items()}
    p50, p99 = (float(_one(connection, _TOOK, share, took)) for share in (0.5, 0.99))
    callers.over.set()
    for thread in threads:
        thread.join()
    _finished(callers, connection, before)
    return Rate(more / took, p50, p99, spent)


def _watched(callers: Callers, connection: psycopg.Connection, before: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        callers.done = _count(connection, _DONE) - before
        if callers.failures:
            raise SystemExit(f"a caller ended: {callers.failures[0]!r}")
        time.sleep(LOOK_EVERY)


def _finished(callers: Callers, connection: psycopg.Connection, before: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while _count(connection, _DONE) - before < callers.paid or _count(connection, _LEFT):
        if time.monotonic() > end:
            raise SystemExit(f"{callers.paid} orders paid, {callers.done} became commission")
        time.sleep(LOOK_EVERY)


def _cpu(pids: Mapping[str, int]) -> dict[str, float]:
    """Of the callers this process's own alone: everybody else is started by it."""
    used = {name: cpu_seconds(pid) for name, pid in pids.items()}
    return {**used, "callers": time.process_time()}


def _count(connection: psycopg.Connection, query: LiteralString) -> int:
    return int(_one(connection, query))


def _one(connection: psycopg.Connection, query: LiteralString, *values: float) -> float:
    found = connection.execute(query, values).fetchone()
    assert found is not None  # noqa: S101 - an aggregate
    return float(found[0])
