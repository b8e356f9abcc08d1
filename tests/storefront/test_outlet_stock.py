"""Two stores in the mall: what pages say of them, what an order promises, and where it goes back to."""

import re
from typing import Any

import pytest
from sqlalchemy import select

from catalog.models import DEFAULT_PLACE, Reservation, Sku, Stock
from catalog.operations import SkuData, add_sku
from catalog.stock_by_hand import correct_stock, receive_stock
from fulfilment.models import Chain
from org.models import OrgNode, Tier
from org.operations import create_node
from org.queries import node_by_code
from tests.catalog.shelf import NOON, assert_stock_conserved
from tests.catalog.test_outlet_stock import lay, stores
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_orders import bob, ordered, wish, work
from wx_backend.db import db, transaction

__all__ = ["bob"]
PICKUP = {"delivery": "pickup", "outlet": "O1", "address": None}
OPTION = re.compile(r'<option value="O1"([^>]*)>([^<]*)</option>')


@pytest.fixture
def shelf(mall: Mall) -> Mall:
    """One phone lies at the outlet, beside the twenty of the central store."""
    lay(mall.wares.phone_id, mall.outlet_id, 1)
    return mall


@pytest.fixture
def neighbour(mall: Mall) -> int:
    """Another outlet of the city, with two phones on its shelf; one of another city has more."""
    city = node_by_code("C")
    assert city
    city_id, province_id = city.id, city.parent_id
    db.session.rollback()
    with transaction():
        other = create_node(tier=Tier.OUTLET, code="O2", name="北京路营业厅", parent_id=city_id)
        far = create_node(tier=Tier.CITY, code="C9", name="远城", parent_id=province_id)
        away = create_node(tier=Tier.OUTLET, code="O9", name="远城营业厅", parent_id=far)
    lay(mall.wares.phone_id, other, 2)
    lay(mall.wares.phone_id, away, 9)
    return other


def sell_off_central(mall: Mall) -> None:
    central = select(Stock.id).where(
        Stock.sku_id == mall.wares.phone_id, Stock.place_id == DEFAULT_PLACE
    )
    with transaction() as session:
        correct_stock(
            stock_id=session.scalars(central).one(), change=-20, actor="staff:1", now=NOON
        )


def promise(phone: Phone, mall: Mall, **query: str) -> dict[str, object]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    told: dict[str, object] = phone.get(f"/api/promise?sku={mall.wares.phone}&{asked}").get_json()
    return told


def test_a_pickup_takes_the_outlets_unit_and_gives_it_back(shelf: Mall, bob: Phone) -> None:
    number = ordered(bob, shelf, **PICKUP)
    assert stores(shelf.wares.phone_id) == {None: (20, 0), shelf.outlet_id: (1, 1)}
    second = ordered(bob, shelf, client_key="second-0123456789", **PICKUP)
    assert stores(shelf.wares.phone_id) == {None: (20, 1), shelf.outlet_id: (1, 1)}
    for each in (number, second):
        assert bob.post(f"/api/orders/{each}/cancel").status_code == 202
    work()
    assert stores(shelf.wares.phone_id) == {None: (20, 0), shelf.outlet_id: (1, 0)}
    assert_stock_conserved()


def test_a_courier_takes_the_central_stores(shelf: Mall, bob: Phone) -> None:
    ordered(bob, shelf)
    assert stores(shelf.wares.phone_id) == {None: (20, 1), shelf.outlet_id: (1, 0)}


def test_the_sentence_says_whether_it_lies_there(shelf: Mall, bob: Phone) -> None:
    here = promise(bob, shelf, delivery="pickup", outlet="O1")
    assert "起可到店自提" in str(here["text"])
    assert "调货" not in str(here["text"])
    ordered(bob, shelf, **PICKUP)
    sent = promise(bob, shelf, delivery="pickup", outlet="O1")
    assert "由中心仓调货" in str(sent["text"])
    assert here["is_available"] is sent["is_available"] is True


def test_what_was_promised_holds_for_the_store_it_is_of(
    shelf: Mall, bob: Phone, wechat: Stage
) -> None:
    """The outlet's unit is there at once, the central store's takes a parcel's time; whatever was sold since."""
    numbers = [ordered(bob, shelf, client_key=f"order-{n}-0123456789", **PICKUP) for n in range(2)]
    for number in numbers:
        wechat.act("Bob", "pay", **bob.post(f"/api/orders/{number}/pay").get_json())
        bob.post(f"/api/orders/{number}/ask")
    work()
    db.session.rollback()
    chains = db.session.query(Chain).order_by(Chain.order_line_id).all()
    at_once, sent = (each.promised_at for each in chains)
    assert at_once
    assert sent
    assert (sent - at_once).total_seconds() >= 2 * 86_400
    assert "由中心仓调货" not in bob.get(f"/orders/{numbers[0]}").text


def test_the_product_page_tells_of_both_stores(shelf: Mall, bob: Phone) -> None:
    page = bob.get(f"/p/{shelf.product}").text
    assert "中山路营业厅有现货 1 件，可到店自提" in page
    told = bob.get(f"/api/products/{shelf.product}").get_json()["variants"][0]
    assert (told["free"], told["by_courier"], told["on_shelf"]) == (20, 20, 1)
    sell_off_central(shelf)
    page = bob.get(f"/p/{shelf.product}").text
    assert "有现货 1 件，可到店自提；暂时不能快递" in page
    assert "立即购买" in page
    assert "已售罄" not in page
    assert "起可到店自提" in page
    told = bob.get(f"/api/products/{shelf.product}").get_json()["variants"][0]
    assert (told["free"], told["by_courier"], told["on_shelf"]) == (1, 0, 1)
    lacking = promise(bob, shelf, delivery="courier")
    assert lacking["is_available"] is False
    assert "不能快递" in str(lacking["text"])
    ordered(bob, shelf, **PICKUP)
    assert "暂时缺货" in bob.get(f"/p/{shelf.product}").text
    assert "已售罄" in bob.get("/").text


def test_the_checkout_offers_what_is_possible(shelf: Mall, bob: Phone) -> None:
    path = f"/checkout?sku={shelf.wares.phone}"

    def shown() -> tuple[bool, str, str]:
        page = bob.get(path).text
        courier = re.search(r'value="courier"([^>]*)>', page)
        option = OPTION.search(page)
        assert courier
        assert option
        return "disabled" in courier[1], option[1], option[2]

    assert shown()[::2] == (False, "中山路营业厅 · 有现货 今日 09:00–18:00")
    first = ordered(bob, shelf, **PICKUP)
    assert "需从中心仓调货" in shown()[2]
    sell_off_central(shelf)
    assert bob.get(path).status_code == 404
    bob.post(f"/api/orders/{first}/cancel")
    work()
    assert shown()[0]
    assert "有现货" in shown()[2]
    assert "中心仓暂时无货，只能到店自提" in bob.get(path).text
    refused = bob.post("/api/orders", **wish(shelf, client_key="courier-0123456789"))
    assert (refused.status_code, refused.get_json()["error"]["code"]) == (409, "sold_out")
    assert ordered(bob, shelf, client_key="pickup-0123456789", **PICKUP)


def test_what_lies_at_another_outlet_is_not_this_ones(
    shelf: Mall, bob: Phone, phone_of: Phones
) -> None:
    sell_off_central(shelf)
    before = db.session.query(Reservation).count()
    other = bob.post(
        "/api/orders", **wish(shelf, delivery="pickup", outlet="NOWHERE", address=None)
    )
    assert other.status_code == 400
    assert db.session.query(Reservation).count() == before
    assert phone_of("Carol").get(f"/api/promise?sku={shelf.wares.phone}").get_json()["is_available"]


def test_a_cart_counts_what_can_be_had_either_way(shelf: Mall, bob: Phone) -> None:
    bob.post("/api/cart", client_key="press-0123456789", sku=shelf.wares.phone, quantity=1)
    sell_off_central(shelf)
    [line] = bob.get("/api/cart").get_json()["lines"]
    assert (line["left"], line["can_be_bought"]) == (1, True)
    page = bob.get(f"/checkout?line={shelf.wares.phone}")
    assert page.status_code == 200
    assert "有现货" in page.text


def test_the_page_says_where_else_in_the_city_it_lies(
    mall: Mall, neighbour: int, bob: Phone
) -> None:
    page = bob.get(f"/p/{mall.product}").text
    assert "中山路营业厅暂无现货，北京路营业厅有 2 件，可到店自提" in page
    assert "远城" not in page
    told = bob.get(f"/api/products/{mall.product}").get_json()["variants"][0]
    assert told["nearby"] == [{"code": "O2", "name": "北京路营业厅", "free": 2}]
    ordered(bob, mall, **PICKUP | {"outlet": "O2"})
    assert "北京路营业厅有 1 件" in bob.get(f"/p/{mall.product}").text
    assert stores(mall.wares.phone_id)[neighbour] == (2, 1)
    lay(mall.wares.phone_id, mall.outlet_id, 1)
    page = bob.get(f"/p/{mall.product}").text
    assert "中山路营业厅有现货 1 件" in page
    assert "北京路" not in page


def test_what_lies_near_by_alone_is_bought_there(mall: Mall, neighbour: int, bob: Phone) -> None:
    sell_off_central(mall)
    page = bob.get(f"/p/{mall.product}").text
    assert "北京路营业厅有 2 件，可到店自提；暂时不能快递" in page
    assert "立即购买" in page
    assert "加入购物车" not in page  # a cart is counted at the own outlet
    checkout = bob.get(f"/checkout?sku={mall.wares.phone}").text
    assert re.search(r'<option value="O1" disabled>', checkout)
    assert re.search(r'<option value="O2" selected>', checkout)
    assert 'value="1" max="2"' in checkout
    refused = bob.post("/api/orders", **wish(mall, **PICKUP))
    assert refused.get_json()["error"]["code"] == "sold_out"
    line = wish(mall)["lines"][0] | {"quantity": 2}
    ordered(bob, mall, client_key="near-0123456789abc", lines=[line], **PICKUP | {"outlet": "O2"})
    assert stores(mall.wares.phone_id)[neighbour] == (2, 2)
    page = bob.get(f"/p/{mall.product}").text
    assert "暂时缺货" in page
    assert "北京路" not in page


def put_aside(phone: Phone, mall: Mall, key: str = "press-0123456789") -> dict[str, Any]:
    """Put the phone in the cart; what it was refused for, nothing where it was not."""
    answer = phone.post("/api/cart", client_key=key, sku=mall.wares.phone, quantity=1)
    error: dict[str, Any] = answer.get_json().get("error", {})
    assert answer.status_code == (409 if error else 201)
    return error


def test_what_lies_near_by_alone_is_not_put_aside_but_led_to(
    mall: Mall, neighbour: int, bob: Phone
) -> None:
    assert neighbour
    sell_off_central(mall)
    error = put_aside(bob, mall)
    assert error["code"] == "not_at_outlet"
    assert error["message"] == "您的营业厅暂无现货，北京路营业厅有 2 件，请直接购买并到店自提"
    near = {"code": "O2", "name": "北京路营业厅", "free": 2}
    assert error["details"] == {"sku": mall.wares.phone, "nearby": [near]}
    assert bob.get("/api/cart").get_json()["lines"] == []
    line = wish(mall)["lines"][0] | {"quantity": 2}
    ordered(bob, mall, lines=[line], **PICKUP | {"outlet": near["code"]})
    assert put_aside(bob, mall)["code"] == "sold_out"


def test_what_went_while_it_lay_in_the_cart_is_led_to_as_well(
    mall: Mall, neighbour: int, bob: Phone
) -> None:
    """A press that comes twice was taken the first time."""
    assert neighbour
    assert put_aside(bob, mall) == {}
    sell_off_central(mall)
    assert put_aside(bob, mall) == {}
    assert put_aside(bob, mall, "press-9876543210")["code"] == "not_at_outlet"
    [line] = bob.get("/api/cart").get_json()["lines"]
    assert (line["quantity"], line["is_sold_out"]) == (1, True)
    assert [each["code"] for each in line["nearby"]] == ["O2"]
    page = bob.get("/cart").text
    assert "北京路营业厅有 2 件" in page
    onward = f"/checkout?sku={mall.wares.phone}"
    assert onward in page
    assert re.search(r'<option value="O2" selected>', bob.get(onward).text)


def test_what_lies_at_the_own_outlet_or_comes_by_courier_is_put_aside(
    shelf: Mall, bob: Phone
) -> None:
    assert put_aside(bob, shelf) == {}
    sell_off_central(shelf)
    assert put_aside(bob, shelf, "press-9876543210") == {}
    ordered(bob, shelf, **PICKUP)
    assert put_aside(bob, shelf, "press-aaaaaaaaaaaa")["code"] == "sold_out"


def white(mall: Mall) -> str:
    """The number of another colour of the phone, with ten in the central store."""
    with transaction() as session:
        product_id = session.get_one(Sku, mall.wares.phone_id).product_id
        sku = add_sku(product_id=product_id, data=SkuData("白色 256G", 199_900), now=NOON)
        receive_stock(sku_id=sku.id, quantity=10, actor="staff:1", now=NOON)
        return sku.number


def chosen_and_for_cart(page: str) -> tuple[list[str], list[str]]:
    """Of the variants of a product's page: which is chosen, and which may go in the cart."""
    rows = re.findall(r'<input type="radio" name="sku" value="(\w+)"([^>]*)>', page)
    return (
        [number for number, said in rows if re.search(r"\bchecked\b", said)],
        [number for number, said in rows if "data-for-cart" in said],
    )


def test_what_is_had_as_usual_is_chosen_before_what_lies_near_by(
    mall: Mall, neighbour: int, bob: Phone
) -> None:
    """Black lies at the neighbour's alone, white as usual: the cart is there for white."""
    assert neighbour
    other = white(mall)
    sell_off_central(mall)
    page = bob.get(f"/p/{mall.product}").text
    assert chosen_and_for_cart(page) == ([other], [other])
    assert re.search(r"data-to-cart=[^>]*>加入购物车", page)
    assert not re.search(r"data-to-cart=[^>]* disabled>", page)


def test_a_store_that_closed_is_not_near_by(mall: Mall, neighbour: int, bob: Phone) -> None:
    with transaction() as session:
        session.get_one(OrgNode, neighbour).closed_on = NOON.date()
    assert "北京路" not in bob.get(f"/p/{mall.product}").text
