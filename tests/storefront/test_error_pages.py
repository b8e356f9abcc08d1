"""What a customer reads when something is refused, missing or broken: the mall's own page, and a way on."""

from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from tests.storefront.conftest import Phones
from tests.storefront.phone import DESKTOP


def broken(app: Flask, endpoint: str, error: Exception) -> FlaskClient:
    """Whoever opens this page meets that error."""

    def fail(**_: object) -> NoReturn:
        raise error

    app.testing, app.view_functions[endpoint] = False, fail
    return app.test_client()


@pytest.mark.usefixtures("mall")
def test_what_is_not_there_leads_on(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    for path in ("/no-such-page", "/p/PD0", "/r/RP0", "/c/nothing", "/outlet/NOWHERE"):
        page = phone.get(path)
        assert page.status_code == 404
        assert "mall.css" in page.text
        assert 'href="/">去商城首页' in page.text
        assert "错误代码 not_found" in page.text


@pytest.mark.usefixtures("mall")
def test_a_link_that_is_over_or_forged_opens_the_mall_and_says_so(phone_of: Phones) -> None:
    phone = phone_of("Bob", DESKTOP)
    page = phone.follow(phone.get("/s/SAAAAAAAABBBBBBBBBBBBBBB"))
    assert page.status_code == 200
    assert "链接无效，已为您打开商城首页" in page.text


def test_a_database_that_is_away_is_told_without_asking_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every page of the mall asks who is looking; its page of errors must not."""
    error = OperationalError("SELECT 1", {}, Exception("gone"))
    client = broken(app, "storefront.mall.home", error)

    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("storefront.session.signed_in_person", fail)
    with client.session_transaction() as session:
        session["identity"], session["signed_in_at"] = 1, 2_000_000_000
    page = client.get("/")
    assert page.status_code == 503
    assert "系统繁忙" in page.text
    assert "再试一次" in page.text
    assert "mall.css" in page.text


def test_a_fault_says_that_orders_are_safe_and_tells_nothing_else(app: Flask) -> None:
    client = broken(app, "storefront.mall.home", RuntimeError("secret canary"))
    page = client.get("/")
    assert page.status_code == 500
    assert "您的订单和付款不受影响" in page.text
    assert "canary" not in page.text


@pytest.mark.parametrize("path", ["/console/no-such-page", "/terminal/no-such-page"])
def test_staff_and_reps_keep_their_plain_page(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "mall.css" not in page.text
    assert "错误代码 not_found" in page.text
