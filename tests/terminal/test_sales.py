"""Orders and income of a rep: his own, each with its proof."""

from tests.console.world import World, buy, count_figures, order
from tests.counting import questions
from tests.terminal.conftest import Phones, bound


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
