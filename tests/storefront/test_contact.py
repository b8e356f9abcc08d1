"""Who and where: the address book, a phone proven by a code, and the outlets near by."""

import re
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flows.figures.morning import accept
from flows.following import forget_member
from flows.phone_proof import has_rights
from flows.sealed import vault
from insights.briefings import offer_briefing
from members.addresses import book_of
from members.models import Member, MemberAddress, PhoneCode
from members.phones import normalised
from members.queries import member_ids_of, subjects_of
from org.invites import bind_rep
from org.models import Role, Tier
from org.operations import create_node
from org.staff import create_staff
from tests.jobs import run_jobs
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_cart import bob
from tests.storefront.test_orders import orders, wish
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db, transaction

__all__ = ["bob"]
PHONE = "13800138000"
HOME = {
    "name": "鲍勃",
    "phone": "138 0013 8000",
    "region": "广东省 广州市",
    "street": "金丝雀路 7 号",
}
WORK = HOME | {"street": "云雀路 9 号"}
PassTime = Callable[[float], None]


def book(phone: Phone) -> list[tuple[str, bool]]:
    """Streets with whether they are the default."""
    shown = phone.get("/api/addresses").get_json()["addresses"]
    return [(entry["street"], entry["is_default"]) for entry in shown]


def number_of(phone: Phone, street: str) -> str:
    shown = phone.get("/api/addresses").get_json()["addresses"]
    return str(next(entry["number"] for entry in shown if entry["street"] == street))


def press(phone: Phone, path: str, /, **values: str) -> TestResponse:
    token = values.pop("csrf_token", "") or phone.page_token()
    values["csrf_token"] = token
    kind, content = "application/x-www-form-urlencoded", urlencode(values).encode()
    return phone.send_raw(path, content, kind, token)


def test_the_book_keeps_several_addresses_and_one_default(bob: Phone) -> None:
    for address in (HOME, WORK, HOME):
        assert bob.post("/api/addresses", **address).status_code == 201
    assert book(bob) == [(HOME["street"], True), (WORK["street"], False)]
    press(bob, f"/addresses/{number_of(bob, WORK['street'])}/default")
    assert book(bob) == [(WORK["street"], True), (HOME["street"], False)]
    press(bob, f"/addresses/{number_of(bob, WORK['street'])}/drop")
    assert book(bob) == [(HOME["street"], True)]
    page = bob.get("/addresses").text
    assert "13800138000" in page
    assert "默认" in page


def test_a_bad_address_is_refused_and_nothing_typed_is_lost(bob: Phone) -> None:
    for wrong in ({"phone": "123"}, {"region": ""}):
        answer = press(bob, "/addresses", **(WORK | wrong))
        assert answer.status_code == 400
        assert 'class="field wrong"' in answer.text
        assert WORK["street"] in answer.text
    assert book(bob) == []


def test_an_address_is_corrected_where_it_stands(bob: Phone) -> None:
    for address in (HOME, WORK):
        bob.post("/api/addresses", **address)
    number = number_of(bob, HOME["street"])
    page = bob.get(f"/addresses?edit={number}").text
    assert f'action="/addresses/{number}"' in page
    assert f'value="{HOME["street"]}"' in page
    refused = press(bob, f"/addresses/{number}", **(HOME | {"phone": "12"}))
    assert refused.status_code == 400
    assert "修改地址" in refused.text

    assert (
        press(bob, f"/addresses/{number}", **(HOME | {"street": "夜莺路 1 号"})).status_code == 302
    )
    assert book(bob) == [("夜莺路 1 号", True), (WORK["street"], False)]
    assert number_of(bob, "夜莺路 1 号") == number
    other = number_of(bob, WORK["street"])
    same = bob.post(f"/api/addresses/{number}", **WORK)
    assert same.get_json() == {"number": other}
    assert book(bob) == [(WORK["street"], True)], "the one that said the same is the default now"


def test_an_address_is_its_owners_and_nobody_reads_it_in_a_dump(
    bob: Phone, phone_of: Phones
) -> None:
    bob.post("/api/addresses", **HOME)
    number = number_of(bob, HOME["street"])
    mallory = phone_of("Mallory")
    mallory.sign_in()
    assert book(mallory) == []
    for path in (f"/addresses/{number}/default", f"/addresses/{number}/drop"):
        assert press(mallory, path).status_code == 404
    assert press(mallory, f"/addresses/{number}", **WORK).status_code == 404
    assert mallory.post(f"/api/addresses/{number}", **WORK).status_code == 404
    assert HOME["street"] not in mallory.get(f"/addresses?edit={number}").text
    db.session.rollback()
    row = db.session.scalars(select(MemberAddress)).one()
    assert "金丝雀".encode() not in row.sealed
    assert PHONE.encode() not in row.sealed
    assert book_of([row.member_id], vault())[0].address.phone == PHONE
    member_id = row.member_id
    db.session.rollback()
    with transaction():
        forget_member(member_id=member_id, now=clock.now())
    assert db.session.scalar(select(func.count()).select_from(MemberAddress)) == 0


def test_the_checkout_begins_with_the_default_and_keeps_a_new_one(mall: Mall, bob: Phone) -> None:
    bob.post("/api/addresses", **HOME)
    page = bob.get(f"/checkout?sku={mall.wares.phone}").text
    assert 'value="金丝雀路 7 号"' in page
    address = {"region": WORK["region"], "street": WORK["street"]}
    for _ in range(2):
        bob.post("/api/orders", **wish(mall, address=address, keeps_address=True))
    assert book(bob) == [(HOME["street"], True), (WORK["street"], False)]


def code_of(wechat: Stage, phone: str = PHONE) -> str:
    """The digits of the newest text a phone got."""
    found = re.search(r"\d{6}", wechat.control("GET", f"/sms?phone={phone}")["sms"][-1]["text"])
    assert found
    return found[0]


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def ask(phone: Phone, number: str = PHONE) -> TestResponse:
    return phone.post("/api/phone/code", phone=number)


def type_in(phone: Phone, code: str, number: str = PHONE) -> str:
    """What becomes of a code that is typed in: the error's code, or nothing."""
    answer = phone.post("/api/phone", phone=number, code=code)
    return "" if answer.status_code == 200 else str(answer.get_json()["error"]["code"])


def test_a_phone_is_proven_once_by_the_code_it_got(bob: Phone, wechat: Stage) -> None:
    assert ask(bob).status_code == 202
    code = code_of(wechat)
    assert type_in(bob, other(code)) == "wrong_code"
    assert type_in(bob, code, "13900139000") == "code_over"
    assert type_in(bob, code) == ""
    assert type_in(bob, code) == "code_over"
    assert "138****8000" in bob.get("/phone").text
    db.session.rollback()
    member = db.session.scalars(select(Member)).one()
    assert member.phone_index == vault().index(normalised(PHONE))
    row = db.session.scalars(select(PhoneCode)).one()
    assert code.encode() not in row.digest + row.nonce


def prove(phone: Phone, wechat: Stage) -> None:
    assert ask(phone).status_code == 202
    assert type_in(phone, code_of(wechat)) == ""


@pytest.mark.parametrize("rights", ["none", "rep", "figures"])
def test_one_phone_is_one_customer_but_never_a_rep_or_a_reader_of_figures(
    mall: Mall, bob: Phone, phone_of: Phones, wechat: Stage, pass_time: PassTime, rights: str
) -> None:
    """Bob's code may have been told to a stranger: what he can do in the shop is not for a code."""
    prove(bob, wechat)
    db.session.rollback()
    bobs = db.session.scalars(select(Member.id)).one()
    identities = list(subjects_of(bobs).identity_ids)
    with transaction():
        if rights == "rep":
            bind_rep(rep_id=mall.alice_id, member_id=bobs, now=clock.now())
        if rights == "figures":
            staff_id = create_staff(
                login="boss",
                name="经理",
                password="correct horse battery",
                role=Role.MANAGER,
                node_id=mall.outlet_id,
                by_id=None,
            )
            token = offer_briefing(staff_id=staff_id, now=clock.now())
            accept(token, identity_id=identities[0], now=clock.now())
    pass_time(61)
    carol = phone_of("Carol")
    carol.sign_in()
    prove(carol, wechat)
    run_jobs()
    db.session.rollback()
    carols = db.session.scalars(select(Member.id).where(Member.id != bobs)).one()
    assert member_ids_of(bobs) == ({bobs, carols} if rights == "none" else {bobs})
    assert has_rights(member_ids_of(carols)) is False


def test_a_joined_person_has_one_book_and_deletes_all_of_it(
    bob: Phone, phone_of: Phones, wechat: Stage, pass_time: PassTime
) -> None:
    carol = phone_of("Carol")
    carol.sign_in()
    bob.post("/api/addresses", **HOME)
    carol.post("/api/addresses", **WORK)
    prove(bob, wechat)
    pass_time(61)
    prove(carol, wechat)
    for each in (bob, carol):
        [waits] = each.get("/api/phone").get_json()["joins"]
        assert each.post("/api/phone/joins", number=waits["number"], agrees=True).status_code == 200
    home, work = HOME["street"], WORK["street"]
    assert book(carol) == book(bob) == [(work, True), (home, False)]
    press(bob, f"/addresses/{number_of(bob, home)}/default")
    assert book(bob) == [(home, True), (work, False)]
    bob.post("/api/addresses", **WORK)
    assert len(book(bob)) == 2
    press(bob, f"/addresses/{number_of(bob, home)}/drop")
    assert book(bob) == [(work, True)]
    press(bob, f"/addresses/{number_of(bob, work)}/drop")
    assert book(bob) == []


def test_a_strangers_code_for_a_phone_leaves_its_owners_as_it_is(
    bob: Phone, phone_of: Phones, wechat: Stage, pass_time: PassTime
) -> None:
    ask(bob)
    code = code_of(wechat)
    mallory = phone_of("Mallory")
    mallory.sign_in()
    pass_time(61)
    assert ask(mallory).status_code == 202
    assert type_in(bob, code) == ""


def test_five_wrong_guesses_end_a_code_also_for_the_right_one(bob: Phone, wechat: Stage) -> None:
    ask(bob)
    code = code_of(wechat)
    said = [type_in(bob, other(code)) for _ in range(5)]
    assert said == ["wrong_code"] * 4 + ["code_over"]
    assert type_in(bob, code) == "code_over"


def test_a_code_is_its_askers_ends_after_five_minutes_and_by_the_next_one(
    bob: Phone, wechat: Stage, phone_of: Phones, pass_time: PassTime
) -> None:
    ask(bob)
    first = code_of(wechat)
    mallory = phone_of("Mallory")
    mallory.sign_in()
    assert type_in(mallory, first) == "code_over"
    pass_time(61)
    ask(bob)
    assert type_in(bob, first) in {"wrong_code", "code_over"}
    second = code_of(wechat)
    pass_time(61 + 300)
    assert type_in(bob, second) == "code_over"


def test_texts_are_counted_by_phone_and_by_person(
    bob: Phone, phone_of: Phones, wechat: Stage, pass_time: PassTime
) -> None:
    carol = phone_of("Carol")
    carol.sign_in()
    assert ask(bob).status_code == 202
    for again in (ask(bob), ask(bob, "13900139000"), ask(carol)):
        assert again.status_code == 429
        assert 0 < int(again.headers["Retry-After"]) <= 60
    for minute in range(1, 10):
        pass_time(61 * minute)
        assert ask(bob).status_code == 202
    pass_time(61 * 10)
    assert ask(bob).status_code == 429
    assert len(wechat.control("GET", "/sms")["sms"]) == 10


def test_a_text_that_was_not_taken_leaves_nothing_to_guess(bob: Phone, wechat: Stage) -> None:
    wechat.chaos("/sms/send", "fail_before", status=400)
    assert ask(bob).get_json()["error"]["code"] == "code_not_sent"
    db.session.rollback()
    assert db.session.scalars(select(PhoneCode)).one().used_at is not None


def test_orders_ask_for_a_proven_phone_where_it_is_configured(
    app: Flask, mall: Mall, bob: Phone, wechat: Stage
) -> None:
    settings: Config = app.extensions["wx_config"]
    assert settings.sms
    sms = replace(settings.sms, must_prove=True)
    app.extensions["wx_config"] = replace(settings, sms=sms)
    assert "获取验证码" in bob.get(f"/checkout?sku={mall.wares.phone}").text
    refused = bob.post("/api/orders", **wish(mall)).get_json()["error"]
    assert (refused["code"], refused["details"]) == (
        "phone_not_proven",
        {"fields": ["contact_phone"]},
    )
    assert orders() == []
    ask(bob)
    assert type_in(bob, code_of(wechat)) == ""
    assert bob.post("/api/orders", **wish(mall)).status_code == 201


def test_every_store_is_one_step_from_its_city_and_province(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob")
    for path in ("/city/C", "/province/P"):
        page = phone.get(path).text
        assert "中山路营业厅" in page
        assert "09:00–18:00" in page
        assert 'href="/outlet/O1"' in page
        assert "星河手机" in page
    assert 'href="/city/C"' in phone.get("/province/P").text
    outlet = phone.get("/outlet/O1").text
    assert f'href="/r/{mall.alice_number}"' in outlet
    assert 'href="/city/C"' in outlet
    assert phone.get("/outlets").headers["Location"] == "/city/C"
    for wrong in ("/outlet/C", "/city/O1", "/outlet/NOWHERE"):
        assert phone.get(wrong).status_code == 404


def test_a_city_without_a_store_says_so(mall: Mall, phone_of: Phones) -> None:
    assert mall
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G2", name="另一集团")
        create_node(tier=Tier.CITY, code="C2", name="新城", parent_id=group)
    assert "暂时没有营业厅" in phone_of("Bob").get("/city/C2").text
