"""A city manager's day: sales fell, three clicks to the order; figures on her phone; an archive for IT."""

from functools import partial

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from flows.figures.counting import count_waiting
from org.models import Role
from tests.browser.conftest import PHONE
from tests.browser.office import faults_of, fits, hire_staff, open_page, sign_in
from tests.console.world import World, make_world
from wx_backend import clock
from wx_backend.db import retried

pytestmark = pytest.mark.browser


@pytest.fixture
def world(app: Flask) -> World:
    """Canton sold a phone, Harbin another; both are counted, and Canton has a manager."""
    assert app
    world = make_world()
    hire_staff("canton", "林市长", Role.MANAGER, world.tree.canton)
    while retried(partial(count_waiting, now=clock.now())):
        pass
    return world


def test_from_a_fall_in_sales_to_its_order(desktop: Page, site: str, world: World) -> None:
    sign_in(desktop, site, "canton")
    faults = faults_of(desktop)
    open_page(desktop, "概览", "经营数据")
    expect(desktop.locator("#chart canvas")).to_be_visible()
    desktop.get_by_role("button", name="付款订单").click()
    expect(desktop.locator("#chart")).to_have_attribute(
        "aria-label", "付款订单走势图，数字见下方数据表"
    )
    expect(desktop.get_by_role("link", name="天河营业厅")).to_be_visible()
    expect(desktop.get_by_text("道里营业厅")).to_have_count(0)
    desktop.get_by_role("link", name="销售额（元） 1,999.00").click()
    expect(desktop.get_by_text("共 1 条，1,999.00 元")).to_be_visible()
    desktop.get_by_role("link", name=world.southern.number).click()
    expect(desktop.get_by_text("爱丽丝").first).to_be_visible()
    assert faults() == []


def test_the_pages_fit_her_phone(desktop: Page, site: str, world: World) -> None:
    sign_in(desktop, site, "canton")
    desktop.set_viewport_size(PHONE)  # type: ignore[arg-type]  # the library's own typed dict
    faults = faults_of(desktop)
    rep = f"/console/figures/sales?rep={world.alice_id}"
    for path in ("/console/figures?by=rep&grain=week", rep, "/console/orders", "/console/briefing"):
        desktop.goto(site + path)
        assert fits(desktop), path
    desktop.get_by_role("button", name="开通").click()
    expect(desktop.get_by_role("heading", name="用微信扫码确认")).to_be_visible()
    assert faults() == []
