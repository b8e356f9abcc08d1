"""Choosing a number on the phone, and a launch that the check-list blocks, as people see them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from catalog.launch_rules import WANTED
from catalog.models import Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData, add_product, add_sku
from orders.models import OrderLine
from tests.browser.test_mall import is_wider_than_the_screen, open_mall  # noqa: F401 - a fixture
from tests.catalog.pool import fill_pool, number_row
from tests.catalog.shelf import NOON
from tests.console.desk import PASSWORD
from tests.console.world import World, make_world
from tests.storefront.conftest import Mall, config, keys, mall  # noqa: F401 - fixtures
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser

SIX = tuple(f"1400000{n:04d}" for n in range(1, 7))


@pytest.fixture
def eye(tmp_path: Path) -> Callable[[Page, str], None]:
    """Keeps a picture for whoever wants to look, and minds what sticks out."""

    def look(page: Page, name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert not is_wider_than_the_screen(page)

    return look


def test_a_number_is_picked_searched_and_ordered(
    open_mall: Mall,  # noqa: F811 - the fixture
    site: str,
    phone: Page,
    eye: Callable[[Page, str], None],
) -> None:
    fill_pool("14000000888", *SIX, node_id=open_mall.outlet_id)
    with transaction():
        sku = db.session.get_one(Sku, open_mall.wares.plan_id)
        product = db.session.get_one(Product, sku.product_id)
        product.takes_number = True
        number = product.number
    phone.goto(site + open_mall.link(open_mall.alice_id, number))
    phone.get_by_role("button", name="立即购买").click()
    expect(phone.get_by_role("radio")).to_have_count(7)
    eye(phone, "numbers")
    phone.get_by_role("searchbox", name="尾号").fill("888")
    expect(phone.get_by_role("radio")).to_have_count(1)
    phone.get_by_text("140 0000 0888").click()
    expect(phone.locator("[name=number]")).to_have_value("14000000888")
    assert number_row("14000000888").state == "held"
    phone.get_by_role("searchbox", name="尾号").fill("")
    expect(phone.get_by_role("radio")).to_have_count(7)
    phone.get_by_role("button", name="换一批").click()
    expect(phone.get_by_role("radio", checked=True)).to_have_value("14000000888")
    for name, value in (
        ("contact_name", "鲍勃"),
        ("contact_phone", "13800138000"),
        ("user_name", "鲍勃"),
        ("user_phone", "13800138000"),
    ):
        phone.locator(f"[name={name}]").fill(value)
    phone.get_by_role("button", name="提交订单").click()
    phone.wait_for_url("**/pay")
    db.session.rollback()
    assert db.session.query(OrderLine.number_reference).scalar() == "14000000888"
    db.session.rollback()


@pytest.fixture
def world(app: Flask) -> World:
    assert app.testing
    return make_world()


def test_the_check_list_blocks_a_product_until_a_colleague_agrees(
    world: World, site: str, desktop: Page, app: Flask, eye: Callable[[Page, str], None]
) -> None:
    app.config["SESSION_COOKIE_SECURE"] = False
    with transaction():
        data = ProductData(ProductKind.GOODS, world.wares.category_id, "星河平板")
        product = add_product(data=data, now=NOON)
        add_sku(product_id=product.id, data=SkuData("标准 256GB", 299_900), now=NOON)
        number = product.number
    address = f"{site}/console/products/{number}"
    _sign_in(desktop, site, "marketer")
    desktop.goto(f"{site}/console/products")
    expect(desktop.get_by_role("link", name="星河平板")).to_be_visible()
    eye(desktop, "products")
    desktop.goto(address)
    expect(desktop.get_by_text("还不能申请上架")).to_be_visible()
    for step, fields in WANTED.items():
        form = desktop.locator(f"form[action$='/steps/{step}']")
        form.locator("[name=owner]").fill("李敏")
        for each in fields:
            value = {"date": "2026-11-20", "yuan": "20000"}.get(each.kind, "已备妥")
            form.locator(f"[name={each.name}]").fill(value)
        form.locator("[name=evidence]").fill("档案 2026-117")
        form.get_by_role("button").click()
        expect(desktop.get_by_role("status").first).to_have_text("已保存")
    eye(desktop, "product")
    desktop.locator("[name=on_sale_from]").fill("2026-11-20")
    desktop.get_by_role("button", name="申请上架").click()
    expect(desktop.get_by_text("须由另一位同事审批")).to_be_visible()
    desktop.get_by_role("button", name="退出").click()
    _sign_in(desktop, site, "manager")
    desktop.goto(address)
    desktop.get_by_role("button", name="批准上架").click()
    expect(desktop.get_by_text("在售", exact=True)).to_be_visible()
    eye(desktop, "approved")


def _sign_in(page: Page, site: str, login: str) -> None:
    page.goto(f"{site}/console/login")
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill(PASSWORD)
    page.get_by_role("button").click()
    page.wait_for_url(f"{site}/console/")
