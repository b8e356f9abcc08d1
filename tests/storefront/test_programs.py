"""The mall in a mini-program: signed in by its own code, launched by a share, everything by documented calls."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, time
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from flows.counter import link_of, open_counter_offer
from flows.launching import SINGLE_PAGE
from members.erasure import erase_member
from members.models import Identity
from orders.counter_models import CounterOffer
from orders.models import SalesOrder
from referral.models import Touch
from storefront.openapi_calls import CALLS
from tests.catalog.slots import put_up
from tests.simulator.stage import MCHID, Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.program import APPID, NAME, Program
from tests.storefront.records import credited, forgeries, people, sightings, touches
from tests.storefront.test_arrival import send
from tests.storefront.test_numbers import take_numbers
from tests.storefront.test_orders import wish, work
from wx_backend import clock
from wx_backend.carried import HEADER
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.config import Config
from wx_backend.db import db, retried, transaction

CARD = 1007
"""WeChat's number of a launch from a card in a chat."""


@pytest.fixture
def config(config: Config, wechat: Stage) -> Config:
    """The accounts with a mini-program among them, which may be paid from."""
    first = config.accounts[0]
    mini = replace(
        first, name=NAME, kind="mini_program", appid=APPID, original_id="gh_mini00000001"
    )
    wechat.control("PUT", f"/accounts/{APPID}", kind="mini", name="小程序")
    wechat.control("PUT", f"/merchants/{MCHID}", appids=[first.appid, APPID])
    return replace(config, accounts=(*config.accounts, mini))


@pytest.fixture
def bobs(app: Flask, mall: Mall, wechat: Stage) -> Program:
    assert mall
    return Program(app, wechat, "Bob")


def token_of(link: str) -> str:
    return link.rpartition("/")[2]


def told(answer: TestResponse, endpoint: str, status: int = 200) -> Any:
    """A good answer, which is exactly of the shape that is documented."""
    call = next(each for each in CALLS if each.endpoint == endpoint)
    assert answer.status_code == status, answer.text
    assert call.answers is not None
    jsonschema_rs.validate(call.answers, answer.get_json())
    return answer.get_json()


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, str(answer.get_json()["error"]["code"])


def test_from_a_launch_to_the_review_of_what_came(mall: Mall, bobs: Program, wechat: Stage) -> None:
    """No page, no cookie, no page's token: a card in a chat, sign-in, goods, money, parcel, stars."""
    token = token_of(mall.link(mall.alice_id, mall.product))
    launch = told(bobs.post("/api/launch", share=token, scene=CARD), "programs.launch")
    assert launch == {"path": f"/p/{mall.product}", "message": ""}
    assert touches() == []
    told(bobs.sign_in(), "programs.sign_in")
    assert credited() == [mall.alice_id]

    showroom = told(bobs.get(f"/api/showrooms/{mall.alice_number}"), "place_calls.showroom")
    assert showroom["rep"] == {"number": mall.alice_number, "name": "爱丽丝", "title": "客户经理"}
    assert showroom["outlet"]["hours_today"] == "09:00–18:00"
    product = told(bobs.get(f"/api/products/{mall.product}"), "shelf.product")
    sku = product["variants"][0]
    told(
        bobs.post("/api/cart", client_key="0123456789abcdef", sku=sku["number"], quantity=1),
        "cart.put",
        201,
    )
    assert told(bobs.get("/api/cart"), "cart.show")["total_fen"] == sku["price_fen"]
    line = wish(mall)["lines"][0] | {"from_cart": True}
    made = told(bobs.post("/api/orders", **wish(mall, lines=[line])), "orders.create", 201)
    path = f"/api/orders/{made['number']}"

    sheet = told(bobs.post(f"{path}/pay"), "orders.pay")
    assert sheet["appId"] == APPID
    assert wechat.act("Bob", "pay", **sheet)["err_msg"].endswith(":ok")
    told(bobs.post(f"{path}/ask"), "orders.ask", 202)
    work()
    details = told(bobs.get(f"{path}/details"), "order_calls.show")
    assert details["order"]["status"] == "paid"
    assert details["credits"][0]["rep_name"] == "爱丽丝"
    assert details["contact"].endswith("138****8000")
    assert (details["can_refund"], details["can_sign"]) == (True, False)

    send()
    told(bobs.post(f"{path}/sign"), "order_calls.sign")
    [way] = told(bobs.get(f"{path}/details"), "order_calls.show")["ways"]
    assert "运单号 SF12345678" in str(way["stations"])
    assert way["can_review"]
    review = {"line": way["line"], "stars": 5, "text": "很快"}
    told(bobs.post(f"{path}/review", **review), "order_calls.review", 201)
    [way] = told(bobs.get(f"{path}/details"), "order_calls.show")["ways"]
    assert way["review"] == {"stars": 5, "text": "很快", "reply": ""}
    assert bobs.post(f"{path}/review", **review).status_code == 409


def test_a_login_code_works_once(mall: Mall, bobs: Program, wechat: Stage) -> None:
    assert mall
    code = bobs.code()
    told(bobs.post("/api/sign-in", account=NAME, code=code), "programs.sign_in")
    assert people() == (0, 1, 1)
    bobs.session = ""
    for wrong in (code, "nobodys"):
        refused = bobs.post("/api/sign-in", account=NAME, code=wrong)
        assert refusal(refused) == (400, "login_code_over")
    for account in ("city", "nowhere"):
        refused = bobs.post("/api/sign-in", account=account, code=bobs.code())
        assert refusal(refused) == (404, "not_found")
    wechat.chaos("/sns/jscode2session", "fail_before", status=500)
    assert refusal(bobs.sign_in()) == (503, "login_away")
    assert bobs.get("/api/orders").status_code == 401
    assert people() == (0, 1, 1)


def test_a_page_is_signed_in_by_no_programs_code(
    mall: Mall, bobs: Program, phone_of: Phones
) -> None:
    assert mall
    answer = phone_of("Mallory").post("/api/sign-in", account=NAME, code=bobs.code())
    assert refusal(answer) == (400, "bad_input")
    assert people() == (0, 0, 0)


def test_whoever_carries_a_session_has_no_cookie_looked_at(mall: Mall, phone_of: Phones) -> None:
    """What a browser adds by itself counts for nothing there: no call can be forged onto its owner."""
    bob = phone_of("Bob")
    bob.open(mall.link(mall.alice_id, mall.product))
    cookie = bob.as_headers()["Cookie"].partition("=")[2]
    assert bob.get("/api/orders").status_code == 200
    for carried in ("", cookie, f"{cookie}x", "nonsense"):
        assert bob.get("/api/orders", X_Session=carried).status_code == 401
    assert bob.get("/orders", X_Session="").status_code == 200  # programs call /api/ alone


def forged(phone: Phone, path: str, **content: Any) -> TestResponse:
    """What another site could have this browser send: its cookie, and no token."""
    return phone.post(path, "", **content)


def test_without_the_header_the_pages_token_is_asked_for(mall: Mall, phone_of: Phones) -> None:
    bob = phone_of("Bob")
    bob.sign_in()
    assert forged(bob, "/api/orders", **wish(mall)).status_code == 400
    put = {"client_key": "0123456789abcdef", "sku": mall.wares.phone, "quantity": 1}
    assert forged(bob, "/api/cart", **put).status_code == 400
    assert db.session.scalar(select(func.count()).select_from(SalesOrder)) == 0


def test_who_signs_out_is_signed_out_with_every_copy_of_his_session(bobs: Program) -> None:
    bobs.sign_in()
    copy = bobs.session
    assert bobs.get("/api/orders").status_code == 200
    for _ in range(2):
        answer = bobs.post("/api/sign-out")
        assert (answer.status_code, answer.data, bobs.session) == (204, b"", "")
    assert bobs.get("/api/orders").status_code == 401
    bobs.session = copy
    assert bobs.get("/api/orders").status_code == 401


def test_no_other_site_signs_anybody_out(mall: Mall, phone_of: Phones) -> None:
    assert mall
    bob = phone_of("Bob")
    bob.sign_in()
    assert forged(bob, "/api/sign-out").status_code == 400
    assert bob.get("/api/orders").status_code == 200
    assert bob.post("/api/sign-out").status_code == 204
    assert bob.get("/api/orders").status_code == 401


def test_an_altered_session_is_nobodys_and_it_ends(
    bobs: Program, pass_time: Callable[[float], None]
) -> None:
    bobs.sign_in()
    good = bobs.session
    head = "B" if good[1] != "B" else "C"
    for bad in (good[0] + head + good[2:], good[:-1], good + good):
        assert bobs.get("/api/orders", **{HEADER: bad}).status_code == 401
        bobs.session = good
    assert bobs.get("/api/orders").status_code == 200
    pass_time(30 * 86_400 + 1)
    assert bobs.get("/api/orders").status_code == 401


def test_whose_data_was_erased_is_signed_out(bobs: Program) -> None:
    bobs.sign_in()
    assert bobs.get("/api/orders").status_code == 200
    db.session.rollback()
    with transaction():
        erase_member(member_id=1, now=clock.now())
    assert bobs.get("/api/orders").status_code == 401


def test_one_union_id_is_one_person_in_both(
    app: Flask, mall: Mall, bobs: Program, phone_of: Phones
) -> None:
    """His order in the mini-program is his on the page too, once WeChat has told that it is him."""
    bobs.sign_in()
    number = bobs.post("/api/orders", **wish(mall)).get_json()["number"]
    phone = phone_of("Bob")
    phone.sign_in()
    assert number not in phone.get("/orders").text
    official = app.extensions["wx_config"].accounts[0].appid
    with transaction():
        mini = db.session.scalars(select(Identity).where(Identity.appid == APPID)).one()
        other = db.session.scalars(select(Identity).where(Identity.appid == official)).one()
        assert mini.unionid
        other.unionid = mini.unionid
    bobs.sign_in()
    assert number in phone.get("/orders").text


def test_what_a_stranger_put_in_the_cart_is_his_who_signs_in(
    app: Flask, mall: Mall, bobs: Program, wechat: Stage
) -> None:
    put = {"client_key": "0123456789abcdef", "sku": mall.wares.phone, "quantity": 1}
    assert bobs.post("/api/cart", **put).status_code == 201
    assert len(bobs.get("/api/cart").get_json()["lines"]) == 1
    bobs.sign_in()
    assert len(bobs.get("/api/cart").get_json()["lines"]) == 1
    bobs.owner = "Mallory"  # who takes the phone in his hand next
    bobs.sign_in()
    assert bobs.get("/api/cart").get_json()["lines"] == []
    other = Program(app, wechat, "Bob")
    other.sign_in()
    assert len(other.get("/api/cart").get_json()["lines"]) == 1


def test_a_launch_is_a_touch_of_whoever_holds_it(mall: Mall, bobs: Program) -> None:
    bobs.sign_in()
    for _ in range(2):
        token = token_of(mall.link(mall.alice_id))
        launch = told(bobs.post("/api/launch", share=token, scene=CARD), "programs.launch")
        assert launch["path"] == f"/r/{mall.alice_number}"
    db.session.rollback()
    [touch] = db.session.scalars(select(Touch)).all()
    assert (touch.kind, touch.certainty) == ("launched", "signed")
    passed = told(
        bobs.post("/api/shares", subject="product", key=mall.product), "sharing.create", 201
    )
    assert token_of(passed["links"]["chat"]) != token


def test_moments_shows_a_page_to_nobody_that_is_known(mall: Mall, bobs: Program) -> None:
    token = token_of(mall.link(mall.alice_id, mall.product))
    shown = told(bobs.post("/api/launch", share=token, scene=SINGLE_PAGE), "programs.launch")
    assert shown["path"] == f"/p/{mall.product}"
    bobs.sign_in()
    bobs.post("/api/launch", share=token, scene=SINGLE_PAGE)
    bobs.post("/api/orders", **wish(mall))
    assert touches() == []
    assert sightings() == {"view": 2}


def test_a_forged_token_credits_nobody_and_takes_nothing(mall: Mall, bobs: Program) -> None:
    bobs.sign_in()
    bobs.post("/api/launch", share=token_of(mall.link(mall.alice_id)), scene=CARD)
    answer = bobs.post("/api/launch", share="SAAAAAAAABBBBBBBBBBBBBBB", scene=CARD)
    launch = told(answer, "programs.launch")
    assert (launch["path"], launch["message"]) == ("/", "链接无效，已为您打开商城首页")
    assert credited() == [mall.alice_id]
    assert forgeries() == {"bad_mac": 1}
    for wrong in ({"share": "S" * 40}, {"share": "汉"}, {"scene": 7}, {"scene": "1007"}):
        body = {"share": "S", "scene": CARD} | wrong
        assert refusal(bobs.post("/api/launch", **body)) == (400, "bad_input")


def test_places_are_told(mall: Mall, bobs: Program) -> None:
    city = told(bobs.get("/api/places/C"), "place_calls.place")
    assert (city["tier"], city["above"][0]["path"]) == ("city", "/province/P")
    assert [each["code"] for each in city["outlets"]] == ["O1"]
    outlet = told(bobs.get("/api/places/O1"), "place_calls.place")
    assert mall.alice_number in [each["number"] for each in outlet["reps"]]
    assert outlet["outlet"]["name"] == "中山路营业厅"
    for nothing in ("/api/places/G", "/api/places/NOWHERE", "/api/showrooms/RP0"):
        assert bobs.get(nothing).status_code == 404


def test_what_is_answered_is_what_is_documented(mall: Mall, bobs: Program) -> None:
    """Each list with something in it: Schemathesis meets most of them empty."""
    take_numbers(mall)
    put_up(mall.outlet_id, "开学季")
    bobs.sign_in()
    found = told(bobs.get("/api/numbers"), "numbers.index")
    assert found["numbers"]
    number = found["numbers"][0]["number"]
    told(bobs.post("/api/numbers/hold", number=number), "numbers.hold", 201)
    assert told(bobs.get("/api/numbers"), "numbers.index")["held"]
    assert told(bobs.get(f"/api/banners?rep={mall.alice_number}"), "banners.index")["banners"]
    kept = {"name": "鲍勃", "phone": "13800138000", "region": "广东省 广州市", "street": "1 号"}
    first = told(bobs.post("/api/addresses", **kept), "addresses.create", 201)["number"]
    other = kept | {"street": "2 号"}
    second = told(bobs.post("/api/addresses", **other), "addresses.create", 201)["number"]
    told(bobs.post(f"/api/addresses/{second}/default"), "addresses.prefer_by_call")
    changed = f"/api/addresses/{second}"
    told(bobs.post(changed, **kept | {"street": "3 号"}), "addresses.change_by_call")
    book = told(bobs.get("/api/addresses"), "addresses.index")["addresses"]
    assert [each["number"] for each in book] == [second, first]
    assert book[0]["street"] == "3 号"
    told(bobs.post(f"/api/addresses/{second}/drop"), "addresses.drop_by_call")
    book = told(bobs.get("/api/addresses"), "addresses.index")["addresses"]
    assert [each["number"] for each in book] == [first]
    order = told(bobs.post("/api/orders", **wish(mall)), "orders.create", 201)["number"]
    assert told(bobs.get("/api/orders"), "shelf.mine")["orders"][0]["number"] == order
    details = told(bobs.get(f"/api/orders/{order}/details"), "order_calls.show")
    assert details["address"] == "广东省 广州市 中山路 1 号"
    proof = details["credits"][0]["receipt_number"]
    assert told(bobs.get(f"/api/orders/{order}/why/{proof}"), "order_calls.why")["number"] == proof


def test_a_visit_is_booked_and_cancelled(
    mall: Mall, bobs: Program, pass_time: Callable[[float], None]
) -> None:
    after_hours = datetime.combine(business_on(clock.now()), time(22), SHANGHAI)
    pass_time((after_hours - clock.now()).total_seconds())
    bobs.sign_in()
    shown = told(bobs.get("/api/visits/slots?outlet=O1"), "visit_calls.slots")
    assert (shown["outlet"], shown["booked"]) == ("中山路营业厅", None)
    wish = {"outlet": "O1", "starts_at": shown["slots"][0]["starts_at"]}
    visit = told(bobs.post("/api/visits", **wish), "visit_calls.book", 201)
    assert told(bobs.post("/api/visits", **wish), "visit_calls.book", 201) == visit
    assert told(bobs.get("/api/visits"), "visit_calls.index")["visits"] == [visit]
    assert bobs.get("/api/visits/slots?outlet=O1").get_json()["booked"] == visit
    for wrong in ("2026-11-30T01:30:00", "morgen", 7):
        assert refusal(bobs.post("/api/visits", **wish | {"starts_at": wrong})) == (
            400,
            "bad_input",
        )
    told(bobs.post(f"/api/visits/{visit['number']}/cancel"), "visit_calls.cancel")
    assert bobs.get("/api/visits").get_json()["visits"] == []
    assert bobs.post("/api/visits/x/cancel").status_code == 404
    assert mall


def test_a_counter_sale_is_confirmed_and_ordered(mall: Mall, bobs: Program) -> None:
    now = clock.now()
    offer_id = retried(
        lambda: open_counter_offer(
            rep_id=mall.dave_id,
            sku_number=mall.wares.phone,
            quantity=1,
            client_key="counter-0123456789",
            now=now,
        )
    )
    token = link_of(db.session.get_one(CounterOffer, offer_id)).rpartition("/")[2]
    db.session.rollback()
    bobs.sign_in()
    shown = told(bobs.get(f"/api/counter/{token}"), "visit_calls.counter")
    assert (shown["acceptor"]["name"], shown["is_confirmed"]) == ("戴夫", False)
    assert bobs.post("/api/orders", **wish(mall, counter=token)).status_code == 409
    told(bobs.post(f"/api/counter/{token}/confirm"), "visit_calls.confirm")
    made = bobs.post("/api/orders", **wish(mall, counter=token)).get_json()
    details = told(bobs.get(f"/api/orders/{made['number']}/details"), "order_calls.show")
    assert details["credits"][0]["rep_name"] == "戴夫"
    assert bobs.get(f"/api/counter/{token[:-1]}x").status_code in {404, 409}
