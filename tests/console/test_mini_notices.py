"""A mini-program tells of events by subscription notices: its library, the map, who agreed, what is sent."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from flows.arrival.plan import GATHERED_FOR
from flows.messages import send_notice
from members.consents import free_consents
from members.models import Identity
from templates_msg.library import library_of
from templates_msg.models import Message, MessageKind, MessageStatus
from templates_msg.queries import template_for
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db, retried

RunJobs = Callable[[], None]
PROGRAM = "wx77aa00bb11cc22dd"
PAID = "SUBPAID"
EVENT = "/message-templates/plain/events/order_paid"
FILLED = {
    "template_id": PAID,
    "field-character_string1": "value:number",
    "field-thing2": "value:goods",
}
VALUES = {"number": "OD1", "goods": "手机", "amount": "1元", "paid_at": "2026-03-02"}


@pytest.fixture
def config(config: Config) -> Config:
    """The second account is a mini-program."""
    city, plain = config.accounts
    return replace(config, accounts=(city, replace(plain, kind="mini_program")))


@pytest.fixture
def root(world: World, served: str, wechat: Stage, desk_of: Desks) -> Desk:
    """Who runs it; at WeChat it has one notice, and Bob agreed to one message of it."""
    assert world
    assert served
    content = "单号：{{character_string1.DATA}}\n商品：{{thing2.DATA}}"
    wechat.control("PUT", f"/accounts/{PROGRAM}", kind="mini")
    place = f"/accounts/{PROGRAM}/templates/{PAID}"
    wechat.control("PUT", place, title="支付成功", content=content, is_subscription=True)
    wechat.act("Bob", "consent", appid=PROGRAM, answers={PAID: "accept"})
    return desk_of("root")


def bob() -> int:
    db.session.rollback()
    return db.session.scalars(select(Identity.id).where(Identity.appid == PROGRAM)).one()


def told(key: str) -> int | None:
    """Bob's order was paid in the mini-program."""
    return retried(
        lambda: send_notice(
            key=key,
            identity_id=bob(),
            purpose="order_paid",
            values=VALUES,
            url="http://wx.test/o",
            now=clock.now(),
        )
    )


def test_who_agreed_is_told_of_his_order_once_for_each_yes(
    app: Flask, root: Desk, wechat: Stage, run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app
    assert root.post("/message-templates/plain/sync").status_code == 302
    run_jobs()
    assert [(each.title, each.kind) for each in library_of(PROGRAM)] == [
        ("支付成功", MessageKind.SUBSCRIPTION)
    ]
    asked = [fact["path"] for fact in wechat.facts("api.call") if "template" in fact["path"]]
    assert not [path for path in asked if "get_all_private_template" in path]
    assert told("early") is None, "nothing tells of it yet"
    assert root.post(EVENT, **FILLED).status_code == 302

    sent, again, second = told("order_paid:OD1"), told("order_paid:OD1"), told("order_paid:OD2")
    run_jobs()
    wechat.settle()
    monkeypatch.setattr(clock._offset, "value", GATHERED_FOR)
    run_jobs()

    assert sent == again is not None
    assert second is None, "one yes is one message"
    assert free_consents(bob(), PAID) == 0
    db.session.rollback()
    assert [(each.kind, each.status) for each in db.session.scalars(select(Message))] == [
        ("subscription", MessageStatus.DELIVERED)
    ]
    assert [(fact["person"], fact["message"]) for fact in wechat.facts("message.delivered")] == [
        ("Bob", "subscribe")
    ]


def test_its_page_offers_what_a_mini_program_can_tell(root: Desk, run_jobs: RunJobs) -> None:
    root.post("/message-templates/plain/sync")
    run_jobs()
    page = root.get("/message-templates", account="plain").text
    assert "订单已支付" in page
    assert "客户在小程序里同意" in page
    assert "客户扫码" not in page, "employees are told by Official Accounts"
    assert root.get("/message-templates/plain/events/customer_scanned").status_code == 404
    form = root.get(EVENT, template_id=PAID).text
    assert "支付成功" in form
    assert 'value="value:goods" selected' in form
    assert root.post(EVENT, **{**FILLED, "field-thing2": "text"}).status_code == 400
    assert template_for(PROGRAM, "order_paid") is None


def test_it_is_run_from_its_own_place_only(root: Desk, desk_of: Desks, run_jobs: RunJobs) -> None:
    root.post("/message-templates/plain/sync")
    run_jobs()
    north = desk_of("north")
    assert "明文测试号" not in north.get("/message-templates").text
    assert north.get("/message-templates", account="plain").status_code == 404
    assert north.post(EVENT, **FILLED).status_code == 404
    assert desk_of("south").post(EVENT, **FILLED).status_code == 302
    assert "plain" not in root.get("/campaigns/new").text


def test_a_tap_opens_the_chosen_page_with_the_orders_number(
    root: Desk, wechat: Stage, run_jobs: RunJobs
) -> None:
    wechat.control("PUT", f"/accounts/{PROGRAM}", kind="mini", pages=["pages/order/order"])
    root.post("/message-templates/plain/sync")
    run_jobs()
    page = "pages/order/order?number={订单编号}"
    assert root.post(EVENT, **FILLED, page=page).status_code == 302

    form = root.get(EVENT).text
    assert f'value="{page}"' in form
    assert "pages/order/order?number=OD2603029X4K7M2Q8RT1B" in form
    assert page in root.get("/message-templates", account="plain").text
    assert told("order_paid:OD1") is not None
    run_jobs()
    (fact,) = wechat.facts("message.delivered")
    assert fact["page"] == "pages/order/order?number=OD1"


def test_without_a_page_a_tap_opens_none(root: Desk, wechat: Stage, run_jobs: RunJobs) -> None:
    root.post("/message-templates/plain/sync")
    run_jobs()
    root.post(EVENT, **FILLED)
    assert "点开不跳转" in root.get(EVENT).text
    assert told("order_paid:OD1") is not None
    run_jobs()
    assert [fact["page"] for fact in wechat.facts("message.delivered")] == [""]


def test_a_page_wechat_does_not_have_fails_the_message_and_says_so(
    root: Desk, wechat: Stage, run_jobs: RunJobs
) -> None:
    wechat.control("PUT", f"/accounts/{PROGRAM}", kind="mini", pages=["pages/order/order"])
    root.post("/message-templates/plain/sync")
    run_jobs()
    root.post(EVENT, **FILLED, page="pages/order/other")
    assert told("order_paid:OD1") is not None
    run_jobs()
    db.session.rollback()
    (sent,) = db.session.scalars(select(Message))
    assert sent.status == MessageStatus.FAILED
    assert (sent.error or "").startswith("41030")
    assert wechat.facts("message.delivered") == []


def test_a_page_written_wrongly_is_not_kept(root: Desk, run_jobs: RunJobs) -> None:
    root.post("/message-templates/plain/sync")
    run_jobs()
    answer = root.post(EVENT, **FILLED, page="/pages/order/order")
    assert answer.status_code == 400
    assert "不能以 / 开头" in answer.text
    assert template_for(PROGRAM, "order_paid") is None
