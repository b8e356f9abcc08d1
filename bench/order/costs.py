"""What each step of an order costs, round by round, and its rows alone beside it."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import Flask

from bench.callback.__main__ import cpu_seconds
from bench.order.asked import COMMITS, EMPTY, STATEMENTS
from bench.order.floor import Floor
from bench.order.peer import Customers
from bench.order.shop import Buyer, Shop, follow_up, hold_that_all_came_of_it
from referral.proofs import chain_receipts
from tests.postgres import PostgresServer
from wx_backend import clock, outbox
from wx_backend.db import retried
from wx_backend.worker import drain_queue

Step = tuple[str, Callable[[], object]]
Value = TypeVar("Value")
LOOKED: Final = "look at the phone"


@dataclass(frozen=True, slots=True)
class Spent:
    """What something cost an order: milliseconds of CPU here and in the database, and what was asked of it."""

    own: float
    database: float
    statements: float = 0.0
    commits: float = 0.0
    empty: float = 0.0

    @property
    def cpu(self) -> float:
        return self.own + self.database

    def __add__(self, other: "Spent") -> "Spent":
        pairs = zip(self.columns, other.columns, strict=True)
        return Spent(*(mine + its for mine, its in pairs))

    @property
    def columns(self) -> tuple[float, float, float, float, float]:
        return self.own, self.database, self.statements, self.commits, self.empty


@dataclass(frozen=True, slots=True)
class Round:
    """The steps of a round by name, its rows alone (how many an order, at what cost), and the peer."""

    steps: Mapping[str, Spent]
    rows: float
    floor: Spent
    peer: Spent

    @property
    def whole(self) -> Spent:
        """An order from its submit to the last call; the page before it is no part of it."""
        spent = (each for name, each in self.steps.items() if name != LOOKED)
        return sum(spent, Spent(0, 0))


@dataclass(frozen=True, slots=True)
class Till:
    """Who buys where, and what counts what that costs."""

    app: Flask
    server: PostgresServer
    shop: Shop
    buyers: Sequence[Buyer]
    peer: Customers
    asked: Counter[str]

    def round(self, floor: Floor) -> Round:
        """An order of everybody, each step for all of them before the next; their rows alone; the peer."""
        since = floor.now()
        orders: list[str] = []
        steps = {name: self._measured(step) for name, step in self._steps(orders)}
        hold_that_all_came_of_it(self.app, orders)
        rows = floor.written_since(since)
        commits = sum(each.commits - each.empty for each in steps.values())
        together = round(commits * len(self.buyers))
        alone = self._measured(lambda: floor.write(rows, commits=together))
        told = Spent(alone.own, alone.database, commits=commits)
        return Round(steps, len(rows) / len(self.buyers), told, self._of_peer())

    def alone(self, buyer: Buyer) -> float:
        """One order with nobody else about, from its submit until nothing is left to do; in milliseconds."""
        started = time.perf_counter()
        self.shop.buy(buyer)
        follow_up(self.app)
        return 1_000 * (time.perf_counter() - started)

    def _steps(self, orders: list[str]) -> Iterator[Step]:
        shop, people = self.shop, self.buyers
        yield LOOKED, lambda: _each(shop.look, people)
        yield "submit", lambda: orders.extend(map(shop.order, people))
        numbers: list[str] = []
        yield "pay: prepay and sheet", lambda: numbers.extend(map(shop.pay, people, orders))
        said = [*map(shop.notice, people, numbers)]
        yield "notice", lambda: _each(shop.tell, said)
        yield "settle and what follows", lambda: drain_queue(self.app, outbox.WORK)
        yield "messages", lambda: drain_queue(self.app, outbox.CALL)
        yield "receipts chained", self._chain

    def _of_peer(self) -> Spent:
        peer, people = self.peer, self.buyers
        numbers: list[str] = []
        placed = self._measured(lambda: numbers.extend(map(peer.order_and_ask, range(len(people)))))
        said = [*map(self.shop.notice, people, numbers)]
        return placed + self._measured(lambda: _each(peer.tell, said))

    def _chain(self) -> None:
        with self.app.app_context():
            retried(lambda: chain_receipts(now=clock.now()))

    def _measured(self, step: Callable[[], object]) -> Spent:
        asked = self.asked.copy()
        own, database = time.process_time(), cpu_seconds(self.server.pid)
        step()
        own, database = time.process_time() - own, cpu_seconds(self.server.pid) - database
        more = [self.asked[each] - asked[each] for each in (STATEMENTS, COMMITS, EMPTY)]
        spent = [1_000 * own, 1_000 * database, *more]
        return Spent(*(each / len(self.buyers) for each in spent))


def _each(act: Callable[[Value], None], values: Iterable[Value]) -> None:
    for value in values:
        act(value)
