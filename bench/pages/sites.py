"""A year under the production server: its pages, and the cookies of who asks for them."""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

from bench.callback.__main__ import Contender, production_server, serving
from bench.year.filling import Filled, configured, fill, written_config
from bench.year.people import PASSWORD, Shape
from tests.console.desk import Desk
from tests.postgres import PostgresServer
from wx_backend import migrate
from wx_backend.app import create_app
from wx_backend.config import Config


@dataclass(frozen=True, slots=True)
class Page:
    """One of the busiest pages: under which name it is told, who asks, and where it is."""

    name: str
    who: str
    path: str

    @property
    def area(self) -> str:
        """Console, terminal or mall."""
        return self.name.partition(",")[0]


@dataclass(frozen=True, slots=True)
class Server:
    """A server program: its command without application, and how it is told its port."""

    name: str
    command: tuple[str, ...]
    port_option: str


GRANIAN: Final = Server("granian", production_server(), "--port")


@dataclass(frozen=True, slots=True)
class Site:
    """One year under a server of its own."""

    filled: Filled
    shape: Shape
    contender: Contender
    cookies: dict[str, str]

    @property
    def name(self) -> str:
        """How the report calls it."""
        return f"{self.filled.orders:,}, {self.shape.name}"

    @property
    def pid(self) -> int:
        """The server's first process, above all its workers."""
        return self.contender.process.pid

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self.contender.port

    def pages(self) -> tuple[Page, ...]:
        """The busiest pages and calls; their names are the same for every size."""
        rep = self.filled.cast.rep_number
        return (
            Page("console, first page", "root", "/console/"),
            Page("console, figures of the group", "root", "/console/figures"),
            Page("console, figures of a city by rep", "city", "/console/figures?by=rep"),
            Page("console, orders behind a figure", "city", "/console/figures/paid"),
            Page("console, orders of the group", "root", "/console/orders"),
            Page("console, orders of a city", "city", "/console/orders"),
            Page("console, orders of an outlet", "outlet", "/console/orders"),
            Page("console, one order", "outlet", f"/console/orders/{self._order}"),
            Page("terminal, first page", "rep", "/terminal/"),
            Page("terminal, orders", "rep", "/terminal/orders"),
            Page("terminal, customers", "rep", "/terminal/customers"),
            Page("mall, showroom", "rep", f"/r/{rep}"),
            Page("mall, product", "rep", f"/p/{self.filled.product_number}"),
            Page("mall, shelf API", "rep", "/api/products"),
        )

    @property
    def _order(self) -> str:
        return self.filled.order_number

    def request(self, page: Page) -> bytes:
        """A page as a browser asks for it, over a connection that stays open."""
        page = self._own(page)
        head = f"GET {page.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookies[page.who]}"
        return f"{head}\r\n\r\n".encode()

    def length(self, page: Page) -> int:
        """How many bytes a page has: a page that shows more is longer."""
        connection, page = HTTPConnection(*self.address), self._own(page)
        connection.request("GET", page.path, headers={"Cookie": self.cookies[page.who]})
        found = len(connection.getresponse().read())
        connection.close()
        return found

    def _own(self, page: Page) -> Page:
        """The page of this name here: orders, reps and products have other numbers in each year."""
        return next(each for each in self.pages() if each.name == page.name)


def opened(
    stack: ExitStack,
    server: PostgresServer,
    orders: int,
    shape: Shape,
    under: Server = GRANIAN,
) -> Site:
    """A database with a year of so many orders of such an organisation, and a server on it."""
    name = f"{shape.name}{orders}{under.name}"
    url = server.create_database(name)
    migrate.upgrade(url=url)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    config, started = configured(url, folder), time.monotonic()
    filled = fill(config, orders=orders, shape=shape)
    print(
        f"{orders:,} orders of a {shape.name} written in {time.monotonic() - started:.0f} s",
        flush=True,
    )
    environment = {"WX_CONFIG": str(written_config(url, folder))}
    running = serving(name, "/", (*under.command, "wsgi:app"), under.port_option, environment)
    return Site(filled, shape, stack.enter_context(running), _cookies(config, filled))


def _cookies(config: Config, filled: Filled) -> dict[str, str]:
    """The cookie header of everybody who asks."""
    app = create_app(config)
    cookies = {}
    with app.app_context():
        for login in ("root", "city", "outlet"):
            desk = Desk(app)
            desk.sign_in(login, PASSWORD)
            cookie = desk.browser.get_cookie("wx_staff", path="/console")
            assert cookie is not None  # noqa: S101 - signed in
            cookies[login] = f"wx_staff={cookie.value}"
        phone = app.test_client()
        with phone.session_transaction() as session:
            session["identity"] = filled.cast.rep_identity
            session["signed_in_at"] = int(datetime.now(UTC).timestamp())  # noqa: TID251 - a browser's
        name = app.config["SESSION_COOKIE_NAME"]
        cookie = phone.get_cookie(name)
        assert cookie is not None  # noqa: S101 - just set
        cookies["rep"] = f"{name}={cookie.value}"
    return cookies
