"""`python -m bench.pages [orders] [seconds]`: p50 and p95 of the busiest pages, small and large.

One PostgreSQL, the production server with two workers, one page after the other over four
connections. A small year (a hundredth of the orders) and a large one, five touches per order.
The goals are for a million orders, which takes a while to write. Goals: the console's pages p95 <= 150 ms, the mall's <= 50 ms, large <= 1.2 x small.
"""

import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path

from bench.callback.__main__ import Contender, production_server, serving
from bench.callback.load import Run, drive
from bench.pages.fill import PASSWORD, Filled, configured, fill, written_config
from tests.console.desk import Desk
from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.app import create_app
from wx_backend.config import Config

ORDERS, SECONDS, CONNECTIONS = 100_000, 4.0, 4
SMALLER = 100
GOALS_MS = {"console": 150, "terminal": 150, "mall": 50}


@dataclass(frozen=True)
class Year:
    """One database under the server: what the pages ask for, and the cookies of who asks."""

    filled: Filled
    server: Contender
    cookies: dict[str, str]

    def pages(self) -> dict[str, tuple[str, str]]:
        """Who asks for which address, by the name it is told under."""
        here = self.filled
        return {
            "console, first page": ("root", "/console/"),
            "console, figures of the group": ("root", "/console/figures"),
            "console, figures of a city by rep": ("city", "/console/figures?by=rep"),
            "console, orders behind a figure": ("city", "/console/figures/paid"),
            "console, orders of the group": ("root", "/console/orders"),
            "console, orders of a city": ("city", "/console/orders"),
            "console, one order": ("root", f"/console/orders/{here.order_number}"),
            "terminal, home": ("rep", "/terminal/"),
            "terminal, orders": ("rep", "/terminal/orders"),
            "mall, showroom": ("rep", f"/r/{here.rep_number}"),
            "mall, shelf API": ("rep", "/api/products"),
        }


def main() -> None:
    """Both years, page by page in turn."""
    orders = int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else SECONDS
    with ExitStack() as stack:
        server = stack.enter_context(PostgresServer(durable=True))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        years = [_year(stack, server, folder, orders=size) for size in (orders // SMALLER, orders)]
        print(
            f"p95 in ms over {CONNECTIONS} connections: {orders // SMALLER:,} orders and {orders:,}"
        )
        print(f"{'':36}{'p50':>8}{'p95':>8}{'p50':>8}{'p95':>8}{'ratio':>8}{'goal':>8}")
        for name in years[0].pages():
            _tell(name, [_asked(year, name, seconds) for year in years])


def _year(stack: ExitStack, server: PostgresServer, folder: Path, *, orders: int) -> Year:
    url = server.create_database(f"year{orders}")
    migrate.upgrade(url=url)
    place = folder / str(orders)
    place.mkdir()
    config = configured(url, place)
    started = time.monotonic()
    filled = fill(config, orders=orders)
    print(f"{orders:,} orders written in {time.monotonic() - started:.0f} s", flush=True)
    path = written_config(url, place)
    command = (*production_server(), "wsgi:app")
    running = serving(f"{orders}", "/", command, "--port", {"WX_CONFIG": str(path)})
    return Year(filled, stack.enter_context(running), _cookies(config, filled))


def _cookies(config: Config, filled: Filled) -> dict[str, str]:
    """The cookie header of everybody who asks."""
    app = create_app(config)
    cookies = {}
    with app.app_context():
        for login in ("root", "city"):
            desk = Desk(app)
            desk.sign_in(login, PASSWORD)
            cookie = desk.browser.get_cookie("wx_staff", path="/console")
            assert cookie is not None  # noqa: S101 - signed in
            cookies[login] = f"wx_staff={cookie.value}"
        phone = app.test_client()
        with phone.session_transaction() as session:
            session["identity"] = filled.rep_identity
            session["signed_in_at"] = int(datetime.now(UTC).timestamp())  # noqa: TID251 - a browser's
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = phone.get_cookie(name)
        assert cookie is not None  # noqa: S101 - just set
        cookies["rep"] = f"{name}={cookie.value}"
    return cookies


def _asked(year: Year, name: str, seconds: float) -> Run:
    who, path = year.pages()[name]
    request = (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {year.cookies[who]}\r\n\r\n".encode()
    )
    address = ("127.0.0.1", year.server.port)
    drive(address, [request] * CONNECTIONS, connections=CONNECTIONS, seconds=1)  # warm
    return drive(address, [*repeat(request, 20_000)], connections=CONNECTIONS, seconds=seconds)


def _tell(name: str, runs: list[Run]) -> None:
    if any(run.bad or not run.latencies for run in runs):
        print(f"{name:36}not answered well: {[run.bad for run in runs]}")
        return
    figures = [run.percentile(share) for run in runs for share in (0.5, 0.95)]
    ratio = runs[1].percentile(0.5) / runs[0].percentile(0.5)
    goal = GOALS_MS[name.partition(",")[0]]
    print(f"{name:36}{''.join(f'{each:8.1f}' for each in figures)}{ratio:8.2f}{goal:8}", flush=True)


if __name__ == "__main__":
    main()
