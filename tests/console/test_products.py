"""Products at the console: nothing goes on sale before the list is done and a colleague agrees."""

import re

import pytest
from sqlalchemy import select

from catalog.launch_rules import WANTED
from catalog.models import Product, ProductKind, Sku
from catalog.operations import ProductData, SkuData, add_product, add_sku
from tests.catalog.pool import FIRST, fill_pool
from tests.catalog.shelf import NOON
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.storefront.mall import product_of
from wx_backend.db import db, transaction

KNOWN = {"date": "2026-11-20", "yuan": "100", "text": "有"}


@pytest.fixture
def product(world: World) -> str:
    """A new product's number; nobody has done anything for it."""
    with transaction():
        data = ProductData(ProductKind.GOODS, world.wares.category_id, "星河平板")
        made = add_product(data=data, now=NOON)
        add_sku(product_id=made.id, data=SkuData("标准", 100_000), now=NOON)
        return made.number


def tick_all(desk: Desk, product: str) -> None:
    for step, fields in WANTED.items():
        content = {each.name: KNOWN[each.kind] for each in fields}
        form = {**content, "owner": "李敏", "evidence": "档案 7"}
        assert desk.post(f"/products/{product}/steps/{step}", **form).status_code == 302


def is_listed(product: str) -> bool:
    db.session.rollback()
    query = select(Product.is_listed).where(Product.number == product)
    return db.session.scalars(query).one()


def test_the_list_blocks_a_product_until_a_colleague_approves(desk_of: Desks, product: str) -> None:
    marketer, manager, path = desk_of("marketer"), desk_of("manager"), f"/products/{product}"
    assert "还不能申请上架" in marketer.get(path).text
    assert marketer.post(f"{path}/approval", on_sale_from="2026-11-20").status_code == 409
    assert manager.post(f"{path}/listed").status_code == 409
    tick_all(marketer, product)
    assert marketer.post(f"{path}/approval", on_sale_from="2026-11-20").status_code == 302
    assert "须由另一位同事审批" in marketer.get(path).text
    assert manager.post(f"{path}/listed").status_code == 409
    assert marketer.post(f"{path}/approval/approved").status_code == 403
    assert not is_listed(product)
    assert manager.post(f"{path}/approval/approved", note="同意").status_code == 302
    assert is_listed(product)
    assert "批准上架" in manager.get(path).text


def test_nobody_approves_what_he_asked_for(desk_of: Desks, product: str) -> None:
    manager, path = desk_of("manager"), f"/products/{product}"
    tick_all(manager, product)
    manager.post(f"{path}/approval", on_sale_from="2026-11-20", on_sale_until="2026-12-31")
    assert manager.post(f"{path}/approval/approved").status_code == 403
    south = desk_of("south")
    assert south.post(f"{path}/approval/rejected").status_code == 400
    assert south.post(f"{path}/approval/maybe").status_code == 404
    assert south.post(f"{path}/approval/rejected", note="缺海报").status_code == 302
    assert not is_listed(product)
    assert "缺海报" in manager.get(path).text


def test_a_listed_product_is_taken_off_and_put_back(desk_of: Desks, world: World) -> None:
    desk = desk_of("manager")
    with transaction():
        number = db.session.get_one(Product, 1).number
    assert desk.post(f"/products/{number}/unlisted").status_code == 302
    assert not is_listed(number)
    assert desk.post(f"/products/{number}/listed").status_code == 302
    assert is_listed(number)
    assert "待完成" not in desk.get(f"/products/{number}").text
    assert world.wares.phone


def test_prices_change_on_record(desk_of: Desks, world: World) -> None:
    desk, sku = desk_of("manager"), world.wares.phone
    with transaction():
        number = db.session.get_one(Product, 1).number
    path = f"/products/{number}/skus/{sku}/price"
    assert desk.post(path, price="1888.00", prepaid="0", market_price="").status_code == 302
    assert desk.post(path, price="18", prepaid="20").status_code == 400
    assert desk.post(path, price="viel", prepaid="0").status_code == 400
    assert desk.post(f"/products/{number}/skus/SK0/price", price="1").status_code == 404
    db.session.rollback()
    assert db.session.get_one(Sku, world.wares.phone_id).price_fen == 188_800
    assert "1,999.00 → 1,888.00" in desk.get(f"/products/{number}").text


def test_an_outlets_staff_look_and_change_nothing(
    desk_of: Desks, world: World, product: str
) -> None:
    assert world
    clerk, path = desk_of("clerk"), f"/products/{product}"
    assert clerk.get("/products").status_code == 200
    assert clerk.get(path).status_code == 200
    assert clerk.post(f"{path}/unlisted").status_code == 403
    assert clerk.get("/products/PD0").status_code == 404


def test_number_pools_are_counted_within_the_scope(desk_of: Desks, world: World) -> None:
    fill_pool(node_id=world.tree.hall)
    page = desk_of("south").get("/numbers", text="888").text
    assert "14000000888" in page
    assert FIRST not in page
    assert "14000000888" not in desk_of("north").get("/numbers").text
    assert desk_of("south").get("/numbers", state="gone").status_code == 400
    assert FIRST in desk_of("south").get("/numbers", state="free").text


def test_a_large_change_waits_for_a_colleague(desk_of: Desks, world: World) -> None:
    manager, south, sku = desk_of("manager"), desk_of("south"), world.wares.phone
    with transaction():
        number = db.session.get_one(Product, 1).number
    page, path = f"/products/{number}", f"/products/{number}/skus/{sku}/price"
    asked = manager.post(path, price="999.00", prepaid="0")
    assert asked.status_code == 302
    shown = manager.get(page).text
    assert "等待另一位同事审批" in shown
    assert "须由另一位同事审批。" in shown
    assert "改价待审批" in south.get("/products").text
    assert "1,999.00 → <strong>999.00</strong>" in south.get(page).text
    again = manager.post(path, price="1998", prepaid="0")
    assert (again.status_code, "已有待审批的改价" in again.text) == (409, True)
    found = re.search(rf'formaction="/console({page}/prices/\d+)/approved"', south.get(page).text)
    assert found
    assert south.post(f"{found[1]}/rejected").status_code == 400
    assert south.post(f"{found[1]}/maybe").status_code == 404
    assert desk_of("marketer").post(f"{found[1]}/approved").status_code == 403
    assert desk_of("head").post(f"{found[1]}/approved").status_code == 403
    assert (
        south.post(f"/products/PD0/prices/{found[1].rpartition('/')[2]}/approved").status_code
        == 404
    )
    assert south.post(f"{found[1]}/approved").status_code == 302
    db.session.rollback()
    assert db.session.get_one(Sku, world.wares.phone_id).price_fen == 99_900
    assert "改价待审批" not in south.get(page).text


def test_whoever_asked_for_a_price_takes_it_back(desk_of: Desks, world: World) -> None:
    manager, south = desk_of("manager"), desk_of("south")
    number = product_of(world.wares.phone_id)
    page, path = f"/products/{number}", f"/products/{number}/skus/{world.wares.phone}/price"
    db.session.rollback()
    assert manager.post(path, price="999.00", prepaid="0").status_code == 302
    found = re.search(rf'action="/console({page}/prices/\d+/withdraw)"', manager.get(page).text)
    assert found
    assert found[1] not in south.get(page).text
    assert south.post(found[1]).status_code == 403
    assert manager.post(found[1].replace("withdraw", "withdrawn")).status_code == 404
    assert manager.post(found[1]).status_code == 302
    shown = manager.get(page).text
    assert "已撤回改价申请" in shown
    assert "改价待审批" not in shown
    assert "撤回改价申请" in shown.partition("操作记录")[2]
    assert manager.post(found[1]).status_code == 409
    assert manager.post(path, price="1200.00", prepaid="0").status_code == 302
    assert "1,999.00 → <strong>1,200.00</strong>" in south.get(page).text


def test_whoever_asked_for_a_launch_takes_it_back(desk_of: Desks, product: str) -> None:
    marketer, south, page = desk_of("marketer"), desk_of("south"), f"/products/{product}"
    tick_all(marketer, product)
    assert marketer.post(f"{page}/approval", on_sale_from="2026-11-20").status_code == 302
    assert f'action="/console{page}/approval/withdraw"' in marketer.get(page).text
    assert south.post(f"{page}/approval/withdraw").status_code == 403
    assert marketer.post(f"{page}/approval/withdraw").status_code == 302
    assert "申请上架" in marketer.get(page).text
    assert "驳回" not in marketer.get(page).text.partition("操作记录")[0]
    assert south.post(f"{page}/approval/approved", note="同意").status_code == 404


def test_products_are_found_by_name_initials_and_number(desk_of: Desks, product: str) -> None:
    desk = desk_of("root")
    with transaction() as session:
        sku = session.scalars(
            select(Sku.number)
            .join(Product, Product.id == Sku.product_id)
            .where(Product.number == product)
        ).one()

    def found(text: str) -> bool:
        page = desk.get("/products", text=text).text
        assert f'value="{text}"' in page
        return f"/console/products/{product}" in page

    for typed in ("星河平板", "平板 星河", "xhpb", "ＸＨＰＢ", product.lower(), product[-5:], sku):
        assert found(typed), typed
    for typed in ("没有的", "%", "xhpbx"):
        assert not found(typed), typed
    assert "没有找到这样的商品" in desk.get("/products", text="没有的").text
    assert "共 1 条" in desk.get("/products", text="xhpb").text
