"""`python -m bench.servers [rounds] [seconds]`: our pages under granian and under gunicorn with threads.

The same application, the same small year, two processes of 16 threads each, PostgreSQL as production has it. Page
by page, round by round in turn: as many pages as there can be over 16 connections, and what one costs the server.
"""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from bench.callback.__main__ import cpu_seconds, threaded_gunicorn
from bench.callback.load import Run, drive
from bench.goals import tell
from bench.pages.sites import GRANIAN, Page, Server, Site, opened
from bench.year.people import CITY
from bench.year.server import large_server

ROUNDS, SECONDS = 5, 4.0
ORDERS: Final = 1_000
CONNECTIONS: Final = 16
GUNICORN: Final = Server("gunicorn", threaded_gunicorn(), "-b")
PAGES: Final = ("mall, product", "mall, shelf API", "terminal, orders", "console, orders of a city")
_HEAD: Final = (
    "\n| page | server | pages/s | p50 ms | p99 ms | server CPU ms |\n|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Round:
    """What one server answered, and its CPU milliseconds a page."""

    run: Run
    cpu_ms: float


def main() -> None:
    """Both servers on a year of their own, in turn."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with ExitStack() as stack:
        server = stack.enter_context(large_server())
        sites = [opened(stack, server, ORDERS, CITY, each) for each in (GRANIAN, GUNICORN)]
        pages = [each for each in sites[0].pages() if each.name in PAGES]
        print(_HEAD, flush=True)
        found = {page.name: _in_turn(page, sites, rounds, seconds) for page in pages}
    for name, (granian, gunicorn) in found.items():
        pairs = [*zip(granian, gunicorn, strict=True)]
        tell(
            f"{name}: pages a second, granian / gunicorn",
            [a.run.rate / b.run.rate for a, b in pairs],
        )
        p99 = [a.run.percentile(0.99) / b.run.percentile(0.99) for a, b in pairs]
        tell(f"{name}: p99, granian / gunicorn", p99)
        tell(f"{name}: CPU, granian / gunicorn", [a.cpu_ms / b.cpu_ms for a, b in pairs])


def _in_turn(
    page: Page, sites: Sequence[Site], rounds: int, seconds: float
) -> tuple[list[Round], ...]:
    """All rounds of a page under each server, the first of which is not told."""
    for site in sites:
        _round(page, site, 1.0)
    turns = [[_round(page, site, seconds) for site in sites] for _ in range(rounds)]
    columns = tuple([each[number] for each in turns] for number in range(len(sites)))
    for server, column in zip((GRANIAN, GUNICORN), columns, strict=True):
        middle = sorted(column, key=lambda each: each.run.rate)[len(column) // 2]
        figures = (middle.run.percentile(0.5), middle.run.percentile(0.99), middle.cpu_ms)
        told = " | ".join(f"{each:.1f}" for each in (middle.run.rate, *figures))
        print(f"| {page.name} | {server.name} | {told} |", flush=True)
    return columns


def _round(page: Page, site: Site, seconds: float) -> Round:
    before = cpu_seconds(site.pid)
    requests = [site.request(page)] * 100_000
    run = drive(site.address, requests, connections=CONNECTIONS, seconds=seconds)
    if run.bad or not run.latencies:
        raise SystemExit(f"{page.name}: {run.bad} answered badly of {len(run.latencies)}")
    return Round(run, 1_000 * (cpu_seconds(site.pid) - before) / len(run.latencies))


if __name__ == "__main__":
    main()
