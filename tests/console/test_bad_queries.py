"""No page trips over what somebody writes into its address: names and values nobody meant."""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from contextvars import Context
from itertools import count, islice
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from flows.counter import link_of, open_counter_offer
from fulfilment.models import Chain, Task
from fulfilment.nodes import Node
from orders.counter_models import CounterOffer
from org.invites import bind_rep
from referral.signing import sign_share
from tests.console.desk import Desk
from tests.console.every_page import shown_on_pages
from tests.console.owned import Named
from tests.console.test_access import signed_in
from tests.console.test_refunds import config  # noqa: F401 - a fixture
from tests.console.world import World, known, share
from tests.storefront.mall import product_of
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import db, retried, transaction

# What parsers, databases and spreadsheets have tripped over: numbers, dates, places, letters.
NASTY = (
    *(
        "-1",
        "1.5",
        "1e3",
        "1_0",
        "１２",
        "²",
        "9" * 30,
        "9223372036854775808",
        "-9223372036854775809",
    ),
    *("NaN", "null", "true", "0x10", "2026-13-45", "0000-01-01", "9999-12-31", "2026-02-30T25:61"),
    *("' OR 1=1 --", "%", "_", "\\", "a" * 2_000, "\u202e", "😀", "[1]", "{{7*7}}", "../../etc"),
    *("9" * 16 + "_" + "9" * 30, "1_", "_1", "=1+1", "\r\nX: y", "\x7f", "\ufeff"),
)
IN_PATHS = tuple(value for value in NASTY if "/" not in value)
EACH = 4  # values for each name on each page; all of them come by turns
PARTS = 4  # of all addresses, asked for by tests of their own
# Files, pictures and what another machine asks for: their own tests have one of each.
UNMADE = {
    "console.archives.fetch",
    "console.pool.picture",
    "console.reconciliation.bill",
    "console.static",
    "storefront.pictures.show",
    "storefront.posters.picture",
    "storefront.posters.state",
    "storefront.static",
    "terminal.briefing.offered",
    "terminal.payouts.state",
    "terminal.pictures.show",
    "terminal.shares.picture",
    "terminal.static",
    "terminal.statements.show",
    "wechat.verification_file",
}
# How a page reads its query, by itself or through a helper.
_READS = re.compile(
    r'(?:args(?:\.get|\.getlist)?[\[(]|args, |\b(?:day|text|one_of|month|place_asked|number|page|asked)\()\s*"([a-z_]+)"'
)
_ARGUMENT = re.compile(r"<(?:[^>:]+:)?(\w+)>")
USUAL = ("page", "after", "place", "from", "until", "q")


@pytest.fixture
def browsers(app: Flask, world: World) -> dict[Caller, FlaskClient]:
    """Somebody for every kind of page."""
    alice = known("Alice")
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=alice.member_id, now=clock.now())
    desk = Desk(app)
    assert desk.sign_in("root").status_code == 302
    rep = signed_in(app, alice)
    return {
        Caller.STAFF: desk.browser,
        Caller.REP: rep,
        Caller.MEMBER: signed_in(app, world.bob),
        Caller.ANYONE: app.test_client(),
    }


def names_of(app: Flask, rule: Rule) -> set[str]:
    """The names the page's module reads from a query."""
    module = sys.modules[inspect.unwrap(app.view_functions[rule.endpoint]).__module__]
    return set(_READS.findall(inspect.getsource(module))) | set(USUAL)


@pytest.fixture
def named(app: Flask, world: World) -> Mapping[str, Named]:
    """What the pages with a name in their path show, by endpoint or blueprint."""
    consoles = shown_on_pages(app, world)
    files = {
        "console.figures.export": {"kind": "csv"},
        "console.figures.export_rows": {"measure": "paid", "kind": "csv"},
        "console.imports.file_csv": {"kind": "reps"},
        "console.imports.file_xlsx": {"kind": "reps"},
        "console.orders.export": {"kind": "csv"},
    }
    return {
        **{name if "." in name else f"console.{name}": each for name, each in consoles.items()},
        "storefront.banners": consoles["banners"],
        **files,
        **named_in_mall(world),
        **named_in_terminal(world),
    }


def named_in_mall(world: World) -> Mapping[str, Named]:
    product = {"number": product_of(world.wares.phone_id)}
    offer_id = counter_offer(world)
    token = link_of(db.session.get_one(CounterOffer, offer_id)).rpartition("/")[2]
    db.session.rollback()
    return {
        "storefront.counter": {"token": token},
        "storefront.links.share": {"token": sign_share(share(world.alice_id))},
        "storefront.mall.category": {"slug": "phones"},
        "storefront.mall.product": product,
        "storefront.mall.showroom": {"number": world.alice_number},
        "storefront.order_calls": {
            "number": world.southern.number,
            "receipt": world.southern.receipt,
        },
        "storefront.orders": {"number": world.southern.number, "receipt": world.southern.receipt},
        "storefront.place_calls.place": {"code": "SC1"},
        "storefront.place_calls.showroom": {"number": world.alice_number},
        "storefront.places.city": {"code": "SC"},
        "storefront.places.outlet": {"code": "SC1"},
        "storefront.places.province": {"code": "S"},
        "storefront.shelf.product": product,
        "storefront.visit_calls": {"token": token},
    }


def named_in_terminal(world: World) -> Mapping[str, Named]:
    packing = (
        select(Task.id)
        .join(Chain, Chain.id == Task.chain_id)
        .where(Chain.order_id == world.southern.id, Task.node == Node.PACKED)
    )
    return {
        "terminal.counter": {"offer_id": counter_offer(world)},
        "terminal.customers": {"customer": world.bob.identity_id},
        "terminal.sales.order": {"number": world.southern.number},
        "terminal.sales.receipt": {"number": world.southern.receipt},
        "terminal.shares": {"share": share(world.alice_id)},
        "terminal.shares.what": {"place": "chat"},
        "terminal.tasks": {"task_id": db.session.scalars(packing).one()},
    }


def counter_offer(world: World) -> int:
    """What Alice put together at the counter."""
    return retried(
        lambda: open_counter_offer(
            rep_id=world.alice_id,
            sku_number=world.wares.phone,
            quantity=1,
            client_key="c" * 16,
            now=clock.now(),
        )
    )


def path_of(rule: Rule, named: Mapping[str, Named]) -> str:
    """The page of something there is, so that what is asked about it is read."""
    known_as = named.get(rule.endpoint) or named.get(rule.endpoint.rpartition(".")[0]) or {}
    return _ARGUMENT.sub(lambda found: quote(str(known_as.get(found[1], "1"))), rule.rule)


def addresses(app: Flask, named: Mapping[str, Named]) -> Iterator[tuple[Caller, str]]:
    """Every page with one nasty value in its query, or in its path."""
    turn = count()
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    for rule in (each for each in rules if "GET" in (each.methods or ())):
        caller = TABLE[rule.endpoint].caller
        path = path_of(rule, named)
        for name in sorted(names_of(app, rule)):
            for _ in range(EACH):
                value = NASTY[next(turn) % len(NASTY)]
                yield caller, f"{path}?{urlencode({name: value})}"
        for value in IN_PATHS if rule.arguments else ():
            yield caller, _ARGUMENT.sub(quote(value, safe=""), rule.rule)


def ask(browser: FlaskClient, address: str) -> TestResponse:
    """One request in an application context of its own, as a server gives it."""
    return Context().run(browser.get, address, headers={"Accept": "text/html"})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_fails_over_its_address(
    app: Flask, browsers: dict[Caller, FlaskClient], named: Mapping[str, Named], part: int
) -> None:
    asked, wrong = 0, []
    for caller, address in islice(addresses(app, named), part, None, PARTS):
        if caller in browsers and "unbind" not in address and "logout" not in address:
            answer = ask(browsers[caller], address)
            asked += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append((answer.status_code, address[:160]))
    assert asked > 500
    assert not wrong, "\n".join(map(str, wrong))


def test_what_is_asked_about_is_there(
    app: Flask, browsers: dict[Caller, FlaskClient], named: Mapping[str, Named]
) -> None:
    """Or the pages of it would answer 404 before they read their query."""
    missing = set()
    for rule in app.url_map.iter_rules():
        caller = TABLE[rule.endpoint].caller
        if rule.arguments and "GET" in (rule.methods or ()) and caller in browsers:
            answer = ask(browsers[caller], path_of(rule, named))
            missing |= {rule.endpoint} if answer.status_code not in {200, 302} else set()
    assert missing == UNMADE, missing ^ UNMADE


def test_no_header_makes_a_page_fail_or_another_host_of_us(
    browsers: dict[Caller, FlaskClient],
) -> None:
    """Only a proxy of ours may say who asks; nobody may say which host he asked."""
    forged = {
        "X-Forwarded-For": "127.0.0.1, 10.0.0.1, ::1, nonsense" + ", 1" * 500,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "javascript",
        "X-Original-URL": "/console/",
        "X-Rewrite-URL": "/metrics",
        "Forwarded": "for=127.0.0.1;host=evil.example",
        "Referer": "https://evil.example/\\@wx.test",
        "Range": "bytes=9-1,-,abc",
        "If-None-Match": "W/" + '"' * 99,
        "Accept-Language": "zh;q=1e400,*;q=NaN",
    }
    for path in ("/", "/console/login", "/login?next=/orders", "/nowhere"):
        plain = browsers[Caller.ANYONE].get(path, headers={"Accept": "text/html"})
        answer = browsers[Caller.ANYONE].get(path, headers={"Accept": "text/html", **forged})
        assert answer.status_code == plain.status_code
        assert "evil.example" not in answer.text + str(answer.headers)
