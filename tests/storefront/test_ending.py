"""Paying by a code outside WeChat, not paying at all, and reading why this rep."""

import pytest

from tests.catalog.shelf import assert_stock_conserved, stock_of
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.test_orders import bob, ordered, orders, work

__all__ = ["bob"]


def status(phone: Phone, number: str) -> str:
    return str(phone.get(f"/api/orders/{number}").get_json()["status"])


def test_outside_wechat_an_order_is_paid_by_a_code(mall: Mall, bob: Phone, wechat: Stage) -> None:
    number = ordered(bob, mall)
    sheet = bob.post(f"/api/orders/{number}/pay").get_json()
    assert "data-pay-now" in bob.get(f"/orders/{number}/pay").text
    bob.agent = DESKTOP
    page = bob.get(f"/orders/{number}/pay").text
    assert "data-pay-code" in page
    assert "data-pay-now" not in page
    made = [bob.post(f"/api/orders/{number}/code").get_json() for _ in range(2)]
    assert made[0]["picture"].startswith("<svg")
    assert wechat.act("Bob", "pay", code_url=made[1]["code_url"])
    bob.post(f"/api/orders/{number}/ask")
    work()
    assert status(bob, number) == "paid"
    assert bob.post(f"/api/orders/{number}/code").get_json()["error"]["code"] == "already_paid"
    assert sheet["package"].startswith("prepay_id=")


def test_an_unpaid_order_is_cancelled_and_its_units_are_free(
    mall: Mall, bob: Phone, phone_of: Phones
) -> None:
    number = ordered(bob, mall)
    bob.post(f"/api/orders/{number}/pay")
    assert "取消订单" in bob.get(f"/orders/{number}").text
    mallory = phone_of("Mallory")
    mallory.sign_in()
    assert mallory.post(f"/api/orders/{number}/cancel").status_code == 404
    for _ in range(2):
        assert bob.post(f"/api/orders/{number}/cancel").status_code == 202
        work()
    assert status(bob, number) == "closed"
    assert stock_of(mall.wares.phone_id) == (20, 0)
    assert_stock_conserved()
    assert bob.post(f"/api/orders/{number}/pay").get_json()["error"]["code"] == "order_closed"


def test_money_that_came_first_stays(mall: Mall, bob: Phone, wechat: Stage) -> None:
    number = ordered(bob, mall)
    wechat.act("Bob", "pay", **bob.post(f"/api/orders/{number}/pay").get_json())
    bob.post(f"/api/orders/{number}/cancel")
    work()
    assert status(bob, number) == "paid"


@pytest.mark.usefixtures("wechat")
def test_a_buyer_reads_why_this_rep_and_nobody_else_does(
    mall: Mall, bob: Phone, phone_of: Phones
) -> None:
    number = ordered(bob, mall)
    shown = bob.get(f"/orders/{number}").text
    path = shown[shown.index(f"/orders/{number}/why/") :].partition('"')[0]
    page = bob.get(path).text
    for words in ("爱丽丝", "聊天", "打开链接", "下单前最后一次有效接触", "不影响您的价格"):
        assert words in page
    carol = phone_of("Carol")
    carol.open(mall.link(mall.dave_id))
    other = ordered(carol, mall)
    assert carol.get(path).status_code == 404
    assert carol.get(path.replace(number, other)).status_code == 404
    assert len(orders()) == 2
