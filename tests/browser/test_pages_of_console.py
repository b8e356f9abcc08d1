"""Every page of the console that there is a route for, on a desktop and on a phone, light and dark."""

from collections.abc import Mapping

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import DESKTOP, PHONE, fresh_page
from tests.browser.looking import Look
from tests.browser.office import sign_in
from tests.console.desk import PASSWORD
from tests.console.every_page import pages, shown_on_pages
from tests.console.owned import Named
from tests.console.test_refunds import config  # noqa: F401 - a fixture
from tests.console.world import World, make_world

pytestmark = pytest.mark.browser
SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.fixture
def world(app: Flask) -> World:
    assert app
    return make_world()


@pytest.fixture
def named(app: Flask, world: World) -> Mapping[str, Named]:
    return shown_on_pages(app, world)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES)
def test_every_page(
    app: Flask,
    browser: Browser,
    site: str,
    named: Mapping[str, Named],
    size: str,
) -> None:
    with fresh_page(browser, SIZES[size]) as page:
        look = Look(page, "console", size)
        look.at("sign_in", f"{site}/console/login")
        sign_in(page, site, "root")
        for endpoint, path in pages(app, named):
            look.at(endpoint.removeprefix("console."), site + path)
        look.end()


def test_setting_a_phone_up(desktop: Page, site: str, world: World) -> None:
    assert world
    sign_in(desktop, site, "root")
    look = Look(desktop, "console", "desktop")
    desktop.goto(f"{site}/console/account")
    form = desktop.locator("form[action$='/account/factor']")
    form.locator("input[type=password]").fill(PASSWORD)
    form.get_by_role("button", name="启用").click()
    expect(desktop.locator("svg").first).to_be_visible()
    look.here("account.factor")
    look.end()
