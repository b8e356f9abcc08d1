"""Orders and income of a rep: his own, each with its proof."""

from datetime import timedelta
from urllib.parse import urlencode

import time_machine
from sqlalchemy import select

from orders.models import OrderLine, SalesOrder
from tests.console.world import World, buy, count_figures, order
from tests.counting import questions
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import transaction


def test_an_order_is_shown_with_its_income_and_proof(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    assert world.southern.number in phone.get("/terminal/orders").text
    page = phone.get(f"/terminal/orders/{world.southern.number}").text
    for words in ("已付款", "发展人", "99.95", world.southern.receipt):
        assert words in page
    for words in ("下单付款", "进行中", "天河营业厅"):  # the way of the line, station by station
        assert words in page
    income = phone.get("/terminal/income").text
    assert "+99.95" in income
    assert "累计 99.95 − 扣回 0.00 ＝ 待结 99.95 ＋ 可发 0.00 ＋ 已发 0.00" in income
    assert "客户收货：达成后 7 天解冻" in income
    assert world.southern.receipt in income
    proof = phone.get(f"/terminal/receipts/{world.southern.receipt}").text
    assert "本单归爱丽丝" in proof
    assert "客户转发" in proof


def test_what_is_a_colleagues_is_not_there(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    assert world.northern.number not in phone.get("/terminal/orders").text
    for path in (
        f"/terminal/orders/{world.northern.number}",
        f"/terminal/receipts/{world.northern.receipt}",
        "/terminal/receipts/RC0000",
    ):
        assert phone.get(path).status_code == 404


def test_an_unpaid_order_earns_nothing_yet(phone_of: Phones, world: World) -> None:
    order(world.bob, world.wares, world.tree.hall, key="later")
    count_figures()
    home = bound(phone_of, "Alice", world.alice_id).get("/terminal/").text
    assert "付款订单（下单 2）" in home
    assert "99.95" in home


def test_figures_add_up_over_orders(phone_of: Phones, world: World) -> None:
    buy(world.bob, world.wares, world.tree.hall, key="second")
    page = bound(phone_of, "Alice", world.alice_id).get("/terminal/income").text
    assert "199.90" in page
    assert page.count("+99.95") == 2


def test_a_stranger_sees_the_way_in_only(phone_of: Phones, world: World) -> None:
    phone = phone_of("Mallory")
    for path in ("/terminal/customers", "/terminal/orders", "/terminal/income"):
        assert phone.get(path).headers["Location"] == "/terminal/bind"
    assert phone.get(f"/terminal/receipts/{world.southern.receipt}").status_code == 302


def test_income_and_orders_ask_no_more_for_many_than_for_few(
    phone_of: Phones, world: World
) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    asked: dict[str, list[int]] = {"/terminal/income": [], "/terminal/orders": []}
    for more in range(2):
        for path, counts in asked.items():
            with questions() as statements:
                phone.get(path)
            counts.append(len(statements))
        for number in range(4 if not more else 0):
            buy(world.bob, world.wares, world.tree.hall, key=f"more{number}")
    for few, many in asked.values():
        assert many == few < 20


def test_orders_are_found_by_number_state_day_and_customer(phone_of: Phones, world: World) -> None:
    unpaid = order(world.bob, world.wares, world.tree.hall, key="later")
    with transaction() as session:
        later = session.get_one(SalesOrder, unpaid).number
    phone, paid = bound(phone_of, "Alice", world.alice_id), world.southern.number

    def found(**query: str) -> set[str]:
        page = phone.get("/terminal/orders?" + urlencode(query)).text
        return {number for number in (paid, later) if f"/terminal/orders/{number}" in page}

    today = f"{business_on(clock.now()):%Y-%m-%d}"
    assert found() == {paid, later}
    assert found(text=paid[-6:].lower()) == {paid}
    assert found(text="%") == set()
    assert found(status="placed") == {later}
    assert found(status="nonsense") == {paid, later}
    assert found(**{"from": "2099-01-01"}) == set()
    assert found(**{"from": today, "until": today}) == {paid, later}
    assert phone.get("/terminal/orders?from=soon").status_code == 400
    assert "没有符合条件的订单" in phone.get("/terminal/orders?status=refunded").text

    bob = world.bob.identity_id
    phone.send(f"/terminal/customers/{bob}/remark", remark="老王")
    assert found(text="老王") == {paid, later}
    assert found(text="老李") == set()
    assert found(customer=str(bob), status="paid") == {paid}


def test_an_order_leads_to_its_customer_and_he_to_the_orders_that_are_hers(
    phone_of: Phones, world: World
) -> None:
    """Bob's other order is a colleague's: it is on no list of hers."""
    colleague = hire(world.tree.hall, "同事")
    other = order(world.bob, world.wares, world.tree.hall, key="other")
    with transaction() as session:
        number = session.get_one(SalesOrder, other).number
        for line in session.scalars(select(OrderLine).where(OrderLine.order_id == other)):
            line.developer_rep_id = colleague
    bob, phone = world.bob.identity_id, bound(phone_of, "Alice", world.alice_id)
    assert (
        f"/terminal/customers/{bob}" in phone.get(f"/terminal/orders/{world.southern.number}").text
    )
    assert f"/terminal/orders?customer={bob}" in phone.get(f"/terminal/customers/{bob}").text
    listed = phone.get(f"/terminal/orders?customer={bob}").text
    assert world.southern.number in listed
    assert number not in listed
    nora = world.nora.identity_id
    assert phone.get(f"/terminal/orders?customer={nora}").status_code == 404


def test_a_customer_who_is_a_colleagues_now_is_not_led_to(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    later = clock.now() + timedelta(days=400)
    with time_machine.travel(later, tick=False):
        phone.sign_in("/terminal/bind")
        page = phone.get(f"/terminal/orders/{world.southern.number}").text
        assert "现在不在您的名下" in page
        assert "/terminal/customers/" not in page
