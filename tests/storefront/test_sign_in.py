"""Signing in by WeChat: bound to the browser that began it, used once, and never for a snapshot."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask

from storefront.sign_in import is_own_page
from tests.drawn import without_tokens
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP
from tests.storefront.records import credited, people, touches
from wx_backend.config import Config


@pytest.mark.usefixtures("mall")
def test_a_round_trip_ends_at_a_clean_address(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    answer = phone.get(phone.began("/orders"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/orders")
    assert phone.get("/orders").status_code == 200
    assert people() == (0, 1, 1)


@pytest.mark.usefixtures("mall")
def test_a_state_works_once(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    address = phone.began()
    assert phone.get(address).status_code == 302
    again = phone.get(address)
    assert again.status_code == 403
    assert "登录已失效" in again.text
    assert people() == (0, 1, 1)


def test_a_planted_return_changes_nothing(mall: Mall, phone_of: Phones) -> None:
    """Mallory begins, stops before the return, and has Bob open it, her link on board."""
    mallory, bob = phone_of("Mallory"), phone_of("Bob")
    mallory.get(mall.link(mall.dave_id))
    planted = mallory.began()
    bob.open(mall.link(mall.alice_id))
    before = (len(touches()), people())
    assert bob.get(planted).status_code == 403
    assert (len(touches()), people()) == before
    assert credited() == [mall.alice_id]


@pytest.mark.usefixtures("mall")
def test_a_foreign_code_under_an_own_state_is_only_its_owners_code(phone_of: Phones) -> None:
    """A code that WeChat refuses signs nobody in; a public page opens all the same."""
    phone = phone_of("Bob")
    state = phone.began().rpartition("state=")[2]
    answer = phone.get(f"/oauth/return?code=stolen&state={state}")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert people() == (0, 0, 0)
    assert phone.get("/orders").status_code == 302


@pytest.mark.parametrize("came_by_a_link", [False, True])
def test_a_return_that_is_asked_for_twice_signs_in_once(
    mall: Mall, phone_of: Phones, came_by_a_link: bool
) -> None:
    """WeChat's browser does that; the second answer comes last, and undoes nothing."""
    phone = phone_of("Bob")
    if came_by_a_link:
        phone.get(mall.link(mall.alice_id))
    first, second = phone.get_twice(phone.began("/orders"))
    assert first.status_code == second.status_code == 302
    assert first.headers["Location"] == second.headers["Location"] == "/orders"
    assert phone.get("/orders").status_code == 200
    assert people()[1:] == (1, 1)


@pytest.mark.usefixtures("mall")
def test_a_code_that_is_never_taken_ends_on_a_page_that_says_so(phone_of: Phones) -> None:
    phone = phone_of("Bob")

    def come_back() -> int:
        state = phone.began("/orders").rpartition("state=")[2]
        return phone.get(f"/oauth/return?code=stolen&state={state}").status_code

    assert [come_back() for _ in range(4)] == [302, 302, 503, 503]
    assert phone.sign_in("/orders").status_code == 200


@pytest.mark.usefixtures("mall")
@pytest.mark.parametrize("query", ["", "code=x", "state=x", "code=x&state=", "state=%E5%A5%BD"])
def test_a_return_nobody_began_is_refused(phone_of: Phones, query: str) -> None:
    assert phone_of("Bob").get(f"/oauth/return?{query}").status_code == 403


@pytest.mark.usefixtures("mall")
def test_a_snapshot_user_is_nobody(config: Config, wechat: Stage, phone_of: Phones) -> None:
    wechat.control("PUT", f"/accounts/{config.accounts[0].appid}", is_snapshot=True)
    phone = phone_of("Bob")
    began = phone.get("/login?next=/").headers["Location"].replace("snsapi_base", "snsapi_userinfo")
    answer = phone.get(phone.onward(began))
    assert answer.status_code == 403
    assert "快照页" in answer.text
    assert people() == (0, 0, 0)


def test_the_share_that_a_round_trip_began_with_is_a_touch(mall: Mall, phone_of: Phones) -> None:
    """In WeChat the link signs in silently; no script has to run."""
    phone = phone_of("Bob")
    phone.follow(phone.get(mall.link(mall.alice_id)))
    assert credited() == [mall.alice_id]
    assert phone.post("/api/touch").status_code == 204
    assert len(touches()) == 1


def test_a_browser_becomes_its_persons(mall: Mall, phone_of: Phones) -> None:
    """What was opened outside of the sign-in counts for the person afterwards."""
    phone = phone_of("Bob", DESKTOP)
    phone.open(mall.link(mall.alice_id))
    phone.agent = phone_of("Bob").agent
    phone.sign_in()
    (touch,) = touches()
    assert touch.visitor_id is not None
    assert people() == (1, 1, 1)
    from members.queries import subjects_of

    assert subjects_of(1).visitor_ids == {touch.visitor_id}


def test_a_shared_phone_does_not_mix_two_people(mall: Mall, phone_of: Phones) -> None:
    phone = phone_of("Bob", DESKTOP)
    phone.open(mall.link(mall.alice_id))
    phone.agent = phone_of("Bob").agent
    phone.sign_in()
    phone.post("/logout")
    phone.owner = "Carol"
    answer = phone.get(phone.began())
    assert "wx_visitor=;" in str(answer.headers)
    from members.queries import subjects_of

    assert subjects_of(2).visitor_ids == frozenset()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "javascript:alert(1)",
        "/%0d%0aSet-Cookie:x",
        "/r/x\r\nLocation: //evil",
        "/login?next=/",
        "/oauth/return",
        "/logout",
        "/api/orders/x",
        "/healthz",
        "/metrics",
        "/s/token",
        "/orders/../..//evil",
        "/nowhere",
        "@evil.example",
        "",
        "/orders?x=//evil.example",
    ],
)
def test_nothing_but_own_pages_is_followed(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert not is_own_page(target)


@pytest.mark.parametrize(
    "target", ["/", "/orders", "/orders/OD1", "/p/PD1", "/r/RP1", "/checkout?sku=SK1", "/?c=plan"]
)
def test_own_pages_are(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert is_own_page(target)


@pytest.mark.usefixtures("mall")
def test_a_foreign_next_is_refused_before_anything_begins(phone_of: Phones) -> None:
    answer = phone_of("Bob").get("/login?next=//evil.example")
    assert answer.status_code == 400
    assert "Location" not in answer.headers


@pytest.mark.usefixtures("mall")
def test_a_members_page_outside_wechat_explains_itself(phone_of: Phones) -> None:
    answer = phone_of("Bob", DESKTOP).get("/orders")
    assert answer.status_code == 401
    assert "请在微信中打开" in answer.text
    assert "<svg" in answer.text
    assert re.search(r'readonly value="http[^"]+/orders"', answer.text), "to be copied"
    assert "没有微信？" in answer.text
    assert 'href="/outlets"' in answer.text


@pytest.mark.usefixtures("mall")
def test_an_address_too_long_for_a_code_leads_to_the_front_page(phone_of: Phones) -> None:
    address = f"/orders/{'A' * 3_000}"
    outside = phone_of("Bob", DESKTOP).get(address)
    assert outside.status_code == 401
    assert "AAA" not in without_tokens(outside.text)
    assert "<svg" in outside.text
    assert phone_of("Bob").get(address).headers["Location"].endswith("/login?next=/")
    assert phone_of("Bob").get(f"/login?next={address}").status_code == 400


@pytest.mark.usefixtures("mall")
def test_a_programs_call_without_sign_in_is_refused_in_json(phone_of: Phones) -> None:
    answer = phone_of("Bob").post("/api/orders")
    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")  # type: ignore[index]  # JSON it is


@pytest.mark.usefixtures("mall")
def test_signing_in_replaces_the_session(phone_of: Phones) -> None:
    """What an attacker may have known of the session before is worth nothing after."""
    phone = phone_of("Bob")
    before = phone.page_token()
    phone.sign_in()
    assert phone.post("/api/touch", token=before).status_code == 400
    assert phone.page_token() != before


@pytest.mark.usefixtures("mall")
def test_a_sign_in_begins_where_it_will_end(app: Flask, phone_of: Phones) -> None:
    """On another of our host names the cookie would be missing at the return."""
    settings = app.extensions["wx_config"]
    service = replace(settings.service, base_url="https://mall.test")
    phone = phone_of("Bob")
    app.extensions["wx_config"] = replace(settings, service=service)
    answer = phone.get("/login?next=/orders")
    assert answer.headers["Location"] == "https://mall.test/login?next=/orders"


@pytest.mark.usefixtures("mall")
def test_a_sign_in_outside_wechat_explains_itself(phone_of: Phones) -> None:
    answer = phone_of("Bob", DESKTOP).get("/login?next=/orders")
    assert "请在微信中打开" in answer.text


@pytest.mark.usefixtures("mall")
def test_an_old_round_trip_is_over(phone_of: Phones, pass_time: Callable[[float], None]) -> None:
    phone = phone_of("Bob")
    address = phone.began()
    pass_time(601)
    assert phone.get(address).status_code == 403
