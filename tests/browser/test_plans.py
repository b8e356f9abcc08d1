"""Choosing a number on the phone, as people see it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.models import Product, Sku
from orders.models import OrderLine
from tests.browser.test_mall import is_wider_than_the_screen, open_mall  # noqa: F401 - a fixture
from tests.catalog.pool import fill_pool, number_row
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
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
