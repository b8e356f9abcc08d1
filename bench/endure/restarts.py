"""PostgreSQL is killed under load and comes back: what was acknowledged is there, and soon the next one is taken."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Final

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from bench.endure.ground import Ground, configured, expect, serving
from orders.models import SalesOrder
from tests.catalog.shelf import Wares, assert_stock_conserved, put_on_shelf
from tests.handlers.conftest import Desk, desk_of, platform_of
from tests.handlers.platform import Platform, text
from tests.orders.buyers import Buyer, add_buyer, place, plan
from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.db import db
from wx_backend.inbox import Push

PUSHERS, BUYERS = 4, 2
A_ROUND: Final = 5
LOAD_SECONDS: Final = (0.2, 1.2)
BACK_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 0.05
_MESSAGE: Final = re.compile(rb"<MsgId>\D*(\d+)")


def play(ground: Ground) -> None:
    """Load, a death, and again; every few deaths all that was acknowledged is looked up."""
    with PostgresServer(durable=True) as server:
        url = server.create_database("endure")
        migrate.upgrade(url=url)
        with serving(configured(url, ground.folder)) as app:
            crowd = Crowd(app, put_on_shelf(units=0), add_buyer())
            while not ground.is_over:
                with crowd.busy():
                    for _ in range(A_ROUND):
                        _death(ground, server, crowd)
                crowd.hold()
                ground.counts["rounds"] += 1
            ground.counts.update(crowd.counts())


def _death(ground: Ground, server: PostgresServer, crowd: "Crowd") -> None:
    random = Random(f"{ground.seed}/{ground.counts['restarts']}")  # noqa: S311 - to be played again
    time.sleep(random.uniform(*LOAD_SECONDS))
    server.crash()
    server.start()
    back, taken = time.monotonic(), crowd.taken
    while crowd.taken == taken and time.monotonic() - back < BACK_SECONDS:
        time.sleep(0.01)
    expect(f"a push taken within {BACK_SECONDS:.0f} s", crowd.taken > taken, True)
    ground.most("slowest_recovery_ms", 1_000 * (time.monotonic() - back))
    ground.counts["restarts"] += 1


@dataclass
class Crowd:
    """Who pushes and orders meanwhile, and what each was told."""

    app: Flask
    wares: Wares
    buyer: Buyer
    pushes: list[int] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)
    refused: int = 0
    failures: list[BaseException] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def taken(self) -> int:
        """How many pushes were acknowledged so far."""
        return len(self.pushes)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Everybody at once, each on a thread, for as long as the block takes."""
        self._over.clear()
        desk, city = desk_of(self.app), platform_of(self.app.extensions["wx_config"], "city")
        acts = [lambda: self._push(desk, city)] * PUSHERS + [self._order] * BUYERS
        threads = [threading.Thread(target=self._again, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def hold(self) -> None:
        """Everything that was acknowledged is there, once."""
        expect("what somebody ran into", self.failures, [])
        db.session.rollback()
        raws = db.session.scalars(select(Push.raw)).all()
        kept = [_MESSAGE.findall(raw or b"")[0] for raw in raws]
        sent = {number: str(text(number=number)["MsgId"]).encode() for number in self.pushes}
        there = {*kept}
        gone = [number for number, message in sent.items() if message not in there]
        expect("acknowledged pushes that are gone", gone, [])
        expect("pushes kept twice", len(kept) - len(there), 0)
        numbers = set(db.session.scalars(select(SalesOrder.number)))
        expect("acknowledged orders that are gone", set(self.orders) - numbers, set())
        assert_stock_conserved()

    def counts(self) -> dict[str, int]:
        """What was told to whom."""
        return {
            "acknowledged_pushes": len(self.pushes),
            "acknowledged_orders": len(self.orders),
            "refused": self.refused,
        }

    def _again(self, act: Callable[[], None]) -> None:
        try:
            while not self._over.is_set():
                with self.app.app_context():
                    act()
        except BaseException as failure:  # noqa: BLE001 - told by whoever looks after the crowd
            self.failures.append(failure)

    def _push(self, desk: Desk, city: Platform) -> None:
        number = next(self._numbers)
        if desk(city.safe(text(number=number))).status_code == 200:
            self.pushes.append(number)
        else:
            self._is_refused()

    def _is_refused(self) -> None:
        """Somebody is told to come again, and does."""
        self.refused += 1
        time.sleep(AGAIN_SECONDS)

    def _order(self) -> None:
        key = f"restart-{next(self._numbers)}"
        wish = self.buyer.wishes(plan(self.wares), key=key)
        try:
            number = place(wish).order.number
        except SQLAlchemyError:
            self._is_refused()
        else:
            self.orders.append(number)
