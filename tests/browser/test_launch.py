"""A new phone reaches the mall only when the check-list is whole and a colleague has agreed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from catalog.launch_models import LaunchApproval
from catalog.launch_rules import WANTED, Wanted
from catalog.models import Product, ProductKind
from catalog.operations import ProductData, SkuData, add_product, add_sku
from org.models import OrgNode, Role, Tier
from tests.browser.office import faults_of, fits, hand_over, hire_staff, open_page, sign_in
from tests.browser.test_mall import open_mall  # noqa: F401 - a fixture
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
NAME = "星河平板"


@pytest.fixture
def tablet(open_mall: Mall) -> str:  # noqa: F811 - the fixture
    """A tablet nobody has prepared anything for; its number. Staff of two roles are there."""
    top = db.session.scalars(select(OrgNode.id).where(OrgNode.tier == Tier.GROUP)).one()
    db.session.rollback()
    hire_staff("mina", "米娜", Role.MARKETER, top)
    hire_staff("carol", "卡罗尔", Role.MANAGER, top)
    with transaction():
        data = ProductData(ProductKind.GOODS, open_mall.wares.category_id, NAME)
        product = add_product(data=data, now=clock.now())
        add_sku(product_id=product.id, data=SkuData("256GB", 299_900), now=clock.now())
        return product.number


def test_a_product_is_sold_once_its_check_list_is_whole_and_a_colleague_agrees(
    tablet: str, site: str, desktop: Page, phone: Page
) -> None:
    seen_by_buyer = in_the_mall(phone, site)
    faults = faults_of(desktop)
    sign_in(desktop, site, "mina")
    open_page(desktop, "销售", "商品")
    desktop.get_by_role("link", name=NAME).click()
    for number, (step, fields) in enumerate(WANTED.items()):
        blocked = desktop.get_by_text("还不能申请上架")
        expect(blocked).to_be_visible()
        expect(desktop.get_by_role("button", name="申请上架")).to_have_count(0)
        assert not seen_by_buyer()
        assert not _row(tablet).is_listed
        _tick(desktop, step, fields)
        assert fits(desktop), number
    desktop.locator("[name=on_sale_from]").fill(business_on(clock.now()).isoformat())
    desktop.get_by_role("button", name="申请上架").click()
    expect(desktop.get_by_text("须由另一位同事审批")).to_be_visible()
    expect(desktop.get_by_role("button", name="批准上架")).to_have_count(0)
    assert not seen_by_buyer()

    hand_over(desktop, site, "carol")
    open_page(desktop, "销售", "商品")
    desktop.get_by_role("link", name=NAME).click()
    desktop.get_by_label("审批意见").fill("资料齐全")
    desktop.get_by_role("button", name="批准上架").click()
    expect(desktop.get_by_text("在售", exact=True)).to_be_visible()
    expect(desktop.locator(".line").last).to_contain_text("卡罗尔")
    desktop.get_by_role("link", name="中心仓").click()
    desktop.get_by_label("入库数量").fill("5")
    desktop.get_by_role("button", name="入库").click()
    expect(desktop.get_by_role("row", name="卡罗尔")).to_contain_text("0 → 5")
    assert fits(desktop)

    assert _row(tablet).is_listed
    approval = db.session.scalars(select(LaunchApproval).order_by(LaunchApproval.id)).all()[-1]
    assert approval.verdict == "approved"
    assert approval.decided_by not in {None, approval.asked_by}
    db.session.rollback()
    assert seen_by_buyer()
    phone.get_by_role("link", name=NAME).click()
    expect(phone.get_by_text("2,999.00").first).to_be_visible()
    expect(phone.get_by_role("button", name="立即购买")).to_be_enabled()
    assert faults() == []


def in_the_mall(phone: Page, site: str) -> Callable[[], bool]:
    """Whether a buyer who opens the mall now finds the tablet."""

    def look() -> bool:
        phone.goto(f"{site}/")
        expect(phone.get_by_role("link", name="星河手机").first).to_be_visible()
        return phone.get_by_role("link", name=NAME).count() == 1

    return look


def _tick(page: Page, step: str, fields: tuple[Wanted, ...]) -> None:
    """Fill in one item of the check-list and keep it."""
    form = page.locator(f"form[action$='/steps/{step}']")
    day = business_on(clock.now()) + timedelta(days=1)
    form.locator("[name=owner]").fill("李敏")
    for each in fields:
        value = {"date": day.isoformat(), "yuan": "20000"}.get(each.kind, "已备妥")
        form.locator(f"[name={each.name}]").fill(value)
    form.locator("[name=evidence]").fill("档案 2026-117")
    form.get_by_role("button").click()
    expect(page.get_by_role("status").first).to_have_text("已保存")


def _row(number: str) -> Product:
    db.session.rollback()
    return db.session.scalars(select(Product).where(Product.number == number)).one()
