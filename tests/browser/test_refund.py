"""Finance gives a line back with a colleague, in a real browser."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.desk import PASSWORD
from tests.console.world import MCHID, World, make_world
from wx_backend.config import Config, Pay

pytestmark = pytest.mark.browser


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


@pytest.fixture
def world(site: str) -> World:
    assert site
    return make_world()


def sign_in(page: Page, site: str, login: str) -> None:
    page.goto(f"{site}/console/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form button:not([type=button])").last.click()
    page.wait_for_url(f"{site}/console/")


def test_two_people_give_a_phone_back(desktop: Page, site: str, world: World) -> None:
    sign_in(desktop, site, "finance")
    desktop.goto(f"{site}/console/orders/{world.southern.number}")
    desktop.click("h1 a:has-text('退款')")
    desktop.fill("input[name='line-1']", "1999.00")
    desktop.fill("input[name=reason]", "七天无理由")
    desktop.click("button:has-text('提交退款')")
    expect(desktop.locator("[role=status]")).to_contain_text("等待另一位员工审批")
    desktop.click("button:has-text('退出')")
    sign_in(desktop, site, "manager")
    desktop.goto(f"{site}/console/refunds")
    desktop.click("button:has-text('同意')")
    expect(desktop.locator("[role=status]")).to_contain_text("已同意")
    desktop.goto(f"{site}/console/refunds")
    expect(desktop.locator("table").last).to_contain_text("1,999.00")
