"""Staff give lines back: within their scope, a large sum only when another person agrees."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from flows.refund.settle import give_up_refund
from payments.exceptions import open_exception
from payments.models import ExceptionKind, Payment, Refund, RefundProposal, RefundStatus
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import MCHID, World
from wx_backend import clock
from wx_backend.config import Config, Pay
from wx_backend.db import db, transaction

_KEY = re.compile(r'name="key" value="([^"]+)"')


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes; above 1,000 yuan a second person agrees."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


@pytest.fixture
def path(world: World) -> str:
    """Where the southern order (a phone of 1,999.00 yuan) is refunded."""
    return f"/orders/{world.southern.number}/refund"


def key_of(desk: Desk, path: str) -> str:
    found = _KEY.search(desk.get(path).text)
    assert found
    return found[1]


def ask(desk: Desk, path: str, yuan: str, key: str = "", reason: str = "不想要了") -> int:
    key = key or key_of(desk, path)
    return desk.post(path, key=key, reason=reason, **{"line-1": yuan}).status_code


def refunds() -> list[Refund]:
    db.session.rollback()
    return list(db.session.scalars(select(Refund).order_by(Refund.id)))


def proposals() -> list[RefundProposal]:
    db.session.rollback()
    return list(db.session.scalars(select(RefundProposal).order_by(RefundProposal.id)))


def a_minute_passes() -> None:
    """WeChat Pay takes refunds of one payment a minute apart."""
    with transaction():
        payment = db.session.scalars(select(Payment).where(Payment.refund_asked_at.is_not(None)))
        payment.one().refund_asked_at = clock.now() - timedelta(minutes=2)


def test_a_small_refund_is_asked_for_at_once_by_who_did_it(desk_of: Desks, path: str) -> None:
    finance = desk_of("finance")
    key = key_of(finance, path)
    assert ask(finance, path, "99.50", key) == 302
    assert ask(finance, path, "99.50", key) == 302
    [refund] = refunds()
    assert (refund.amount_fen, refund.reason) == (9_950, "不想要了")
    assert refund.actor.startswith("staff:")
    assert "99.50" in finance.get(path).text
    assert "99.50" in finance.get("/refunds").text


def test_a_large_refund_waits_for_a_second_person(desk_of: Desks, path: str) -> None:
    finance, manager = desk_of("finance"), desk_of("manager")
    key = key_of(finance, path)
    assert ask(finance, path, "1500", key) == 302
    assert ask(finance, path, "1500", key) == 302
    assert refunds() == []
    [proposal] = proposals()
    decide = f"/refunds/proposals/{proposal.id}"
    assert finance.post(decide, verdict="agree").status_code == 403
    assert desk_of("north").post(decide, verdict="agree").status_code == 404
    assert "同意" in manager.get("/refunds").text
    assert manager.post(decide, verdict="perhaps").status_code == 400
    assert manager.post(decide, verdict="agree").status_code == 302
    assert manager.post(decide, verdict="agree").status_code == 409
    [refund] = refunds()
    [proposal] = proposals()
    assert (refund.amount_fen, refund.actor) == (150_000, proposal.proposed_by)
    assert (proposal.status, proposal.refund_id) == ("approved", refund.id)
    assert proposal.decided_by != proposal.proposed_by


def test_many_small_refunds_do_not_get_past_the_second_person(desk_of: Desks, path: str) -> None:
    finance = desk_of("finance")
    ask(finance, path, "600")
    a_minute_passes()
    assert ask(desk_of("manager"), path, "600") == 302
    assert [refund.amount_fen for refund in refunds()] == [60_000]
    [proposal] = proposals()
    assert proposal.amount_fen == 60_000
    root = desk_of("root")
    assert root.post(f"/refunds/proposals/{proposal.id}", verdict="agree").status_code == 302
    a_minute_passes()
    assert ask(finance, path, "400") == 302
    assert [refund.amount_fen for refund in refunds()] == [60_000, 60_000, 40_000]


def test_a_failed_refund_does_not_count_towards_the_limit(desk_of: Desks, path: str) -> None:
    ask(desk_of("finance"), path, "600")
    with transaction():
        refund = db.session.scalars(select(Refund)).one()
        give_up_refund(refund_id=refund.id, error="NOT_ENOUGH", now=clock.now())
    a_minute_passes()
    assert ask(desk_of("finance"), path, "700") == 302
    assert [refund.amount_fen for refund in refunds()] == [60_000, 70_000]


def test_a_declined_refund_moves_no_money(desk_of: Desks, path: str) -> None:
    ask(desk_of("finance"), path, "1999")
    [proposal] = proposals()
    decide = f"/refunds/proposals/{proposal.id}"
    assert desk_of("manager").post(decide, verdict="decline").status_code == 302
    assert refunds() == []
    assert proposals()[0].status == "declined"


@pytest.mark.parametrize(
    ("yuan", "status"),
    [("1999.01", 409), ("2500", 409), ("0", 400), ("-1", 400), ("1.001", 400), ("１２", 400), ("", 400)],
)  # fmt: skip
def test_only_what_is_left_of_a_line_goes_back(
    desk_of: Desks, path: str, yuan: str, status: int
) -> None:
    assert ask(desk_of("finance"), path, yuan) == status
    assert refunds() == []
    assert proposals() == []


def test_a_refund_has_a_reason_and_a_line_that_is_there(desk_of: Desks, path: str) -> None:
    finance = desk_of("finance")
    assert ask(finance, path, "1", reason=" ") == 400
    assert finance.post(path, key="k", reason="x", **{"line-7": "1"}).status_code == 400
    assert finance.post(path, key="k", reason="x", **{"line-x": "1"}).status_code == 400
    assert refunds() == []


def test_an_order_of_another_province_is_not_refunded(desk_of: Desks, path: str) -> None:
    for login, status in (("north", 404), ("clerk", 403), ("marketer", 403)):
        desk = desk_of(login)
        assert desk.get(path).status_code == status
        assert ask(desk, path, "1", key="forged") == status
    assert refunds() == []


def test_an_abnormal_refund_is_worked_off_by_a_person(desk_of: Desks, path: str) -> None:
    finance = desk_of("finance")
    ask(finance, path, "10")
    with transaction():
        refund = db.session.scalars(select(Refund)).one()
        refund.status, refund.refund_id = RefundStatus.ABNORMAL, "503000"
        number = refund.out_refund_no
    page = finance.get(f"/refunds/{number}").text
    assert "退至用户的其他银行卡" in page
    assert "退至商户" in page
    way_out = f"/refunds/{number}/way-out"
    assert desk_of("north").post(way_out, way="merchant").status_code == 404
    assert finance.post(way_out, way="mallory").status_code == 400
    bad = {"way": "card", "bank_type": "ICBC_DEBIT", "account": "12", "name": "鲍勃"}
    assert finance.post(way_out, **bad).status_code == 400
    assert finance.post(way_out, way="merchant").status_code == 302
    assert finance.post(way_out, way="merchant").status_code == 409
    [refund] = refunds()
    assert (refund.status, refund.way) == ("processing", "MERCHANT_BANK_CARD")
    assert (refund.way_by or "").startswith("staff:")


def test_a_large_abnormal_refund_takes_two(desk_of: Desks, path: str) -> None:
    finance, south = desk_of("finance"), desk_of("south")
    ask(finance, path, "10")
    with transaction():
        refund = db.session.scalars(select(Refund)).one()
        refund.status, refund.refund_id, refund.amount_fen = RefundStatus.ABNORMAL, "1", 150_000
        number = refund.out_refund_no
    assert finance.post(f"/refunds/{number}/way-out", way="merchant").status_code == 302
    page = finance.get(f"/refunds/{number}").text
    assert "等待第二人审批" in page
    assert "退至商户，人工付款" in page
    [way_out] = re.findall(r"/console(/refunds/ways-out/\d+)", south.get("/refunds").text)
    assert f'{way_out}"' not in finance.get("/refunds").text
    assert finance.post(way_out, verdict="agree").status_code == 403
    assert desk_of("north").post(way_out, verdict="agree").status_code == 404
    assert south.post(way_out, verdict="maybe").status_code == 400
    assert refunds()[0].status == "abnormal"
    assert south.post(way_out, verdict="agree").status_code == 302
    assert refunds()[0].status == "processing"
    assert "同意" in finance.get(f"/refunds/{number}").text


def test_the_orders_page_leads_to_its_refund(desk_of: Desks, world: World) -> None:
    page = f"/orders/{world.southern.number}"
    assert f"{page}/refund" in desk_of("finance").get(page).text
    assert f"{page}/refund" not in desk_of("clerk").get(page).text


@pytest.fixture
def closed(world: World) -> str:
    """The number of a refund of a whole payment that WeChat Pay refused."""
    number = "RF261120CLOSED"
    with transaction() as session:
        payment = session.scalars(
            select(Payment).where(Payment.order_id == world.southern.id)
        ).one()
        session.add(
            Refund(
                out_refund_no=number,
                payment_id=payment.id,
                amount_fen=payment.amount_fen,
                reason="重复支付自动退款",
                key=f"back:{payment.out_trade_no}",
                status=RefundStatus.CLOSED,
                actor="system",
                asked_at=clock.now() - timedelta(days=8),
                ended_at=clock.now(),
            )
        )
        open_exception(
            kind=ExceptionKind.REFUND_CLOSED,
            key=number,
            details={"amount_fen": payment.amount_fen, "error": "NO_AUTH"},
            now=clock.now(),
            payment_id=payment.id,
        )
    return number


def test_a_closed_refund_of_a_whole_payment_is_sent_again_by_two(
    desk_of: Desks, closed: str
) -> None:
    finance, manager, path = desk_of("finance"), desk_of("manager"), f"/refunds/{closed}"
    for page in ("/exceptions", path):
        assert "确认重新退款" in finance.get(page).text
    assert finance.post(f"{path}/again").status_code == 400
    assert desk_of("north").post(f"{path}/again", key="k").status_code == 404
    assert desk_of("clerk").post(f"{path}/again", key="k").status_code == 403
    key = key_of(finance, path)
    assert [finance.post(f"{path}/again", key=key).status_code for _ in range(2)] == [302, 302]
    [proposal] = proposals()
    assert len(refunds()) == 1
    for page in ("/exceptions", path):
        assert "等待另一位员工审批" in finance.get(page).text
        assert "确认重新退款" not in finance.get(page).text
    assert path in manager.get("/refunds").text
    decide = f"/refunds/proposals/{proposal.id}"
    assert finance.post(decide, verdict="agree").status_code == 403
    assert manager.post(decide, verdict="agree").status_code == 302
    first, second = refunds()
    assert (second.amount_fen, second.actor) == (first.amount_fen, proposal.proposed_by)
    assert "没有待处理的异常" in finance.get("/exceptions").text
    assert f"已重新退款 {second.out_refund_no}" in finance.get("/exceptions", state="closed").text
    assert "重新退款" not in finance.get(path).text


def test_a_withdrawn_one_is_offered_again(desk_of: Desks, closed: str) -> None:
    finance, path = desk_of("finance"), f"/refunds/{closed}"
    finance.post(f"{path}/again", key=key_of(finance, path))
    [proposal] = proposals()
    taken_back = finance.post(f"/refunds/proposals/{proposal.id}/withdraw")
    assert taken_back.headers["Location"].endswith("/refunds")
    assert "确认重新退款" in finance.get(path).text
