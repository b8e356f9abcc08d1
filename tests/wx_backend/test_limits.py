"""Strangers may call so often and no oftener, by who they really are; Redis away stops nobody."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from time import monotonic

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis
from werkzeug.test import TestResponse

from tests.wx_backend.processes import town
from wx_backend import access, clock, limits
from wx_backend.access import Caller
from wx_backend.carried import HEADER
from wx_backend.config import Config
from wx_backend.config_guard import DEFAULTS, Guard, Limit
from wx_backend.limits import LIMITED, Counts
from wx_backend.strangers import client_address

PROXY, FAR = "10.0.0.10", "203.0.113.7"
Ask = Callable[..., TestResponse]


@pytest.fixture
def config(config: Config) -> Config:
    """Three beginnings of a sign-in a minute from one address; one proxy of our own."""
    limits = {**DEFAULTS, "login": Limit(3, 2), "program": Limit(2, 2)}
    guard = Guard(trusted_proxies=(ip_network(PROXY),), limits=limits)
    return replace(config, guard=guard)


@pytest.fixture
def ask(app: Flask) -> Ask:
    """Begins to sign in, from an address; in a browser that keeps no cookies unless told."""

    def begin(
        address: str = FAR, accept: str = "text/html", browser: FlaskClient | None = None
    ) -> TestResponse:
        client = browser or app.test_client(use_cookies=False)
        headers = {"Accept": accept}
        return client.get("/login", environ_base={"REMOTE_ADDR": address}, headers=headers)

    return begin


@pytest.fixture(autouse=True)
def _early_in_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test crosses the end of a window by chance."""
    start = clock.from_unix(1_795_233_600)
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=10))


def test_one_call_too_many_is_refused_and_told_when_to_come_again(ask: Ask) -> None:
    assert [ask().status_code for _ in range(4)] == [401, 401, 401, 429]

    page, program = ask(), ask(accept="application/json")
    assert page.headers["Retry-After"] == program.headers["Retry-After"] == "50"
    assert "操作太频繁了" in page.text
    assert program.get_json()["error"]["code"] == "too_many"
    assert ask("203.0.113.8").status_code == 401


def test_codes_made_up_for_a_mini_program_are_counted_by_themselves(app: Flask, ask: Ask) -> None:
    """Each would be asked about at WeChat: fewer of them from one address, and pages go on."""
    client, body = app.test_client(use_cookies=False), {"account": "nowhere", "code": "made-up"}
    sent = {"environ_base": {"REMOTE_ADDR": FAR}, "headers": {HEADER: ""}, "json": body}
    answers = [client.post("/api/sign-in", **sent).status_code for _ in range(3)]
    assert answers == [404, 404, 429]
    assert ask().status_code == 401
    assert DEFAULTS["program"].address < DEFAULTS["login"].address


def test_the_next_minute_begins_anew(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        last = ask()
    assert last.status_code == 429
    now = clock.now() + timedelta(seconds=50)
    monkeypatch.setattr(clock, "now", lambda: now)
    assert ask().status_code == 401


def test_one_browser_is_counted_wherever_it_comes_from(client: FlaskClient, ask: Ask) -> None:
    with client.session_transaction() as session:
        session["csrf_token"] = "a-browser"
    answers = [ask(f"203.0.113.{number}", browser=client).status_code for number in range(4)]
    assert answers == [401, 401, 429, 429]


def test_addresses_of_one_customer_in_ipv6_count_together(ask: Ask) -> None:
    answers = [ask(f"2001:db8:1:2::{number}").status_code for number in range(1, 5)]
    assert answers == [401, 401, 401, 429]
    assert ask("2001:db8:1:3::1").status_code == 401


@pytest.mark.parametrize(
    ("remote", "told", "client"),
    [
        (FAR, "", FAR),
        (FAR, "198.51.100.1", FAR),  # whoever says so himself is not believed
        (PROXY, "198.51.100.1", "198.51.100.1"),
        (PROXY, "192.0.2.66, 198.51.100.1", "198.51.100.1"),  # what he told our proxy neither
        (PROXY, f"198.51.100.1, {PROXY}", "198.51.100.1"),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, "198.51.100.1, junk", PROXY),
        (f"::ffff:{FAR}", "", FAR),
        ("", "198.51.100.1", "None"),
    ],
)
def test_the_client_is_who_our_proxy_says(app: Flask, remote: str, told: str, client: str) -> None:
    headers = {"X-Forwarded-For": told} if told else {}
    with app.test_request_context(environ_base={"REMOTE_ADDR": remote}, headers=headers):
        assert str(client_address()) == client


def test_every_limit_has_its_route() -> None:
    assert set(DEFAULTS) == {*LIMITED.values(), *limits.ASKED}
    assert {endpoint for _, endpoint in LIMITED} <= set(access.TABLE)


def test_every_post_of_strangers_is_limited(app: Flask) -> None:
    """Signing out is not: it costs nothing and helps nobody."""
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and access.TABLE[rule.endpoint].caller is Caller.ANYONE
    }
    limited = {endpoint for method, endpoint in LIMITED if method == "POST"}
    assert posts - limited == {
        "console.sign_in.leave",
        "storefront.programs.sign_out",
        "storefront.sign_in.end",
    }


def test_every_post_that_asks_for_the_password_again_is_limited() -> None:
    asked = ("begin_factor", "codes", "drop", "new_password")
    assert {("POST", f"console.account.{name}") for name in asked} <= set(LIMITED)


@pytest.mark.limits
def test_redis_away_stops_nobody_and_each_process_counts_for_itself() -> None:
    counts = Counts("redis://127.0.0.1:9/0")
    start = monotonic()
    assert [counts.add("a", 1) for _ in range(50)] == list(range(1, 51))
    assert monotonic() - start < 50 * limits.WAIT_SECONDS / 2


@pytest.mark.processes
def test_two_processes_count_together_in_redis(config: Config, tmp_path: Path) -> None:
    with town(config, tmp_path / "town") as running:
        url = running.places.redis_url
        one, other = Counts(url), Counts(url)
        assert [one.add("a", 1), other.add("a", 1), one.add("a", 1), one.add("a", 2)] == [
            *(1, 2, 3, 1)
        ]
        with Redis.from_url(url) as redis:
            keys = list(redis.scan_iter("wx:limit:*"))
            assert len(keys) == 2
            assert all(0 < redis.ttl(key) <= 120 for key in keys)


def test_the_memory_of_one_process_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "ENTRIES_MAX", 10)
    counts = Counts(None)
    for number in range(100):
        counts.add(str(number), 1)
    assert len(counts._local._counts) <= 10


TOKEN = "5e" * 31 + "a1"


@pytest.mark.parametrize(
    ("guard", "remote", "headers", "status"),
    [
        (Guard(), "127.0.0.1", {}, 403),
        (Guard(monitors=(ip_network("10.0.9.0/24"),)), "10.0.9.3", {}, 200),
        (Guard(monitors=(ip_network("10.0.9.0/24"),)), "10.0.8.3", {}, 403),
        (
            Guard(monitors=(ip_network("10.0.9.0/24"),)),
            *("10.0.8.3", {"X-Forwarded-For": "10.0.9.3"}, 403),
        ),
        (Guard(monitor_token=TOKEN), FAR, {"Authorization": f"Bearer {TOKEN}"}, 200),
        (Guard(monitor_token=TOKEN), FAR, {"Authorization": f"Bearer {TOKEN}x"}, 403),
        (Guard(monitor_token=TOKEN), FAR, {"Authorization": f"Basic {TOKEN}"}, 403),
        (Guard(monitor_token=TOKEN), FAR, {"Authorization": "Bearer "}, 403),
        (Guard(), FAR, {"Authorization": "Bearer "}, 403),
    ],
)
def test_figures_are_for_monitors(
    app: Flask, guard: Guard, remote: str, headers: dict[str, str], status: int
) -> None:
    app.extensions["wx_config"] = replace(app.extensions["wx_config"], guard=guard)
    answer = app.test_client().get(
        "/metrics", environ_base={"REMOTE_ADDR": remote}, headers=headers
    )
    assert answer.status_code == status
    assert ("wx_rows" in answer.text) == (status == 200)
