"""Finding orders, reading one, and taking them away in a file that no spreadsheet runs."""

import re
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select, update

from catalog.models import Product
from catalog.stock_by_hand import receive_stock
from console.export import CELL_MAX, fitting, harmless
from console.sheets import Sheet, xlsx_file
from flows.sealed import vault
from flows.spreadsheets import table_of
from orders.models import OrderLine, SalesOrder
from org.models import Rep
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment
from templates_msg.models import Message, MessageKind, MessageStatus
from tests.console.conftest import Desks
from tests.console.world import World, known, order
from tests.counting import questions
from wx_backend import clock
from wx_backend.config_guard import DEFAULTS
from wx_backend.db import transaction


def test_an_order_shows_what_happened_and_who_is_credited(desk_of: Desks, world: World) -> None:
    page = desk_of("south").get(f"/orders/{world.southern.number}").text
    for words in ("提交订单", "已付款", "已到账", "爱丽丝", "42000", world.southern.receipt):
        assert words in page


def test_orders_are_found_by_number_status_and_day(desk_of: Desks, world: World) -> None:
    order(world.bob, world.wares, world.tree.hall, key="not-paid-yet")
    desk = desk_of("south")
    assert "共 2 条" in desk.get("/orders").text
    assert "共 1 条" in desk.get("/orders", status="placed").text
    assert "共 1 条" in desk.get("/orders", number=world.southern.number.lower()).text
    assert "共 0 条" in desk.get("/orders", **{"from": "2099-01-01"}).text
    assert "共 2 条" in desk.get("/orders", until="2099-01-01").text


@pytest.mark.parametrize(
    "query", [{"status": "mallory"}, {"from": "yesterday"}, {"until": "9999-12-31"}]
)
def test_nonsense_in_a_filter_is_refused(desk_of: Desks, query: dict[str, str]) -> None:
    assert desk_of("south").get("/orders", **query).status_code == 400


def test_a_wildcard_is_a_character(desk_of: Desks) -> None:
    assert "共 0 条" in desk_of("south").get("/orders", number="%").text


def test_a_list_is_turned_by_where_it_ended(desk_of: Desks, world: World) -> None:
    fans = [known(f"Fan{n}") for n in range(2)]
    for n in range(20):
        order(fans[n % 2], world.wares, world.tree.hall, key=f"order-{n}")
        if n == 15:
            restock(world)
    desk = desk_of("clerk")
    first = desk.get("/orders").text
    assert "共 21 条" in first
    onward = re.search(r"after=([0-9_]+)", first)
    assert onward
    order(world.bob, world.wares, world.tree.hall, key="in between")
    second = desk.get("/orders", after=onward[1]).text
    shown = [set(re.findall(r">(OD[0-9A-Z]+)<", page)) for page in (first, second)]
    assert [len(each) for each in shown] == [20, 1]
    assert not shown[0] & shown[1]
    assert desk.get("/orders", after="9" * 17 + "_1").status_code == 404


def restock(world: World) -> None:
    with transaction():
        receive_stock(sku_id=world.wares.phone_id, quantity=9, actor="staff:1", now=clock.now())


def test_orders_are_found_by_phone_payment_rep_product_and_channel(
    desk_of: Desks, world: World
) -> None:
    with transaction() as session:
        row = session.get_one(SalesOrder, world.southern.id)
        row.contact_phone_index = vault().index("13800138000")
        product = session.scalar(select(Product.number).where(Product.name == "星河手机"))
        paid = session.scalars(select(Payment).where(Payment.order_id == world.southern.id)).one()
        numbers = {paid.out_trade_no, paid.transaction_id}
    desk = desk_of("root")
    for typed in ("138 0013 8000", *numbers, "爱丽", world.alice_number, world.southern.number):
        page = desk.get("/orders", number=typed or "").text
        assert "共 1 条" in page, typed
        assert world.southern.number in page
    assert "共 2 条" in desk.get("/orders", product=product or "").text
    assert "共 0 条" in desk.get("/orders", product="PD0").text
    assert "共 2 条" in desk.get("/orders", channel="own_hall").text
    assert "共 0 条" in desk.get("/orders", channel="partner").text
    assert "共 1 条" in desk.get("/orders", place=str(world.tree.north)).text
    assert desk_of("south").get("/orders", place=str(world.tree.north)).status_code == 404
    for typed in ("13800138000", *numbers, world.alice_number):
        assert "共 0 条" in desk_of("north").get("/orders", number=typed or "").text


def test_who_looks_for_one_phone_after_the_other_is_stopped(
    desk_of: Desks, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.from_unix(int(clock.now().timestamp()) // 60 * 60)
    monkeypatch.setattr(clock, "now", lambda: start)
    desk, most = desk_of("root"), DEFAULTS["phone"].session
    for number in range(most):
        assert desk.get("/orders", number=f"138000000{number:02d}").status_code == 200
    refused = desk.get("/orders", number="13800138000")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "60"
    assert desk_of("root").get("/orders.csv", number="13800138000").status_code == 429
    assert desk.get("/orders", number=world.southern.number).status_code == 200
    assert desk_of("south").get("/orders", number="13800138000").status_code == 200


def test_orders_with_money_that_did_not_fit(desk_of: Desks, world: World) -> None:
    desk = desk_of("finance")
    assert "共 0 条" in desk.get("/orders", troubled="1").text
    with transaction() as session:
        paid = session.scalars(select(Payment).where(Payment.order_id == world.southern.id)).one()
        open_exception(
            kind=ExceptionKind.DOUBLE_PAYMENT,
            key="again",
            details={},
            payment_id=paid.id,
            now=clock.now(),
        )
    assert "共 1 条" in desk.get("/orders", troubled="1").text
    page = desk.get(f"/orders/{world.southern.number}").text
    assert "重复付款" in page
    assert "待处理" in page


def test_an_orders_page_asks_for_nothing_twice(desk_of: Desks, world: World) -> None:
    desk, path = desk_of("south"), f"/orders/{world.southern.number}"
    desk.get(path)
    with questions() as asked:
        assert "爱丽丝" in desk.get(path).text
    told = [each for each in asked if not each.startswith("BEGIN")]
    assert sorted(set(told)) == sorted(told)
    assert len(told) <= 18


def test_an_order_says_what_its_buyer_was_told_and_what_came_of_it(
    desk_of: Desks, world: World
) -> None:
    path = f"/orders/{world.southern.number}"
    assert "还没有发过" in desk_of("south").get(path).text
    with transaction() as session:
        sold = session.scalars(select(SalesOrder).filter_by(number=world.southern.number)).one()
        mini_program = {
            "data": {"character_string1": {"value": sold.number}},
            "url": "pages/orders",
        }
        for purpose, status, number, content in (
            ("order_paid", MessageStatus.DELIVERED, sold.number, None),
            ("order_shipped", MessageStatus.BLOCKED, sold.number, None),
            ("order_refunded", MessageStatus.UNKNOWN, sold.number, mini_program),
            ("pickup_ready", MessageStatus.SENT, sold.number, None),
            ("plan_activated", MessageStatus.SENT, "OD-another", None),
        ):
            session.add(
                Message(
                    key=f"{purpose}:{number}",
                    appid="wx0",
                    identity_id=sold.identity_id,
                    kind=MessageKind.TEMPLATE,
                    purpose=purpose,
                    content=content or {"data": {}, "url": f"http://wx.test/orders/{number}"},
                    status=status,
                    msgid="41" if status == MessageStatus.SENT else None,
                    error="user block" if status == MessageStatus.BLOCKED else None,
                    created_at=clock.now(),
                )
            )
    page = desk_of("south").get(path).text
    for words in (
        "订单已支付",
        "已送达",
        "已发货",
        "被用户拒收",
        "user block",
        "已退款",
        "结果未知",
        "已接收，尚无回执",
    ):
        assert words in page
    assert "套餐已开通" not in page


def test_a_spreadsheet_reads_chinese_and_runs_nothing(desk_of: Desks, world: World) -> None:
    with transaction() as session:
        session.execute(update(OrderLine).values(name='=HYPERLINK("http://evil.test")'))
        session.execute(update(Rep).where(Rep.id == world.alice_id).values(name="@爱丽丝"))
    answer = desk_of("finance").get("/orders.csv")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    assert "'=HYPERLINK" in answer.text
    assert "'@爱丽丝" in answer.text
    assert "1999.00" in answer.text


def test_many_are_counted_up_to_a_limit_only(
    desk_of: Desks, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order(world.bob, world.wares, world.tree.hall, key="second")
    for limit, words in ((2, "共 2 条"), (1, "超过 1 条")):
        monkeypatch.setattr("console.orders.COUNTED_MAX", limit)
        assert words in desk_of("south").get("/orders").text


def test_too_many_are_refused_not_cut_off(desk_of: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.orders.EXPORT_MAX", 0)
    assert desk_of("finance").get("/orders.csv").status_code == 422


def test_markup_in_a_name_stays_text(desk_of: Desks, world: World) -> None:
    with transaction() as session:
        session.execute(update(OrderLine).values(name="<script>alert(1)</script>"))
    for path in ("/orders", f"/orders/{world.southern.number}"):
        assert "<script>alert" not in desk_of("south").get(path).text


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "－1"])
def test_whatever_begins_a_formula_is_made_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


@pytest.mark.parametrize("number", [-1, -12.5, Decimal("-12.50")])
def test_a_number_below_zero_stays_a_number(number: float | Decimal) -> None:
    assert harmless(number) == str(number)


@pytest.mark.parametrize("text", ["长" * 32_768, "a" * 40_000, "😀" * 16_384, "=" * 32_767])
def test_a_text_longer_than_a_cell_holds_is_cut_and_says_so(text: str) -> None:
    shown = harmless(text)
    assert len(shown.encode("utf-16-le")) // 2 in (CELL_MAX - 1, CELL_MAX)
    assert shown.endswith("…")
    assert text.startswith(shown.removeprefix("'")[:-1])


@pytest.mark.parametrize("text", ["", "长" * 32_767, "😀" * 16_383])
def test_a_text_that_a_cell_holds_stays_whole(text: str) -> None:
    assert fitting(text) == text


def test_a_workbook_keeps_the_beginning_of_a_cell_that_is_too_long() -> None:
    sheet = Sheet("表", [("说明", "长" * 40_000)], ["备注"], [["短" * 40_000]], clock.now())
    with Flask(__name__).test_request_context():
        rows = table_of(xlsx_file("x.xlsx", sheet).get_data())
    cells = [cell for row in rows for cell in row if cell.endswith("…")]
    assert [len(cell) for cell in cells] == [CELL_MAX, CELL_MAX]
