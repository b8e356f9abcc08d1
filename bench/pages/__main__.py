"""`python -m bench.pages [orders] [rounds]`: what the busiest pages cost, small and large.

One PostgreSQL as production has it, and the production server with two workers on each of three years, five
touches an order: the large one, and two with a hundredth of its orders. In the first the same organisation sells
that much less, so that some pages have fewer rows to show and empty cells; the second is of one of its twenty
cities. A page is compared with the small year on which it is nearest in length: growth is what the same page
costs more, not what a longer one does. Both are told, and the lengths.

Page by page: time, and CPU of the server and of the database, the years in turn. Then twenty people with a second
between two pages, and as many pages as there can be. The goals are for a million orders; the service's CPU is what
to compare while the machine has other work.
"""

import statistics
import sys
from contextlib import ExitStack
from typing import Final

from bench.callback.__main__ import cpu_seconds
from bench.callback.load import drive
from bench.goals import tell
from bench.pages.costs import CONNECTIONS, Compared, compared
from bench.pages.sites import Page, Site, opened
from bench.pages.users import browse
from bench.year.people import CITY, COUNTRY
from bench.year.server import large_server
from tests.postgres import PostgresServer

ORDERS, ROUNDS = 100_000, 5
SMALLER: Final = 100
USERS, BROWSING_SECONDS = 20, 30.0
CROWD, SATURATED_SECONDS = 16, 15.0
GROWTH_MOST: Final = 1.2
_HEAD: Final = (
    "\n{large:,} and {small:,} orders, {connections} connections, CPU ms a page; both is server and database\n\n"
    "| page | p50 ms | p95 ms | server | database | both | kB | country, small: both | kB | city, small: both "
    "| kB | growth, country | growth, city |\n"
    "|---|---|---|---|---|---|---|---|---|---|---|---|---|"
)
GOALS_MS: Final = {"console": 150, "terminal": 150, "mall": 50}


def main() -> None:
    """All years, page by page in turn; then people."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    with ExitStack() as stack:
        server = stack.enter_context(large_server())
        small = [opened(stack, server, orders // SMALLER, shape) for shape in (COUNTRY, CITY)]
        large = opened(stack, server, orders, COUNTRY)
        print(_HEAD.format(small=orders // SMALLER, large=orders, connections=CONNECTIONS))
        found = {}
        for page in large.pages():
            found[page] = compared(server, page, small, large, rounds)
            print(_row(page, found[page]), flush=True)
        print()
        for page, each in found.items():
            name = f"{page.name}: CPU, {large.name} / {small[each.fair].name}"
            tell(name, each.growth(each.fair), at_most=GROWTH_MOST)
        for area in ("console", "mall"):
            _people(server, large, area)


def _row(page: Page, found: Compared) -> str:
    rounds = found.large.rounds
    figures = [
        statistics.median(column)
        for column in (
            [each.run.percentile(0.5) for each in rounds],
            [each.run.percentile(0.95) for each in rounds],
            [each.server_ms for each in rounds],
            [each.database_ms for each in rounds],
        )
    ]
    for year in (found.large, *found.small):
        figures += [year.cpu_ms, year.length / 1_000]
    growth = [statistics.median(found.growth(which)) for which in range(len(found.small))]
    told = [*(f"{each:.1f}" for each in figures), *(f"{each:.2f}" for each in growth)]
    return f"| {page.name} | {' | '.join(told)} |"


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
