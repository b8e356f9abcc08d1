"""What a page costs on each of several years, round by round in turn."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Final

from bench.callback.__main__ import cpu_seconds
from bench.callback.load import Run, drive
from bench.pages.sites import Page, Site
from tests.postgres import PostgresServer

CONNECTIONS: Final = 2
AT_ONCE: Final = 60


@dataclass(frozen=True, slots=True)
class Cost:
    """One round of one page: its replies, and CPU milliseconds a page of server and database."""

    run: Run
    server_ms: float
    database_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.server_ms + self.database_ms


@dataclass(frozen=True, slots=True)
class OnYear:
    """One page on one year: how long it is, and its rounds."""

    length: int
    rounds: Sequence[Cost]

    @property
    def cpu_ms(self) -> float:
        return statistics.median(each.cpu_ms for each in self.rounds)


@dataclass(frozen=True, slots=True)
class Compared:
    """One page on the large year and on small ones."""

    large: OnYear
    small: Sequence[OnYear]

    @property
    def fair(self) -> int:
        """Which of the small years has the page that is nearest in length: it shows as much."""
        away = [abs(each.length - self.large.length) for each in self.small]
        return away.index(min(away))

    def growth(self, which: int) -> list[float]:
        """How much more the large year's page costs than one of the small ones', round by round."""
        pairs = zip(self.small[which].rounds, self.large.rounds, strict=True)
        return [large.cpu_ms / small.cpu_ms for small, large in pairs]


def compared(
    server: PostgresServer, page: Page, small: Sequence[Site], large: Site, rounds: int
) -> Compared:
    """So many rounds of a page on each year in turn."""
    sites, measure = (*small, large), partial(_measured, server, page)
    for site in sites:  # connections, templates, what the database keeps in memory
        measure(site)
    costs = [[measure(site) for site in sites] for _ in range(rounds)]
    *of_small, of_large = (
        OnYear(site.length(page), [each[number] for each in costs])
        for number, site in enumerate(sites)
    )
    return Compared(of_large, of_small)


def _measured(server: PostgresServer, page: Page, site: Site) -> Cost:
    request, pids = site.request(page), (site.pid, server.pid)
    before = [cpu_seconds(pid) for pid in pids]
    run = drive(site.address, [*repeat(request, AT_ONCE)], connections=CONNECTIONS, seconds=3_600.0)
    used = [cpu_seconds(pid) - then for pid, then in zip(pids, before, strict=True)]
    if run.bad:
        print(f"{page.name} of {site.name}: {run.bad} of {AT_ONCE} answered badly")
    if not run.latencies:
        raise SystemExit(f"{page.name} was not answered")
    return Cost(run, *(1_000 * each / len(run.latencies) for each in used))
