"""Who one is says the session alone: not a header, a query, a body, another cookie, or an old copy."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from members.models import Identity
from orders.models import SalesOrder
from storefront.openapi_calls import CALLS
from storefront.openapi_examples import EXAMPLES
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_arrival import form
from tests.storefront.test_contact import HOME, press
from tests.storefront.test_orders import ordered, orders, wish
from wx_backend.config import Config
from wx_backend.config_guard import Limit
from wx_backend.db import Model, db

COOKIE = "wx_session"
FOREIGN = (
    *("is_admin", "role", "status", "paid_at", "payable_fen", "discount_fen", "commission_rate"),
    *("rate_bp", "rep_id", "developer_rep_id", "acceptor_rep_id", "member_id", "identity_id"),
    *("openid", "unionid", "appid", "outlet_id", "tenant", "id", "number_", "created_at"),
)


@pytest.fixture
def config(config: Config) -> Config:
    """Nobody is refused for the number of his calls here."""
    many = dict.fromkeys(config.guard.limits, Limit(10_000, 10_000))
    return replace(config, guard=replace(config.guard, limits=many))


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


@pytest.fixture
def mallory(mall: Mall, phone_of: Phones) -> Phone:
    assert mall
    phone = phone_of("Mallory")
    phone.sign_in()
    return phone


@pytest.fixture
def bobs(bob: Phone, mall: Mall) -> Mapping[str, str]:
    """Bob has ordered; everything he could be taken for."""
    number = ordered(bob, mall)
    db.session.rollback()
    order = db.session.scalars(select(SalesOrder).where(SalesOrder.number == number)).one()
    identity = db.session.get_one(Identity, order.identity_id)
    return {
        "number": number,
        "identity": str(order.identity_id),
        "identity_id": str(order.identity_id),
        "member": str(order.member_id),
        "member_id": str(order.member_id),
        "uid": str(order.member_id),
        "user_id": str(order.member_id),
        "openid": str(identity.openid),
        "unionid": str(identity.unionid),
        "phone": "13800138000",
    }


def test_neither_header_nor_query_nor_cookie_makes_one_somebody_else(
    mallory: Phone, bobs: Mapping[str, str]
) -> None:
    claims = {name: value for name, value in bobs.items() if name != "number"}
    headers = {f"X_{name.replace('_', '-')}": value for name, value in claims.items()}
    headers |= {"X_WX_OPENID": claims["openid"], "X_WX_UNIONID": claims["unionid"]}
    query = "&".join(f"{name}={value}" for name, value in claims.items())
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in claims.items())}
    for sent in (headers, cookies, headers | {"Authorization": f"Bearer {claims['openid']}"}):
        for path in ("/orders", "/api/orders"):
            page = mallory.get(f"{path}?{query}", **sent)
            assert bobs["number"] not in page.text
        assert mallory.get(f"/orders/{bobs['number']}?{query}", **sent).status_code in {302, 404}


def test_a_strangers_browser_is_nobody_whatever_it_claims(
    phone_of: Phones, bobs: Mapping[str, str]
) -> None:
    claims = {name: value for name, value in bobs.items() if name != "number"}
    query = "&".join(f"{name}={value}" for name, value in claims.items())
    stranger = phone_of("Erin")
    for claim, value in claims.items():
        answer = stranger.get(f"/api/orders?{query}", **{f"X_{claim.replace('_', '-')}": value})
        assert answer.status_code == 401, claim


def calls_with_a_body() -> list[Any]:
    return [call for call in CALLS if call.takes is not None]


@pytest.mark.parametrize("call", calls_with_a_body(), ids=lambda call: call.endpoint)
def test_a_field_that_is_not_asked_for_is_refused(bob: Phone, mall: Mall, call: Any) -> None:
    """No write takes more than its schema names, at the top or inside of a list."""
    assert mall
    example = EXAMPLES[call.endpoint]
    path = call.path.replace("{number}", example.number)
    before = counted()
    for name in FOREIGN:
        for body in bodies(example.request, name):
            answer = bob.post(path, **body)
            assert answer.status_code == 400, (name, answer.text)
            assert name in answer.get_json()["error"]["details"]["fields"], answer.text
    assert counted() == before


def bodies(example: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The example with one field more: beside the others, in its object, in its list."""
    found = [{**example, name: 1}]
    for key, value in example.items():
        if isinstance(value, dict):
            found.append({**example, key: {**value, name: 1}})
        if isinstance(value, list):
            found.append({**example, key: [*value, {**value[0], name: 1}]})
    return found


def counted() -> dict[str, int]:
    """How many rows each table has."""
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table)) or 0
        for table in Model.metadata.sorted_tables
    }


def test_a_form_takes_no_more_than_it_shows(bob: Phone, mallory: Phone) -> None:
    """What a form does not have is not read: the address is hers, and only hers."""
    claims = dict.fromkeys(FOREIGN, "1")
    assert press(mallory, "/addresses", **HOME, **claims).status_code == 302
    assert HOME["street"] in mallory.get("/addresses").text
    assert HOME["street"] not in bob.get("/addresses").text


def test_the_contact_of_an_order_changes_nothing_about_whose_it_is(
    bob: Phone, mallory: Phone, mall: Mall
) -> None:
    number = mallory.post("/api/orders", **wish(mall, contact_name="鲍勃")).get_json()["number"]
    assert number in mallory.get("/orders").text
    assert number not in bob.get("/orders").text
    assert len(orders()) == 1


def test_a_copy_of_a_cookie_is_worth_nothing_after_signing_out(app: Flask, bob: Phone) -> None:
    copy = bob._client.get_cookie(COOKIE, domain="wx.test")
    assert copy
    assert bob.get("/orders").status_code == 200
    assert form(bob, "/logout").status_code == 302
    assert bob.get("/orders").status_code == 302
    thief = Phone(app, bob._wechat, "Mallory")
    thief._client.set_cookie(COOKIE, copy.value, domain="wx.test")
    assert thief.get("/orders").status_code == 302
    assert thief.get("/api/orders", Accept="application/json").status_code == 401
    bob.sign_in()
    assert bob.get("/orders").status_code == 200
    assert thief.get("/orders").status_code == 302


def test_a_planted_session_is_not_the_one_somebody_signs_in_by(app: Flask, bob: Phone) -> None:
    """Fixation: what Mallory's browser got before is nobody's still when Bob has signed in by it."""
    mallory = Phone(app, bob._wechat, "Mallory")
    token = mallory.page_token()
    planted = mallory._client.get_cookie(COOKIE, domain="wx.test")
    assert planted
    victim = Phone(app, bob._wechat, "Bob")
    victim._client.set_cookie(COOKIE, planted.value, domain="wx.test")
    victim.sign_in()
    assert victim.get("/orders").status_code == 200
    assert mallory.get("/orders").status_code == 302
    assert victim.page_token() != token


@pytest.mark.parametrize(
    "key", ["dev", "secret", "", "change-me", "566e4ccb250665b99fb718ad70b99ff5"]
)
def test_a_cookie_under_another_key_is_nobodys(app: Flask, bob: Phone, key: str) -> None:
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own interface
    good, own = signer.dumps({"identity": 1, "signed_in_at": 2_000_000_000}), app.secret_key
    app.secret_key = key or "x"
    forged = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own interface
    bad = forged.dumps({"identity": 1, "signed_in_at": 2_000_000_000})
    app.secret_key = own
    head = str(good).rpartition(".")[0]
    for value in (bad, head, f"{head}.", f"{head}.AAAA", "e30.none.none"):
        thief = Phone(app, bob._wechat, "Mallory")
        thief._client.set_cookie(COOKIE, str(value), domain="wx.test")
        assert thief.get("/orders").status_code == 302, value
