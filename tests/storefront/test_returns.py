"""What a buyer sees and does about giving back what arrived, on his page and by the documented calls."""

import pytest
from sqlalchemy import select, update

from flows.fulfilment.asking_back import answer_request
from flows.fulfilment.returning import goods_back
from fulfilment.models import Chain
from fulfilment.return_models import ReturnRequest
from orders.models import OrderLine
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_arrival import form, paid, send
from tests.storefront.test_orders import bob, work
from tests.storefront.test_programs import told
from wx_backend import clock
from wx_backend.db import db, retried

__all__ = ["bob"]
KEY = "give-back-0123456789"


@pytest.fixture
def number(mall: Mall, bob: Phone, wechat: Stage) -> str:
    """The order of a phone that came by courier and was signed for."""
    number = paid(bob, mall, wechat)
    send()
    assert form(bob, f"/orders/{number}/sign").status_code == 302
    return number


def wish(**changes: str) -> dict[str, str]:
    db.session.rollback()
    line = db.session.scalars(select(OrderLine.id)).one()
    return {"client_key": KEY, "line": str(line), "reason": "商品有质量问题"} | changes


def asked() -> list[ReturnRequest]:
    db.session.rollback()
    return list(db.session.scalars(select(ReturnRequest).order_by(ReturnRequest.id)))


def answer(mall: Mall, *, is_agreed: bool, words: str = "") -> None:
    request_id = asked()[-1].id
    db.session.rollback()
    retried(
        lambda: answer_request(
            request_id=request_id,
            is_agreed=is_agreed,
            answer=words,
            node_id=mall.outlet_id,
            actor="staff:7",
            now=clock.now(),
        )
    )


def back(bob: Phone, number: str) -> tuple[str | None, bool, bool]:
    """(stage, may he ask, may he take it back) as programs are told."""
    [way] = told(bob.get(f"/api/orders/{number}/details"), "order_calls.show")["ways"]
    known = way["back"]
    return known["stage"], known["can_ask"], known["can_withdraw"]


def test_the_page_tells_each_stage_from_the_wish_to_the_word_of_the_outlet(
    mall: Mall, bob: Phone, number: str
) -> None:
    path = f"/api/orders/{number}/return"
    page = bob.get(f"/orders/{number}").text
    assert "提交退货申请" in page
    assert "如需退款请联系营业厅" not in page
    assert back(bob, number) == (None, True, False)
    for _ in range(2):
        assert bob.post(path, **wish()).status_code == 202
    [row] = asked()
    assert (row.reason, row.status) == ("商品有质量问题", "asked")
    page = bob.get(f"/orders/{number}").text
    assert "等待营业厅审核" in page
    assert "撤回申请" in page
    assert "提交退货申请" not in page
    assert back(bob, number) == ("asked", False, True)
    again = bob.post(path, **wish(client_key="second-0123456789abc"))
    assert again.get_json()["error"]["code"] == "already_asked"
    answer(mall, is_agreed=False, words="超出范围<b>")
    page = bob.get(f"/orders/{number}").text
    assert "营业厅答复：超出范围&lt;b&gt;" in page
    assert back(bob, number) == ("declined", True, False)


def test_it_is_kept_after_all_or_agreed_to_and_comes_back(
    mall: Mall, bob: Phone, number: str
) -> None:
    path = f"/api/orders/{number}/return"
    assert bob.post(path, **wish()).status_code == 202
    line = {"line": wish()["line"]}
    assert bob.post(f"{path}/withdraw", **line).status_code == 202
    assert bob.post(f"{path}/withdraw", **line).get_json()["error"]["code"] == "request_decided"
    assert back(bob, number) == ("withdrawn", True, False)
    assert bob.post(path, **wish(client_key="second-0123456789abc")).status_code == 202
    answer(mall, is_agreed=True)
    assert "请寄回商品或带到营业厅" in bob.get(f"/orders/{number}").text
    assert bob.post(f"{path}/withdraw", **line).status_code == 409
    chain_id = db.session.scalars(select(Chain.id)).one()
    db.session.rollback()
    retried(
        lambda: goods_back(
            chain_id=chain_id, staff_node_id=mall.outlet_id, actor="staff:7", now=clock.now()
        )
    )
    work()
    assert back(bob, number)[0] == "received"  # of this sum a second person decides
    assert "商品已收到" in bob.get(f"/orders/{number}").text


@pytest.mark.parametrize(
    "changes", [{"reason": ""}, {"reason": "长" * 61}, {"line": "x"}, {"client_key": "short"}]
)
def test_what_does_not_fit_is_refused_by_name(
    bob: Phone, number: str, changes: dict[str, str]
) -> None:
    error = bob.post(f"/api/orders/{number}/return", **wish(**changes)).get_json()["error"]
    assert (error["code"], error["details"]["fields"]) == ("bad_input", [*changes])
    assert asked() == []


def test_nobody_gives_back_what_is_another_persons(
    bob: Phone, number: str, phone_of: Phones
) -> None:
    assert bob
    mallory = phone_of("Mallory")
    mallory.sign_in()
    path = f"/api/orders/{number}/return"
    assert mallory.post(path, **wish()).status_code == 404
    assert bob.post(path, **wish()).status_code == 202
    assert mallory.post(f"{path}/withdraw", line=wish()["line"]).status_code == 404
    assert [row.status for row in asked()] == ["asked"]


def test_a_plan_is_not_given_back_online(bob: Phone, number: str) -> None:
    with db.session.begin():
        db.session.execute(update(OrderLine).values(product_kind="sim"))
    refused = bob.post(f"/api/orders/{number}/return", **wish()).get_json()["error"]
    assert refused["code"] == "not_returnable"
    assert "营业厅" in refused["message"]
    assert back(bob, number) == (None, False, False)
    assert "如需退款请联系营业厅" in bob.get(f"/orders/{number}").text
