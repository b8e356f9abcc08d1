"""`python -m bench.order [rounds] [seconds]`: one order from its submit to its commission.

One PostgreSQL as production has it, with a year of 10,000 orders; the mall's own calls, the worker's own drains, and
in a process beside them a pretend WeChat Pay, which is not counted. A round does each step for all of its buyers before the
next: CPU of this process and of the database, statements, commits, and those that had nothing to commit. Then, in
the same round, the rows that its orders left are written once more into empty copies of their tables (the
same indexes and checks), in as many transactions as had something to write, those of a table together: what no
program that keeps these rows can go below; and a naive mall (`bench.order.peer`) sells as much. Some orders with nobody else about tell how long one takes. At last the
service as in production, with all of its processes on this machine: how many orders a second become commission
(0 seconds leave that out).
"""

import statistics
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.goals import tell
from bench.order.asked import counted
from bench.order.costs import LOOKED, Round, Spent, Till
from bench.order.floor import Floor
from bench.order.peer import Customers, Mall, stocked
from bench.order.pretend import pretending
from bench.order.rate import Callers, Rate, measured, over_http, service
from bench.order.shop import buyers, inside, opened, written
from bench.year.filling import fill
from bench.year.rows import TRADE
from bench.year.server import large_server
from demo.places import Places
from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.app import close_app, create_app
from wx_backend.config import Config
from wx_backend.db import db

YEAR: Final = 10_000
ROUNDS, A_ROUND = 7, 60
ALONE: Final = 120
SECONDS: Final = 20.0
DATABASE, PEER = "orders", "peer"
RATE_LEAST: Final = 50
_HEAD: Final = (
    "| step | own CPU ms | database CPU ms | both | statements | commits | of them empty |\n"
    "|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Rounds beside their floor, orders alone, then the whole service."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with ExitStack() as stack:
        server = stack.enter_context(large_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        platform, platform_pid = stack.enter_context(pretending())
        till = _opened(stack, server, folder, platform)
        floor = Floor(stack.enter_context(closing(server.connect(DATABASE))))
        done = [till.round(floor) for _ in range(rounds + 1)]
        _print(done[1:])  # the first makes connections and plans
        _print_alone([till.alone(till.buyers[number % A_ROUND]) for number in range(ALONE)])
        if not seconds:
            return
        places = Places(folder)
        written(server.url(DATABASE), folder, platform, redis=places.redis_url)
        with service(places) as (port, pids):
            everybody = {**pids, "database": server.pid, "WeChat": platform_pid}
            callers = Callers(replace(till.shop, send=over_http(port)), till.buyers)
            connection = stack.enter_context(closing(server.connect(DATABASE)))
            _print_rate(measured(callers, connection, everybody, seconds))


def _opened(stack: ExitStack, server: PostgresServer, folder: Path, platform: str) -> Till:
    """Our service and the peer, each on a database of its own, open until the stack ends."""
    url = server.create_database(DATABASE)
    migrate.upgrade(url=url)
    config = Config.load(written(url, folder, platform))
    filled = fill(config, orders=YEAR, steps=TRADE)
    app = create_app(config)
    stack.callback(close_app, app)
    shop, people = opened(app, filled), buyers(app, filled, A_ROUND)
    mall = Mall(server.create_database(PEER), platform)
    stack.callback(mall.engine.dispose)
    stocked(mall.engine, users=A_ROUND, reps=filled.cast.reps)
    with app.app_context():
        asked = stack.enter_context(counted(db.engine, mall.engine))
    peer = Customers(inside(mall.app()), filled.cast.reps)
    return Till(app, server, shop, people, peer, asked)


def _print(done: Sequence[Round]) -> None:
    print(f"{len(done)} rounds of {A_ROUND} orders, medians an order\n\n{_HEAD}")
    for name in done[0].steps:
        print(_row(name, [each.steps[name] for each in done]))
    print(_row(f"**all but {LOOKED!r}**", [each.whole for each in done]))
    rows = statistics.median(each.rows for each in done)
    print(_row(f"its {rows:.0f} rows alone", [each.floor for each in done]))
    print(_row("the peer's order", [each.peer for each in done]), "\n")
    whole = [each.whole for each in done]
    tell("an order: CPU against its rows alone", [e.whole.cpu / e.floor.cpu for e in done])
    tell("an order: CPU against the peer's", [e.whole.cpu / e.peer.cpu for e in done])
    tell("an order: CPU", [each.cpu for each in whole], unit="ms")
    tell("an order: statements", [each.statements for each in whole], unit="")
    tell("an order: commits", [each.commits for each in whole], unit="")


def _row(name: str, rounds: Sequence[Spent]) -> str:
    own, database, *asked = zip(*(each.columns for each in rounds), strict=True)
    both = [each.cpu for each in rounds]
    told = (f"{statistics.median(column):.1f}" for column in (own, database, both, *asked))
    return f"| {name} | {' | '.join(told)} |"


def _print_alone(took: Sequence[float]) -> None:
    ordered = sorted(took)
    for share in (0.5, 0.99):
        name = f"an order with nobody else about: p{share * 100:.0f} until nothing is left to do"
        tell(name, [ordered[int(share * len(ordered))]], unit="ms")


def _print_rate(rate: Rate) -> None:
    spent = ", ".join(f"{name} {each:.1f}" for name, each in rate.cpu_ms.items())
    print(f"\nthe whole service: CPU ms an order: {spent}; {sum(rate.cpu_ms.values()):.1f} in all")
    name = "looked at, ordered, paid, settled, commission held; everything on these cores"
    tell(name, [rate.per_second], at_least=RATE_LEAST, unit="orders/s")
    tell("the same: p50 from submit to commission", [rate.p50], unit="ms")
    tell("the same: p99 from submit to commission", [rate.p99], unit="ms")


if __name__ == "__main__":
    main()
