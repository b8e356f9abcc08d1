"""The shelves as pages and as JSON: what is on show, found by words, and nothing that is not."""

import pytest

from catalog.operations import activate_sku, list_product
from catalog.queries import product_by_number
from tests.storefront.conftest import Mall, Phones
from tests.storefront.phone import Phone
from wx_backend.db import db, transaction


@pytest.fixture
def phone(phone_of: Phones) -> Phone:
    return phone_of("Bob")


def test_goods_are_found_by_category_and_words(mall: Mall, phone: Phone) -> None:
    assert mall
    assert "星河手机" in phone.get("/?c=phones&q=星河").text
    assert "畅享套餐" not in phone.get("/?q=星河").text
    assert "没有找到商品" in phone.get("/?q=%25").text
    assert "星河手机" in phone.get("/?c=nowhere&page=-1").text


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
    page = phone.get('/?q="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    assert "script-src 'self'" in phone.get("/").headers["Content-Security-Policy"]
