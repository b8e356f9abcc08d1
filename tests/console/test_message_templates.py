"""The template library in the console: read from the platform, mapped to events, tried out."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from members.consent_books import count_consents
from members.consents import Answer, record_consents
from members.joining import join_member
from members.operations import ensure_identity
from org.models import RepBinding
from org.queries import rep_card
from templates_msg.library import asked_notices
from templates_msg.models import Message, MessageStatus, Template
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import APPID, World
from tests.wechat.doubles import ScriptedTransport, json_of
from wx_backend import clock
from wx_backend.db import db, retried, transaction

PAID = "TPLPAID".ljust(43, "0")
EVENT = "/message-templates/city/events/order_paid"
SEND = "/cgi-bin/message/template/send"
FILLED = {
    "template_id": PAID,
    "field-character_string1": "value:number",
    "field-thing2": "value:goods",
    "field-amount3": "value:amount",
    "field-thing4": "text",
    "fixed-thing4": "如有疑问请联系营业厅",
}


@pytest.fixture
def platform(app: Flask) -> ScriptedTransport:
    """The account's library: one template message, one subscription notice."""
    transport = ScriptedTransport()
    transport.on("/cgi-bin/stable_token", {"access_token": "T", "expires_in": 7200})
    content = "单号：{{character_string1.DATA}}\n商品：{{thing2.DATA}}\n金额：{{amount3.DATA}}"
    listed = {
        "template_id": PAID,
        "title": "支付成功",
        "content": f"{content}\n备注：{{{{thing4.DATA}}}}",
    }
    transport.on("/cgi-bin/template/get_all_private_template", {"template_list": [listed]})
    notice = {"priTmplId": "SUB1", "title": "活动提醒", "content": "活动：{{thing1.DATA}}"}
    transport.on("/wxaapi/newtmpl/gettemplate", {"errcode": 0, "data": [notice]})
    transport.on(SEND, {"errcode": 0, "errmsg": "ok", "msgid": 1})
    app.extensions["wx_clients"]._transport = transport
    return transport


@pytest.fixture
def root(desk_of: Desks, platform: ScriptedTransport, run_jobs: Callable[[], None]) -> Desk:
    """Who runs the account, its library read."""
    assert platform
    desk = desk_of("root")
    assert desk.post("/message-templates/city/sync").status_code == 302
    run_jobs()
    return desk


def saved() -> Template | None:
    db.session.rollback()
    return db.session.scalar(select(Template).filter_by(appid=APPID, purpose="order_paid"))


def test_the_library_is_read_from_the_platform_and_shown(root: Desk) -> None:
    page = root.get("/message-templates", account="city").text

    assert "支付成功" in page
    assert "活动提醒" in page
    assert "订阅通知" in page
    form = root.get(EVENT, template_id=PAID).text
    assert 'value="value:goods" selected' in form, "what a label names is proposed"
    assert "畅享手机" in form


def test_an_event_is_told_by_the_template_chosen_for_it(root: Desk) -> None:
    assert root.post(EVENT, **FILLED).status_code == 302
    found = saved()
    assert found is not None
    assert found.fields == {"number": "character_string1", "goods": "thing2", "amount": "amount3"}
    assert found.fixed == {"thing4": "如有疑问请联系营业厅"}

    assert root.post(f"{EVENT}/off").status_code == 302
    assert saved() is None


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"fixed-thing4": ""}, 400),
        ({"field-thing4": "value:paid_at", "field-thing2": "value:paid_at"}, 400),
        ({"field-amount3": "value:number"}, 400),
        ({"fixed-thing4": "全场五折"}, 409),
        ({"fixed-thing4": "充 100 得 200"}, 409),
        ({"fixed-thing4": "转发后即可查看进度"}, 409),
        ({"template_id": "SUB1"}, 400),
        ({"template_id": "gone"}, 404),
    ],
)
def test_what_the_platform_would_refuse_is_not_saved(
    root: Desk, change: dict[str, str], status: int
) -> None:
    assert root.post(EVENT, **{**FILLED, **change}).status_code == status
    assert saved() is None


def test_a_fixed_text_that_promotes_is_refused_with_the_rule_and_the_words(root: Desk) -> None:
    assert root.post(EVENT, **FILLED).status_code == 302
    said = root.post(EVENT, **{**FILLED, "fixed-thing4": "到店立享半 价"}).text

    assert "服务通知不得含营销内容" in said
    assert "半 价" in said
    found = saved()
    assert found is not None
    assert found.fixed == {"thing4": "如有疑问请联系营业厅"}, "what was in use stays"


def test_a_test_message_goes_to_an_employee_only(
    root: Desk, world: World, platform: ScriptedTransport, run_jobs: Callable[[], None]
) -> None:
    root.post(EVENT, **FILLED)
    number = rep_card(world.alice_id).number
    assert root.post(f"{EVENT}/test", rep_number=number).status_code == 400
    now = clock.now()
    with transaction():
        identity_id = ensure_identity(appid=APPID, openid="oAlice", now=now)
        member_id = join_member(identity_id=identity_id, now=now)
        db.session.add(RepBinding(rep_id=world.alice_id, member_id=member_id, bound_at=now))

    assert root.post(f"{EVENT}/test", rep_number=number).status_code == 302
    run_jobs()
    sent = json_of(platform.calls(SEND)[0])
    assert (sent["touser"], sent["data"]["thing4"]) == ("oAlice", {"value": FILLED["fixed-thing4"]})
    assert db.session.scalars(select(Message.status)).all() == [MessageStatus.SENT]


def test_people_are_asked_for_the_notices_that_were_chosen_and_answers_are_counted(
    root: Desk, world: World, desk_of: Desks
) -> None:
    with transaction():
        record_consents(
            push_key=b"k" * 16,
            identity_id=world.bob.identity_id,
            answers=[Answer("SUB1", True), Answer("SUB1", True)],
            event_at=clock.now(),
            known_at=clock.now(),
        )
    assert "最近的变动正在统计" in root.get("/message-templates", account="city").text
    retried(lambda: count_consents(now=clock.now()))
    assert "已统计到最近的变动" in root.get("/message-templates", account="city").text
    choice = {"template_id": "SUB1", "is_asked": "1"}
    assert desk_of("marketer").post("/message-templates/city/ask", **choice).status_code == 403
    assert root.post("/message-templates/city/ask", **choice).status_code == 302
    assert [each.template_id for each in asked_notices(APPID)] == ["SUB1"]
    page = " ".join(root.get("/message-templates", account="city").text.split())
    assert "征求中" in page
    counted = "".join(f'<td class="num">{n}</td>' for n in (2, 0, 0, 1))
    assert f"<td>活动提醒</td>{counted}" in page
    for wrong in ({"template_id": PAID}, {"template_id": "gone"}):
        answer = root.post("/message-templates/city/ask", **{**choice, **wrong})
        assert answer.status_code == 404
    assert (
        root.post("/message-templates/city/ask", **{**choice, "is_asked": "0"}).status_code == 302
    )
    db.session.rollback()
    assert asked_notices(APPID) == []


def test_an_account_is_run_by_those_above_its_outlet(root: Desk, desk_of: Desks) -> None:
    assert root.get(EVENT).status_code == 200
    assert desk_of("north").post(EVENT, **FILLED).status_code in {403, 404}
    assert desk_of("marketer").post(EVENT, **FILLED).status_code == 403
    assert desk_of("clerk").get(EVENT).status_code == 403
    assert saved() is None
