"""Every setting of a real account is looked at; each planted fault is found, with what to do next."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from flows.doctor import service
from flows.doctor.examination import examine
from flows.doctor.findings import Finding, State
from flows.menus.adopting import adopt_account
from simulator import paykeys
from templates_msg.operations import set_template
from tests.serving import announce, serving
from tests.simulator.stage import MCHID, MERCHANT_SERIAL, Stage
from tests.site import Site
from tests.storefront.conftest import config, keys  # noqa: F401 - fixtures
from wx_backend import cli
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.outbox import done_here

CITY = "wx5ad0c1ee0a2b3f4d"
FILE = "domain file MP_verify_Ab12Cd34Ef56Gh78.txt"
TOKEN = "city: token and IP allow-list"
REACHED = "city: way from WeChat to the server address"
MERCHANT = "WeChat Pay: merchant key, serial and platform keys"


@pytest.fixture
def url(app: Flask, wechat: Stage, config: Config) -> Iterator[str]:  # noqa: F811 - the fixture
    """A service for which everything is set, by its public address."""
    with serving(Site(app)) as url:
        announce(wechat, config, url)
        with transaction():
            set_template(appid=CITY, purpose="order_paid", template_id="T", fields={})
        for account in config.accounts:
            done_here(adopt_account(appid=account.appid))
        yield url


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        yield int(probe.getsockname()[1])


def todos(url: str) -> dict[str, Finding]:
    return {
        found.name: found
        for found in examine(url)
        if found.state is State.TODO
        and not found.name.startswith("plain: message")
        and found.name != "database role"  # the tests connect as the owner
    }


def test_nothing_is_to_be_done_where_everything_is_set(url: str) -> None:
    names = [found.name for found in examine(url)]

    assert todos(url) == {}
    assert len(names) == len(set(names)) == 20


@pytest.mark.parametrize(
    ("fault", "name", "next_step"),
    [
        ({"secret": "another"}, TOKEN, "do not reset it"),
        ({"allowed_ips": ["203.0.113.9"]}, TOKEN, "put 127.0.0.1 on the account's IP allow-list"),
        ({"is_secret_frozen": True}, TOKEN, "unfreeze the AppSecret"),
    ],
)
def test_what_the_accounts_console_lacks_is_named(
    url: str, wechat: Stage, fault: dict[str, object], name: str, next_step: str
) -> None:
    wechat.control("PUT", f"/accounts/{CITY}", **fault)
    found = todos(url)

    assert list(found) == [name]
    assert next_step in found[name].next_step


def test_an_address_the_platform_cannot_reach_is_named(url: str, wechat: Stage) -> None:
    with closed_port() as port:
        wechat.control("PUT", f"/accounts/{CITY}", callback_url=f"http://127.0.0.1:{port}/cb")
        found = todos(url)

    assert list(found) == [REACHED]
    assert "CHINANET to 127.0.0.1 loses 100%" in found[REACHED].said


def test_an_account_without_a_server_address_is_told_to_save_one(url: str, wechat: Stage) -> None:
    wechat.control("PUT", f"/accounts/{CITY}", callback_url="")
    found = todos(url)

    assert list(found) == [REACHED]
    assert "save the server configuration" in found[REACHED].next_step


def test_a_merchant_key_wechat_pay_does_not_know_is_named(url: str, wechat: Stage) -> None:
    other = paykeys.public_pem(paykeys.new_private_key())
    wechat.control("PUT", f"/merchants/{MCHID}", serial=MERCHANT_SERIAL, public_key=other)
    found = todos(url)

    assert list(found) == [MERCHANT]
    assert "pay.serial" in found[MERCHANT].next_step


def test_an_address_that_leads_elsewhere_is_named_everywhere(app: Flask, url: str) -> None:
    assert url
    elsewhere = Flask("elsewhere")
    elsewhere.add_url_rule("/<path:_>", "login", lambda _: ("sign in", 302, {"Location": "/login"}))
    with serving(elsewhere) as other:
        found = todos(other)

    assert app
    assert set(found) == {
        "public address",
        FILE,
        "city: server address",
        "plain: server address",
        "WeChat Pay: notice address",
    }


def test_an_old_schema_and_an_account_not_taken_over_are_named(url: str) -> None:
    with transaction():
        db.session.execute(text("DELETE FROM menu_adoption"))
        db.session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    found = todos(url)

    assert found["database revision"].next_step == "run `migrate`"
    assert found["city: menu and replies"].next_step == "run `adopt-account city`"


def test_a_schema_of_a_later_version_is_not_to_be_migrated_by_this_one(url: str) -> None:
    with transaction():
        db.session.execute(text("UPDATE alembic_version SET version_num = 'later'"))
    assert todos(url)["database revision"].next_step == "restart with the version that migrated"


def test_a_database_that_sorts_by_a_language_is_named(
    url: str, database_kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server of the tests has no language to sort by: what such a database answers is told in its place."""
    monkeypatch.setattr(service, "BY_BYTES", "SELECT false")
    found = todos(url)

    assert list(found) == ["database order of texts"] * (database_kind == "postgresql")
    assert all("restore.sh" in each.next_step for each in found.values())


def test_the_command_ends_with_what_is_left_to_do(
    app: Flask,
    config: Config,  # noqa: F811 - the fixture
    url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cli, "_config", lambda: config)
    monkeypatch.setattr("wx_backend.app.create_app", lambda _config: app)
    monkeypatch.setattr("wx_backend.log.configure", lambda: None)
    answer = CliRunner().invoke(cli.main, ["doctor", "--base-url", url])

    assert "ok   city: token and IP allow-list" in answer.output
    assert "TODO plain: message templates" in answer.output
    assert answer.exit_code == 1
