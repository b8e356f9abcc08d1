"""`python -m bench.pages [orders] [rounds]`: what the busiest pages cost, small and large.

One PostgreSQL as production has it, the production server with two workers on a small year (a
hundredth of the orders) and on a large one, five touches an order. Page by page: time, and CPU of the server and
of the database, small and large in turn. Then twenty people with a second between two pages, and as
many pages as there can be. The goals are for a million orders; the service's CPU is what to compare while the
machine has other work.
"""

import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Final

from bench.callback.__main__ import cpu_seconds
from bench.callback.load import Run, drive
from bench.goals import tell
from bench.pages.sites import Page, Site, opened
from bench.pages.users import browse
from bench.year.server import large_server
from tests.postgres import PostgresServer

ORDERS, ROUNDS, AT_ONCE = 100_000, 5, 60
SMALLER: Final = 100
CONNECTIONS: Final = 2
USERS, BROWSING_SECONDS = 20, 30.0
CROWD, SATURATED_SECONDS = 16, 15.0
GROWTH_MOST: Final = 1.2
_HEAD: Final = (
    "\n{small:,} and {large:,} orders, {connections} connections, CPU ms a page\n\n"
    "| page | p50 ms | p95 ms | server | database | small, both | large, both | growth |\n"
    "|---|---|---|---|---|---|---|---|"
)
GOALS_MS: Final = {"console": 150, "terminal": 150, "mall": 50}


@dataclass(frozen=True, slots=True)
class Cost:
    """One round of one page: its replies, and CPU milliseconds a page of server and database."""

    run: Run
    server_ms: float
    database_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.database_ms


def main() -> None:
    """Both years, page by page in turn; then people."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with ExitStack() as stack:
        server = stack.enter_context(large_server())
        small, large = (opened(stack, server, size) for size in (orders // SMALLER, orders))
        print(_HEAD.format(small=orders // SMALLER, large=orders, connections=CONNECTIONS))
        costs = {}
        for page in small.pages():
            costs[page] = _rounds(server, page, small, large, rounds)
            print(_row(page, costs[page]), flush=True)
        print()
        for page, pairs in costs.items():
            growth = [large.cpu_ms / small.cpu_ms for small, large in pairs]
            tell(f"{page.name}: CPU, large / small", growth, at_most=GROWTH_MOST)
        for area in ("console", "mall"):
            _people(server, large, area)


def _rounds(
    server: PostgresServer, page: Page, small: Site, large: Site, rounds: int
) -> list[tuple[Cost, Cost]]:
    measure = partial(_measured, server, page.name)
    measure(small), measure(large)  # connections, templates, what the database keeps in memory
    return [(measure(small), measure(large)) for _ in range(rounds)]


def _measured(server: PostgresServer, name: str, site: Site) -> Cost:
    request = site.request(next(page for page in site.pages() if page.name == name))
    pids = (site.pid, server.pid)
    before = [cpu_seconds(pid) for pid in pids]
    run = drive(site.address, [*repeat(request, AT_ONCE)], connections=CONNECTIONS, seconds=3_600.0)
    used = [cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
    if run.bad:
        print(f"{name} of {site.orders:,} orders: {run.bad} of {AT_ONCE} answered badly")
    if not run.latencies:
        raise SystemExit(f"{name} was not answered")
    return Cost(run, *(1_000 * each / len(run.latencies) for each in used))


def _row(page: Page, rounds: list[tuple[Cost, Cost]]) -> str:
    large = [each for _, each in rounds]
    p50, p95, server, database, both = (
        statistics.median(figures)
        for figures in (
            [each.run.percentile(0.5) for each in large],
            [each.run.percentile(0.95) for each in large],
            [each.server_ms for each in large],
            [each.database_ms for each in large],
            [each.cpu_ms for each in large],
        )
    )
    small = statistics.median(each.cpu_ms for each, _ in rounds)
    return (
        f"| {page.name} | {p50:.1f} | {p95:.1f} | {server:.1f} | {database:.1f} | {small:.1f} | {both:.1f} "
        f"| {both / small:.2f} |"
    )


def _people(server: PostgresServer, site: Site, area: str) -> None:
    """Twenty people with time to read, then as many requests as are answered."""
    requests = [site.request(page) for page in site.pages() if page.area == area]
    run = browse(site.address, requests, users=USERS, seconds=BROWSING_SECONDS)
    label = f"{area}, {USERS} people, 1 s between pages"
    print(f"{label}: {run.rate:.1f} pages/s, p50 {run.percentile(0.5):.1f} ms, bad {run.bad}")
    tell(f"{label}: p95", [run.percentile(0.95)], at_most=GOALS_MS[area], unit="ms")
    pids = (site.pid, server.pid)
    before = [cpu_seconds(pid) for pid in pids]
    full = drive(
        site.address,
        [*requests * 10_000],
        connections=CROWD,
        seconds=SATURATED_SECONDS,
    )
    used = [
        1_000 * (cpu_seconds(pid) - then) / len(full.latencies)
        for pid, then in zip(pids, before, strict=True)
    ]
    tell(f"{area}, {CROWD} connections without a pause: pages", [full.rate], unit="/s")
    print(f"  CPU a page: server {used[0]:.1f} ms, database {used[1]:.1f} ms; bad {full.bad}")


if __name__ == "__main__":
    main()
