"""`python -m bench.growth [orders ...]`: what a push, an order and a message cost as the tables grow.

One PostgreSQL, a year of so many orders in a database each, one after the other on one connection; of the year the
rows that these acts meet, which makes 10,000,000 orders (`python -m bench.growth 10000 10000000`) fit an ordinary disk. Per
act the CPU of this process and of the database, and the time; rounds in turn over the sizes. A push is stored as
the door stores it; an order goes all the way of `bench.order`, from its submit to commission and the buyer's message;
a message is sent. WeChat answers at once, from a process of its own.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Final

from flask import Flask
from sqlalchemy import update

from bench.callback.__main__ import cpu_seconds
from bench.goals import tell
from bench.order.pretend import pretending
from bench.order.shop import (
    Buyer,
    Shop,
    buyers,
    follow_up,
    hold_that_all_came_of_it,
    opened,
    written,
)
from bench.together import arrivals
from bench.year.filling import FIRST_ID, fill
from bench.year.rows import TRADE
from bench.year.server import large_server
from flows.arrival.lots import Lots
from flows.arrival.plan import Arrival
from flows.arrival.threads import Threads
from flows.messages import send_message
from templates_msg.models import MessageKind
from templates_msg.operations import Draft
from tests.jobs import run_jobs
from tests.postgres import PostgresServer
from wx_backend import clock, migrate, outbox
from wx_backend.app import create_app
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push

SIZES: Final = (10_000, 100_000)
ROUNDS, A_ROUND = 7, 40
PUSH_SECONDS = 60.0
GROWTH_MOST: Final = 1.2
ACTS: Final = ("push", "order", "message")
TABLES: Final = {"push": "push", "order": "sales_order", "message": "message"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one act cost in one round, in milliseconds."""

    time: float
    own: float
    database: float

    @property
    def cpu(self) -> float:
        return self.own + self.database


@dataclass
class Year:
    """One size: how each act is done on it, what it cost so far, and how many rows its table had."""

    orders: int
    app: Flask
    acts: Mapping[str, Callable[[], None]]
    rows: dict[str, int]
    costs: dict[str, list[Cost]] = field(default_factory=lambda: {act: [] for act in ACTS})


def main() -> None:
    """All sizes, act by act in turn."""
    sizes = [int(typed) for typed in sys.argv[1:]] or [*SIZES]
    with ExitStack() as stack:
        server = stack.enter_context(large_server())
        platform, _ = stack.enter_context(pretending())
        years = [stack.enter_context(_year(stack, server, platform, orders)) for orders in sizes]
        for number in range(ROUNDS + 1):
            for act in ACTS:
                for year in years:
                    cost = _measured(year.app, year.acts[act], server)
                    _leave_pushes(year.app)
                    if number:  # the first makes connections and plans
                        year.costs[act].append(cost)
        _print(years)


def _measured(app: Flask, act: Callable[[], None], server: PostgresServer) -> Cost:
    with app.app_context():
        own, database = time.process_time(), cpu_seconds(server.pid)
        started = time.perf_counter()
        for _ in range(A_ROUND):
            act()
        took = time.perf_counter() - started
        own, database = time.process_time() - own, cpu_seconds(server.pid) - database
        db.session.remove()
    return Cost(*(1_000 * each / A_ROUND for each in (took, own, database)))


def _leave_pushes(app: Flask) -> None:
    """Nobody works off here what was pushed: it would be part of an order's cost."""
    with app.app_context(), transaction() as session:
        session.execute(update(Push).where(Push.status == "pending").values(status="done"))


@contextmanager
def _year(stack: ExitStack, server: PostgresServer, platform: str, orders: int) -> Iterator[Year]:
    url = server.create_database(f"year{orders}")
    migrate.upgrade(url=url)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    config = Config.load(written(url, folder, platform))
    started = time.monotonic()
    filled = fill(config, orders=orders, steps=TRADE)
    with server.connect(f"year{orders}") as connection:
        size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    took = time.monotonic() - started
    print(f"{orders:,} orders written in {took:.0f} s, {size[0] / 2**30:.1f} GB", flush=True)  # type: ignore[index]
    app = create_app(config)
    shop, people = opened(app, filled), buyers(app, filled, A_ROUND)
    store = stack.enter_context(closing(Lots(url, Threads(16))))
    loop = stack.enter_context(closing(asyncio.new_event_loop()))
    ordered: list[str] = []
    acts = {
        "push": partial(_push, loop, store, arrivals()),
        "order": partial(_order, app, shop, cycle(people), ordered),
        "message": partial(_message, config, count()),
    }
    with server.connect(f"year{orders}") as connection:
        rows = {
            act: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # type: ignore[index]  # noqa: S608 - ours
            for act, table in TABLES.items()
        }
    yield Year(orders, app, acts, rows)
    hold_that_all_came_of_it(app, ordered)
    with app.app_context():
        db.engine.dispose()


def _push(loop: asyncio.AbstractEventLoop, store: Lots, coming: Iterator[Arrival]) -> None:
    loop.run_until_complete(store.store(next(coming), until=time.monotonic() + PUSH_SECONDS))


def _order(app: Flask, shop: Shop, people: Iterator[Buyer], ordered: list[str]) -> None:
    """Somebody who has been here before buys a phone, and everything follows."""
    ordered.append(shop.buy(next(people)))
    follow_up(app)


def _message(config: Config, numbers: Iterator[int]) -> None:
    number = next(numbers)
    draft = Draft(
        key=f"growth:{number}",
        appid=config.accounts[0].appid,
        identity_id=FIRST_ID + number % 1_000,
        kind=MessageKind.TEMPLATE,
        purpose="bench",
        template_id="T",
        content={"data": {"thing1": "手机"}, "url": "http://wx.test"},
    )
    with transaction():
        send_message(draft, now=clock.now())
    run_jobs(outbox.CALL)


def _print(years: list[Year]) -> None:
    print(
        "\n| act | orders of the year | rows of its table | time ms | own CPU ms | database CPU ms | CPU ms |"
        "\n|---|---|---|---|---|---|---|"
    )
    for act in ACTS:
        for year in years:
            costs = year.costs[act]
            figures = " | ".join(
                f"{statistics.median(getattr(each, name) for each in costs):.2f}"
                for name in ("time", "own", "database", "cpu")
            )
            print(f"| {act} | {year.orders:,} | {year.rows[act]:,} | {figures} |")
    print()
    for act in ACTS:
        for year in years[1:]:
            pairs = zip(years[0].costs[act], year.costs[act], strict=True)
            growth = [large.cpu / small.cpu for small, large in pairs]
            name = f"{act}: CPU at {year.orders:,} orders against {years[0].orders:,}"
            tell(name, growth, at_most=GROWTH_MOST)


if __name__ == "__main__":
    main()
