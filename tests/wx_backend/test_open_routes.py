"""What can be called without signing in: a known list, and nothing of it is a back door."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from tests.handlers.notices import with_merchant
from tests.rows import rows
from tests.site import Site
from wx_backend.access import TABLE, Caller
from wx_backend.config import Config

CALLBACK = "/wechat/city/callback"
FAR = {"REMOTE_ADDR": "198.51.100.7"}
# Who writes without having signed in, and why that is all right.
WRITES = {
    "console.sign_in.enter",  # the way in, limited by address and locked by failures
    "console.sign_in.enter_code",
    "console.sign_in.leave",
    "storefront.banners.tap",  # counted for what was shown, and nothing else
    "storefront.cart.change",  # of this browser's own cart
    "storefront.cart.change_by_form",
    "storefront.cart.put",
    "storefront.links.touch",  # what this browser opened, known from its signed session
    "storefront.programs.launch",  # a look at a link; a touch of nobody but who is signed in
    "storefront.programs.sign_in",  # by a code that WeChat gave to this person, once
    "storefront.programs.sign_out",  # of whoever is signed in
    "storefront.sharing.create",  # nothing is kept for whoever is nobody
    "storefront.sign_in.end",
}
GUESSES = (
    *("/admin", "/console/debug", "/debug", "/_debug_toolbar", "/console/__debugger__"),
    *("/actuator", "/actuator/env", "/swagger", "/swagger-ui.html", "/docs", "/api/docs"),
    *("/redoc", "/openapi.json", "/api/v1/orders", "/api/v2/orders", "/v1/orders", "/old"),
    *("/cron", "/cron/close_orders", "/internal", "/internal/jobs", "/jobs", "/rq", "/queue"),
    *("/api/cron", "/api/internal", "/api/admin/orders", "/api/users", "/api/login"),
    *("/test/pay", "/pay/test", "/pay/notify", "/notify", "/callback", "/wechat/callback"),
    *("/.env", "/.git/config", "/config.toml", "/wsgi.py", "/backup.sql", "/phpinfo.php"),
    *("/static/../config.toml", "/mall-assets/../session.py", "/console/assets/..%2fbase.html"),
    *("/mall-assets/%2e%2e/routes.py", "/terminal-assets/../../config.toml", "/server-status"),
    *("/simulator", "/sim", "/control", "/clock", "/chaos", "/witness"),
)


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    return with_merchant(config, tmp_path)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """The whole application with the push door in front, from far away."""
    app.wsgi_app = Site(app)  # type: ignore[method-assign]  # pushes to the door, as a proxy does
    return app.test_client()


def rules_of(app: Flask, caller: Caller) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if TABLE[rule.endpoint].caller is caller]


def path_of(app: Flask, rule: Rule) -> str:
    values = {name: 0 if f"<int:{name}>" in rule.rule else "city" for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def test_who_may_write_without_signing_in_is_a_known_list(app: Flask) -> None:
    found = {
        rule.endpoint
        for rule in rules_of(app, Caller.ANYONE)
        if (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert found == WRITES


def test_whatever_the_platform_calls_wants_its_signature(app: Flask, client: FlaskClient) -> None:
    before = rows(but=("forged_count", "forged_sample"))
    asked = 0
    called = [
        (path_of(app, rule), method)
        for rule in rules_of(app, Caller.PLATFORM)
        for method in sorted((rule.methods or set()) & {"GET", "POST"})
    ]
    for path, method in [*called, (CALLBACK, "GET"), (CALLBACK, "POST")]:
        for body in (
            b"",
            b"{}",
            b"<xml></xml>",
            b'{"out_trade_no":"1","trade_state":"SUCCESS"}',
        ):
            answer = client.open(path, method=method, data=body, environ_overrides=FAR)
            assert answer.status_code in {400, 401, 403, 404}, (path, answer.status_code)
            asked += 1
    assert asked >= 20
    assert rows(but=("forged_count", "forged_sample")) == before


@pytest.mark.parametrize("path", GUESSES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_there_is_nothing_behind_what_people_guess(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.open(path, method=method, environ_overrides=FAR)
    assert answer.status_code in {401, 404, 405}, answer.status_code
    assert "Traceback" not in answer.text
    assert "Werkzeug" not in answer.text


def test_figures_are_not_for_strangers(client: FlaskClient) -> None:
    for headers in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
        answer = client.get("/metrics", headers=headers, environ_overrides=FAR)
        assert answer.status_code == 403


def test_health_tells_strangers_no_more_than_that(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = client.get(path, environ_overrides=FAR)
        assert answer.status_code == 200
        assert len(answer.data) < 200
        assert b"sqlite" not in answer.data
        assert b"postgres" not in answer.data


@pytest.mark.parametrize("query", ["?debug=1", "?XDEBUG_SESSION=1", "?__debugger__=yes&cmd=1"])
def test_nothing_is_told_for_the_asking(app: Flask, client: FlaskClient, query: str) -> None:
    assert not app.debug
    answer = client.get(f"/orders/OD0{query}", environ_overrides=FAR)
    assert answer.status_code == 401
    assert "werkzeug" not in answer.text.lower()
