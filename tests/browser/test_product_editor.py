"""A new tablet is typed in, priced, pictured; what is wrong is told beside its field."""

from collections.abc import Callable
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect
from sqlalchemy import select

from catalog.queries import product_by_number
from org.models import OrgNode, Role, Tier
from tests.browser.office import faults_of, fits, hire_staff, open_page, sign_in
from tests.browser.test_mall import open_mall  # noqa: F401 - a fixture
from tests.catalog.shelf import put_on_sale
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
NAME = "星河平板 Pro"
Look = Callable[[str], None]


def photo(name: str, colour: str) -> FilePayload:
    out = BytesIO()
    Image.new("RGB", (1_600, 1_200), colour).save(out, "JPEG")
    return FilePayload(name=name, mimeType="image/jpeg", buffer=out.getvalue())


def test_a_product_is_made_priced_and_pictured(
    open_mall: Mall,  # noqa: F811 - the fixture
    site: str,
    desktop: Page,
    phone: Page,
) -> None:
    assert open_mall
    top = db.session.scalars(select(OrgNode.id).where(OrgNode.tier == Tier.GROUP)).one()
    db.session.rollback()
    hire_staff("carol", "卡罗尔", Role.MANAGER, top)
    faults = faults_of(desktop)
    sign_in(desktop, site, "carol")
    open_page(desktop, "销售", "商品")
    desktop.get_by_role("link", name="新建商品").click()
    expect(desktop.get_by_label("月费（元）")).to_be_hidden()
    desktop.get_by_label("类型").select_option("plan")
    expect(desktop.get_by_label("月费（元）")).to_be_visible()
    desktop.get_by_label("类型").select_option("goods")
    desktop.get_by_label("分类").select_option(index=1)
    desktop.get_by_label("名称", exact=True).fill(NAME)
    desktop.get_by_label("副标题").fill("12 英寸 · 全天续航")
    desktop.get_by_label("赠品").fill("保护壳*0")
    desktop.get_by_role("button", name="保存").click()
    expect(desktop.get_by_role("alert")).to_have_text("请修改标出的内容后再保存")
    expect(desktop.get_by_text("应为 名称*数量=价值")).to_be_visible()
    expect(desktop.get_by_label("名称", exact=True)).to_have_value(NAME)
    assert fits(desktop)
    desktop.get_by_label("赠品").fill("保护壳*1=39.00")
    desktop.get_by_role("button", name="保存").click()
    expect(desktop.get_by_role("status").first).to_contain_text("商品已建立")
    number = desktop.url.rpartition("/")[2]

    desktop.get_by_role("link", name="添加规格").click()
    desktop.get_by_label("规格名称", exact=True).fill("深空灰 256GB")
    desktop.get_by_label("售价（元）").fill("2999.00")
    desktop.get_by_role("button", name="添加规格").click()
    expect(desktop.get_by_role("cell", name="2,999.00")).to_be_visible()
    desktop.get_by_label("选择图片").set_input_files(
        [photo("a.jpg", "slategray"), photo("b.jpg", "steelblue")]
    )
    desktop.get_by_role("button", name="添加图片").click()
    expect(desktop.get_by_role("status").first).to_have_text("已添加 2 张图片")
    desktop.get_by_role("button", name="设为首图").click()
    expect(desktop.get_by_role("status").first).to_have_text("已设为首图")
    assert fits(desktop)

    made = product_by_number(number)
    assert made is not None
    product_id = made.id
    db.session.rollback()
    with transaction():
        put_on_sale(product_id)
    phone.goto(f"{site}/")
    phone.get_by_role("link", name=NAME).click()
    picture = phone.get_by_role("img", name=f"{NAME} 图片 1")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => [each.complete, each.naturalWidth]") == [True, 1_280]
    assert fits(phone)
    refused = ("400 ", "Failed to load resource: the server responded with a status of 400")
    assert [each for each in faults() if not each.startswith(refused)] == []
