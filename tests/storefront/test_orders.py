"""Ordering and paying in the mall: whose order, at which price, credited to whom, paid by whose word."""

from typing import Any

import pytest
from sqlalchemy import select

from orders.models import OrderLine, SalesOrder
from referral.proofs import latest_attribution
from tests.jobs import run_jobs
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.records import touches
from wx_backend import outbox
from wx_backend.db import db

KEY = "submit-0123456789"


def wish(mall: Mall, **changes: Any) -> dict[str, Any]:
    """What the checkout page sends for one phone."""
    line = {"sku": mall.wares.phone, "quantity": 1, "expected_price_fen": 199_900}
    return {
        "client_key": KEY,
        "lines": [line],
        "delivery": "courier",
        "contact_name": "鲍勃",
        "contact_phone": "138 0013 8000",
        "address": {"region": "广东省 广州市", "street": "中山路 1 号"},
    } | changes


def plan_line(mall: Mall, **changes: Any) -> dict[str, Any]:
    line = {"sku": mall.wares.plan, "quantity": 1, "expected_price_fen": 10_000}
    return line | {"user_name": "鲍勃", "user_phone": "13800138000"} | changes


def ordered(phone: Phone, mall: Mall, **changes: Any) -> str:
    """The number of an order that went through."""
    answer = phone.post("/api/orders", **wish(mall, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["number"])


def work() -> None:
    """Do all deferred work that is due."""
    while run_jobs(outbox.CALL) + run_jobs(outbox.WORK):
        pass


def orders() -> list[SalesOrder]:
    db.session.rollback()
    return list(db.session.scalars(select(SalesOrder).order_by(SalesOrder.id)))


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    """Bob's phone, signed in, having come by Alice's link."""
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


def test_an_order_is_credited_to_the_rep_and_says_why(mall: Mall, bob: Phone) -> None:
    page = bob.get(f"/orders/{ordered(bob, mall)}")
    assert "爱丽丝" in page.text
    assert "下单前最后一次有效接触来自该销售人员的分享" in page.text
    assert "归属凭证 RC" in page.text
    assert "138****8000" in page.text
    assert "13800138000" not in page.text
    line = db.session.scalars(select(OrderLine)).one()
    assert line.developer_rep_id == mall.alice_id


def test_a_repeated_submit_is_one_order(mall: Mall, bob: Phone) -> None:
    assert ordered(bob, mall) == ordered(bob, mall)
    assert len(orders()) == 1


def test_an_opened_link_counts_at_the_checkout_even_without_its_script(
    mall: Mall, phone_of: Phones
) -> None:
    """Already signed in, the page's script never ran: submitting is proof of the visit."""
    phone = phone_of("Bob")
    phone.sign_in()
    phone.follow(phone.get(mall.link(mall.alice_id)))
    assert touches() == []
    ordered(phone, mall)
    assert len(touches()) == 1
    line = db.session.scalars(select(OrderLine)).one()
    assert line.developer_rep_id == mall.alice_id


def test_a_foreign_order_looks_like_a_missing_one(mall: Mall, bob: Phone, phone_of: Phones) -> None:
    number = ordered(bob, mall)
    mallory = phone_of("Mallory")
    mallory.sign_in()
    missing = "OD000000" + "0" * 13
    for path in ("/orders/{}", "/orders/{}/pay", "/api/orders/{}"):
        foreign, absent = mallory.get(path.format(number)), mallory.get(path.format(missing))
        assert foreign.status_code == absent.status_code == 404
        assert foreign.text.replace(number, "") == absent.text.replace(missing, "")
    for path in ("/api/orders/{}/pay", "/api/orders/{}/ask", "/api/orders/{}/refund"):
        body = {} if not path.endswith("refund") else {"client_key": KEY, "reason": "x"}
        assert mallory.post(path.format(number), **body).status_code == 404
    assert number not in mallory.get("/orders").text
    assert number in bob.get("/orders").text


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"lines": []}, 400, "bad_input"),
        ({"client_key": "short"}, 400, "bad_input"),
        ({"contact_phone": "12345"}, 400, "bad_phone"),
        ({"contact_name": ""}, 400, "bad_input"),
        ({"delivery": "none"}, 400, "incomplete"),
        ({"address": None}, 400, "incomplete"),
        ({"delivery": "pickup", "outlet": "NOWHERE"}, 400, "incomplete"),
        ({"delivery": "pickup", "outlet": "C"}, 400, "incomplete"),
        ({"discount_fen": 100}, 400, "bad_input"),
        ({"member_id": 1}, 400, "bad_input"),
        ({"developer_rep_id": 1}, 400, "bad_input"),
    ],
)
def test_what_does_not_fit_is_refused_in_chinese(
    mall: Mall, bob: Phone, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = bob.post("/api/orders", **wish(mall, **changes))
    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert not error["message"].isascii()
    assert orders() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expected_price_fen": 1}, "price_changed"),
        ({"sku": "SK000000"}, "not_listed"),
        ({"quantity": 99}, "sold_out"),
        ({"quantity": 0}, "bad_input"),
        ({"quantity": 1.0}, "bad_input"),
        ({"quantity": True}, "bad_input"),
        ({"quantity": "1"}, "bad_input"),
        ({"price_fen": 1}, "bad_input"),
    ],
)
def test_prices_and_stock_are_ours(
    mall: Mall, bob: Phone, changes: dict[str, Any], code: str
) -> None:
    line = wish(mall)["lines"][0] | changes
    answer = bob.post("/api/orders", **wish(mall, lines=[line]))
    assert answer.get_json()["error"]["code"] == code
    assert orders() == []


def test_a_plan_names_the_person_who_will_use_it(mall: Mall, bob: Phone) -> None:
    nobody = plan_line(mall, user_name="", user_phone="")
    answer = bob.post("/api/orders", **wish(mall, lines=[nobody], delivery="none", address=None))
    assert answer.get_json()["error"]["details"]["fields"] == ["user_name", "user_phone"]
    number = ordered(bob, mall, lines=[plan_line(mall)], delivery="none", address=None)
    assert "待实名认证" in bob.get(f"/orders/{number}").text


def test_goods_can_be_fetched_at_an_outlet(mall: Mall, bob: Phone) -> None:
    page = bob.get(f"/checkout?sku={mall.wares.phone}")
    assert 'value="O1"' in page.text
    ordered(bob, mall, delivery="pickup", outlet="O1", address=None)
    assert orders()[0].outlet_id == mall.outlet_id


def test_a_variant_nobody_sells_has_no_checkout(bob: Phone) -> None:
    assert bob.get("/checkout?sku=SK000000").status_code == 404


def test_the_bridges_word_is_not_believed(mall: Mall, bob: Phone, wechat: Stage) -> None:
    """The sheet says ok; the order is paid when WeChat Pay says so to the server."""
    number = ordered(bob, mall)
    sheet = bob.post(f"/api/orders/{number}/pay").get_json()
    assert bob.get(f"/api/orders/{number}").get_json()["status"] == "placed"
    bridge = wechat.act("Bob", "pay", **sheet)
    assert bridge["err_msg"].endswith(":ok"), bridge
    assert bob.get(f"/api/orders/{number}").get_json()["status"] == "placed"
    assert bob.post(f"/api/orders/{number}/ask").status_code == 202
    work()
    assert bob.get(f"/api/orders/{number}").get_json()["status"] == "paid"
    assert "付款成功" in bob.get(f"/orders/{number}").text
    assert bob.post(f"/api/orders/{number}/pay").get_json()["error"]["code"] == "already_paid"


def test_a_paid_order_nobody_has_begun_can_be_taken_back(
    mall: Mall, bob: Phone, wechat: Stage
) -> None:
    number = ordered(bob, mall)
    asked = {"client_key": KEY, "reason": "不想要了"}
    early = bob.post(f"/api/orders/{number}/refund", **asked)
    assert early.get_json()["error"]["code"] == "under_way"
    sheet = bob.post(f"/api/orders/{number}/pay").get_json()
    wechat.act("Bob", "pay", **sheet)
    bob.post(f"/api/orders/{number}/ask")
    work()
    assert "申请退款" in bob.get(f"/orders/{number}").text
    for _ in range(2):
        assert bob.post(f"/api/orders/{number}/refund", **asked).status_code == 202
    page = bob.get(f"/orders/{number}").text
    assert page.count("¥1,999.00 <span") == 1
    assert "申请退款" not in page


def test_another_reps_number_in_the_address_takes_nothing(mall: Mall, bob: Phone) -> None:
    """Dave's showroom is open to all; looking at it is no touch and changes no credit."""
    assert "戴夫" in bob.get(f"/r/{mall.dave_number}").text
    ordered(bob, mall)
    line = db.session.scalars(select(OrderLine)).one()
    standing = latest_attribution(line.id)
    assert standing is not None
    assert standing.developer_rep_id == mall.alice_id


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"{", "application/json"),
        (b'{"client_key": 1, "client_key": 2}', "application/json"),
        (b"[]", "application/json"),
        (b"client_key=x", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_plain_json_object_is_refused(bob: Phone, content: bytes, kind: str) -> None:
    answer = bob.send_raw("/api/orders", content, kind)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (400, "bad_input")
    assert orders() == []


def test_a_program_lists_ones_own_orders(mall: Mall, bob: Phone) -> None:
    number = ordered(bob, mall)
    listed = bob.get("/api/orders").get_json()
    assert [each["number"] for each in listed["orders"]] == [number]
    assert listed["orders"][0]["payable_fen"] == 199_900
    assert listed["next_page"] is None
    assert bob.get("/api/orders?page=1").get_json()["orders"] == []


def test_the_pay_page_shows_what_is_due_and_until_when(mall: Mall, bob: Phone) -> None:
    page = bob.get(f"/orders/{ordered(bob, mall)}/pay").text
    assert "1,999.00" in page
    assert "逾期自动关闭" in page


def test_the_last_unit_gone_closes_the_checkout(mall: Mall, bob: Phone) -> None:
    line = wish(mall)["lines"][0] | {"quantity": 20}
    ordered(bob, mall, lines=[line])
    assert bob.get(f"/checkout?sku={mall.wares.phone}").status_code == 404
    assert "售罄" in bob.get(f"/p/{mall.product}").text
