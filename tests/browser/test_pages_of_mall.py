"""Every page of the mall that there is a route for, on a phone and in WeChat on a desktop, light and dark."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from members.join_requests import propose
from orders.models import SalesOrder
from tests.browser.conftest import DESKTOP, PHONE, WECHAT_AGENT, fresh_page
from tests.browser.looking import Look
from tests.browser.test_mall import BRIDGE, JSSDK
from tests.catalog.slots import put_up
from tests.catalog.test_outlet_stock import lay
from tests.simulator.stage import Stage
from tests.storefront.conftest import config, keys, mall, phone_of
from tests.storefront.test_foreign import Town, town
from tests.storefront.test_numbers import plan_row
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import db, transaction

__all__ = ["config", "keys", "mall", "phone_of", "town"]
pytestmark = pytest.mark.browser
SIZES = {"phone": PHONE, "desktop": DESKTOP}
# Addresses that lead elsewhere, and what others answer for scripts.
NO_PAGE = {
    "storefront.banners.follow",
    "storefront.links.share",
    "storefront.links.short",
    "storefront.pictures.show",
    "storefront.posters.picture",
    "storefront.places.near",
    "storefront.sign_in.begin",
    "storefront.sign_in.come_back",
    "storefront.static",
}


@pytest.fixture
def here(app: Flask, site: str, wechat: Stage) -> str:
    """The mall at the browser's address, before anybody is there."""
    settings = app.extensions["wx_config"]
    service = replace(settings.service, base_url=site)
    app.extensions["wx_config"] = replace(settings, service=service)
    app.config["SESSION_COOKIE_SECURE"] = False
    wechat.control(
        "PUT", f"/accounts/{settings.accounts[0].appid}", oauth_domain=urlsplit(site).netloc
    )
    return site


def named(town: Town) -> Mapping[str, Mapping[str, object]]:
    """What each page shows, by endpoint or blueprint."""
    order = {"number": town.his.order, "receipt": town.his.receipt}
    return {
        "storefront.mall.category": {"slug": "phones"},
        "storefront.mall.product": {"number": town.mall.product},
        "storefront.mall.showroom": {"number": town.mall.alice_number},
        "storefront.places.city": {"code": "C"},
        "storefront.places.outlet": {"code": "O1"},
        "storefront.places.province": {"code": "P"},
        "counter": {"token": town.his.counter},
        "orders": order,
    }


def pages(app: Flask, shown: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Endpoint and address of every page for everybody and for members."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
        is_page = "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        is_mall = rule.endpoint.startswith("storefront.") and rule.endpoint not in NO_PAGE
        if is_page and is_mall and TABLE[rule.endpoint].caller in {Caller.ANYONE, Caller.MEMBER}:
            known = shown.get(rule.endpoint) or shown.get(rule.endpoint.split(".")[1]) or {}
            values = {name: known[name] for name in rule.arguments}
            yield rule.endpoint, str(app.url_map.bind("localhost").build(rule.endpoint, values))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", SIZES)
def test_every_page(
    app: Flask, browser: Browser, here: str, wechat: Stage, town: Town, size: str
) -> None:
    shown, plan = named(town), plan_row(town.mall).number
    for title in ("开学季，学生机立减三百", "换新补贴"):
        put_up(town.mall.outlet_id, title)
    lay(town.mall.wares.phone_id, town.mall.outlet_id, 3)
    with transaction():
        first, second = db.session.scalars(select(SalesOrder.member_id).distinct()).all()
        propose(first, second, agreed=(), since=clock.now(), now=clock.now())
    db.session.rollback()
    with fresh_page(browser, SIZES[size], user_agent=WECHAT_AGENT) as page:
        settle(page, wechat)
        look = Look(page, "mall", size)
        page.goto(f"{here}/orders")  # which signs Bob in
        expect(page.get_by_role("heading", name="我的订单")).to_be_visible()
        for endpoint, path in pages(app, shown):
            query = {
                "storefront.checkout.page": f"?sku={town.mall.wares.phone}",
                "storefront.visits.new": "?outlet=O1",
                "storefront.mall.search": "?q=xh",
            }.get(endpoint, "")
            look.at(endpoint.removeprefix("storefront."), here + path + query)
        look.at("mall.product-plan", f"{here}/p/{plan}")
        look.at("mall.search-nothing", f"{here}/search?q=zzz")
        look.at("checkout.page-plan", f"{here}/checkout?sku={town.mall.wares.plan}")
        page.goto(f"{here}/p/{town.mall.product}")
        page.get_by_role("button", name="转发").click()
        look.here("mall.product-sharing")
        look.end()


def settle(page: Page, wechat: Stage) -> None:
    """Bob holds the phone; WeChat's script and bridge are there."""
    page.context.add_cookies([{"name": "sim_person", "value": "Bob", "url": wechat.base_url}])
    page.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
    page.add_init_script(BRIDGE)


@pytest.mark.parametrize("size", SIZES)
def test_what_somebody_sees_outside_of_wechat(
    browser: Browser, here: str, town: Town, size: str
) -> None:
    with fresh_page(browser, SIZES[size]) as page:
        page.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=""))
        page.goto(f"{here}/orders")
        look = Look(page, "mall", size)
        look.here("outside")
        look.at("home-stranger", f"{here}/")
        look.at("cart-empty", f"{here}/cart")
        look.at("product-stranger", f"{here}/p/{town.mall.product}")
        look.end()
