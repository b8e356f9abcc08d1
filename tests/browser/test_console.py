"""The console in a desktop browser and on a phone: signing in, and pages that fit."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import PHONE
from tests.console.desk import PASSWORD
from tests.console.world import World, make_world

pytestmark = pytest.mark.browser


@pytest.fixture
def world(app: Flask) -> World:
    assert app
    return make_world()


@pytest.fixture
def narrow(browser: Browser) -> Iterator[Page]:
    """The same in a phone's ordinary browser."""
    context = browser.new_context(viewport=PHONE, locale="zh-CN")  # type: ignore[arg-type]  # a typed dict of the library
    yield context.new_page()
    context.close()


def sign_in(page: Page, site: str) -> None:
    page.goto(f"{site}/console/")
    page.get_by_label("登录名").fill("root")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("heading", name="今日概览")).to_be_visible()


def addresses(world: World) -> tuple[str, ...]:
    return (
        "/console/",
        "/console/orders",
        f"/console/orders/{world.southern.number}",
        f"/console/receipts/{world.southern.receipt}",
        "/console/reps",
        f"/console/reps/{world.alice_number}",
        "/console/exceptions",
        "/console/failures",
    )


def assert_fits(page: Page, site: str, world: World) -> None:
    for path in addresses(world):
        page.goto(site + path)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


def test_from_the_login_to_the_proof_of_an_order(desktop: Page, site: str, world: World) -> None:
    sign_in(desktop, site)
    desktop.get_by_text("销售", exact=True).click()
    desktop.get_by_role("link", name="订单", exact=True).click()
    desktop.get_by_role("link", name=world.southern.number).click()
    desktop.get_by_role("link", name="查看归属凭证").click()
    expect(desktop.get_by_text("是30天有效期内最后一次有效接触")).to_be_visible()
    assert_fits(desktop, site, world)
    desktop.get_by_role("button", name="退出").click()
    expect(desktop.get_by_label("登录名")).to_be_visible()


def test_every_page_fits_a_phone(narrow: Page, site: str, world: World) -> None:
    sign_in(narrow, site)
    assert_fits(narrow, site, world)
