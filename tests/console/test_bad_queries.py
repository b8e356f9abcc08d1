"""No page trips over what somebody writes into its address: names and values nobody meant."""

import inspect
import re
import sys
from collections.abc import Iterator
from contextvars import Context
from itertools import count
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from org.invites import bind_rep
from tests.console.desk import Desk
from tests.console.test_access import signed_in
from tests.console.world import World, known
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import transaction

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
EACH = 3  # values for each name on each page; all of them come by turns
# How a page reads its query, by itself or through a helper.
_READS = re.compile(
    r'(?:args(?:\.get|\.getlist)?[\[(]|\b(?:day|text|one_of|month|place_asked|number|page|asked)\()\s*"([a-z_]+)"'
)
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
        Caller.MEMBER: rep,
        Caller.ANYONE: app.test_client(),
    }


def names_of(app: Flask, rule: Rule) -> set[str]:
    """The names the page's module reads from a query."""
    module = sys.modules[inspect.unwrap(app.view_functions[rule.endpoint]).__module__]
    return set(_READS.findall(inspect.getsource(module))) | set(USUAL)


def addresses(app: Flask) -> Iterator[tuple[Caller, str]]:
    """Every page with one nasty value in its query, or in its path."""
    turn = count()
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule)
    for rule in (each for each in rules if "GET" in (each.methods or ())):
        caller = TABLE[rule.endpoint].caller
        path = re.sub(r"<[^>]+>", "1", rule.rule)
        for name in sorted(names_of(app, rule)):
            for _ in range(EACH):
                value = NASTY[next(turn) % len(NASTY)]
                yield caller, f"{path}?{urlencode({name: value})}"
        for value in IN_PATHS if rule.arguments else ():
            yield caller, re.sub(r"<[^>]+>", quote(value, safe=""), rule.rule)


@pytest.mark.timeout(600)
def test_no_page_fails_over_its_address(app: Flask, browsers: dict[Caller, FlaskClient]) -> None:
    asked, wrong = 0, []
    for caller, address in addresses(app):
        if caller in browsers and "unbind" not in address and "logout" not in address:
            answer = Context().run(browsers[caller].get, address, headers={"Accept": "text/html"})
            asked += 1
            if answer.status_code >= 500 and answer.status_code != 503:
                wrong.append((answer.status_code, address[:160]))
    assert asked > 500
    assert not wrong, "\n".join(map(str, wrong))


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
