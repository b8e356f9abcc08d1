"""The shelves as pages and as JSON: what is on show, found by words, and nothing that is not."""

import pytest
from sqlalchemy import select

from catalog.models import Category, Sku, Stock
from catalog.operations import SkuData, activate_sku, add_category, add_sku, list_product
from catalog.picks import set_picks
from catalog.queries import product_by_number
from catalog.showing import Gift, Picture, Showing
from catalog.stock_by_hand import correct_stock
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from wx_backend import clock
from wx_backend.db import db, transaction


@pytest.fixture
def phone(phone_of: Phones) -> Phone:
    return phone_of("Bob")


def test_goods_are_found_by_category_words_and_initials(mall: Mall, phone: Phone) -> None:
    assert mall
    assert "星河手机" in phone.get("/c/phones").text
    assert "畅享套餐" not in phone.get("/search?q=星河").text
    assert "星河手机" in phone.get("/search?q=XHSJ").text
    empty = phone.get("/search?q=%25")
    assert empty.status_code == 200
    assert "没有找到“%”" in empty.text
    assert "看看全部商品" in empty.text
    assert "星河手机" in phone.get("/?page=-1").text
    assert phone.get("/c/nowhere").status_code == 404


def test_a_category_shows_what_is_below_it(mall: Mall, phone: Phone) -> None:
    with transaction():
        parent = add_category(slug="devices", name="数码")
        db.session.get_one(Category, mall.wares.category_id).parent_id = parent.id
    page = phone.get("/c/devices").text
    assert "星河手机" in page
    assert 'href="/c/phones"' in page
    assert "星河手机" in phone.get("/c/phones").text


def test_a_card_says_what_is_left(mall: Mall, phone: Phone) -> None:
    assert "仅剩" not in phone.get("/").text
    for units, words in ((17, "仅剩 3 件"), (3, "已售罄")):
        stock_id, now = db.session.scalars(select(Stock.id)).one(), clock.now()
        db.session.rollback()
        with transaction():
            correct_stock(stock_id=stock_id, change=-units, actor="staff:1", now=now)
        assert words in phone.get("/").text
        assert words in phone.get(f"/p/{mall.product}").text


def test_a_showroom_begins_with_the_reps_picks(mall: Mall, phone: Phone) -> None:
    page = phone.get(f"/r/{mall.alice_number}").text
    assert "爱丽丝推荐" not in page
    plan_id = db.session.get_one(Sku, mall.wares.plan_id).product_id
    db.session.rollback()
    with transaction():
        set_picks(rep_id=mall.alice_id, product_ids=[plan_id])
    picked = phone.get(f"/r/{mall.alice_number}").text.partition("全部商品")[0]
    assert "爱丽丝推荐" in picked
    assert "畅享套餐" in picked
    assert "星河手机" not in picked
    assert "推荐</h2>" not in phone.get(f"/r/{mall.dave_number}").text


def test_a_product_leads_with_gifts_and_tells_its_choices(mall: Mall, phone: Phone) -> None:
    showing = Showing(
        gifts=(Gift("钢化膜", 2, 2_900),),
        promises=("假一赔十",),
        album=(Picture("/mall-assets/mark.png", 300, 400),),
    )
    with transaction():
        product = product_by_number(mall.product)
        assert product
        product.showing, product.description = showing.as_json(), "支持双卡双待"
        for number, size in enumerate(("128G", "256G")):
            options = {"容量": size, "颜色": "白"}
            data = SkuData(f"白 {size}", 199_900, options=options, position=number + 1)
            add_sku(product_id=product.id, data=data, now=clock.now())
        activate_sku(sku_id=mall.wares.phone_id, is_active=False)
    page = phone.get(f"/p/{mall.product}").text
    order = (
        *("data-price", "赠品", "还没有评价", "发货或备货", "容量", "服务承诺", "假一赔十"),
        *("<summary>商品详情", "支持双卡双待", "加入购物车"),
    )
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert 'src="/mall-assets/mark.png" width="300" height="400"' in page
    assert page.count("data-option=") == 3
    assert "钢化膜" in phone.get("/").text


def test_a_product_is_passed_on_with_its_own_picture(mall: Mall, phone: Phone) -> None:
    assert "/mall-assets/mark.png" in card_picture(phone.get(f"/p/{mall.product}").text)
    with transaction():
        product = product_by_number(mall.product)
        assert product
        product.picture = "/pictures/0011.jpg"
    shown = card_picture(phone.get(f"/p/{mall.product}").text)
    assert shown.startswith("http")
    assert shown.endswith("/pictures/0011.jpg")


def card_picture(page: str) -> str:
    """What WeChat's card of a page shows."""
    return page.partition('data-share-picture="')[2].partition('"')[0]


def test_a_program_reads_the_same_goods_in_fen(mall: Mall, phone: Phone) -> None:
    listed = phone.get("/api/products").get_json()
    assert [each["name"] for each in listed["products"]] == ["星河手机", "畅享套餐"]
    found = phone.get(f"/api/products/{mall.product}").get_json()
    assert found["variants"][0]["price_fen"] == 199_900
    assert found["variants"][0]["free"] == 20


def test_what_is_off_the_shelf_is_nowhere(mall: Mall, phone: Phone) -> None:
    product = product_by_number(mall.product)
    assert product
    product_id = product.id
    db.session.rollback()
    with transaction():
        list_product(product_id=product_id, is_listed=False)
    assert "星河手机" not in phone.get("/").text
    for path in (f"/p/{mall.product}", f"/api/products/{mall.product}", "/p/PD000000"):
        assert phone.get(path).status_code == 404
    phone.sign_in()
    assert phone.get(f"/checkout?sku={mall.wares.phone}").status_code == 404


def test_a_variant_no_longer_sold_cannot_be_bought(mall: Mall, phone: Phone) -> None:
    with transaction():
        activate_sku(sku_id=mall.wares.phone_id, is_active=False)
    assert "暂时缺货" in phone.get(f"/p/{mall.product}").text
    phone.sign_in()
    assert phone.get(f"/checkout?sku={mall.wares.phone}").status_code == 404


def test_a_showroom_says_who_where_and_when(mall: Mall, phone: Phone) -> None:
    page = phone.get(f"/r/{mall.alice_number}").text
    for words in ("爱丽丝", "客户经理", "中山路营业厅", "09:00–18:00", "您好，选机办卡随时找我"):
        assert words in page
    assert 'href="/outlet/O1"' in page  # the store is one step away
    assert phone.get("/r/RP000000").status_code == 404


def test_files_of_a_version_are_kept_for_ever(mall: Mall, phone: Phone) -> None:
    assert mall
    page = phone.get("/").text
    address = page[page.index("/mall-assets/mall.js") :].partition('"')[0]
    with phone.get(address) as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
    assert "no-store" in phone.get("/").headers["Cache-Control"]


def test_what_people_type_is_shown_as_text(mall: Mall, phone: Phone) -> None:
    assert mall
    page = phone.get('/search?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert "script-src 'self'" in phone.get("/").headers["Content-Security-Policy"]
