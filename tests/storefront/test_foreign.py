"""Bob's things named by Mallory: in a path, a query, a form, a JSON body, or among her own in a batch.

Whatever is somebody else's is answered word for word like what does not exist, and nothing changes.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from flows.counter import confirm_counter_offer, link_of, open_counter_offer
from fulfilment.bookings import book
from orders.counter_models import CounterOffer
from orders.models import OrderLine, SalesOrder
from referral.models import Receipt
from tests.catalog.pool import FIRST, SECOND
from tests.conftest import Tally
from tests.rows import rows
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.test_arrival import form
from tests.storefront.test_numbers import take_numbers
from tests.storefront.test_orders import KEY, ordered, plan_line, wish
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import db, retried

PASSING = ("visitor", "limit")
HOME = {"name": "某人", "phone": "13800138000", "region": "广东省", "street": "1 号"}


@dataclass(frozen=True, slots=True)
class Things:
    """What a person has here, as routes name it; the same of nobody says what is missing."""

    order: str
    line: str
    receipt: str
    address: str
    booking: str
    counter: str
    msisdn: str


NOBODYS = Things(
    order="OD000000" + "0" * 13,
    line="999999",
    receipt="RC000000" + "0" * 13,
    address="0" * 16,
    booking="999999",
    counter="0" * 50,
    msisdn="14099999999",
)


@dataclass(frozen=True, slots=True)
class Town:
    """Bob and what is his; Mallory with an order of her own; a stranger's browser."""

    mall: Mall
    bob: Phone
    his: Things
    mallory: Phone
    hers: Things
    stranger: Phone


@pytest.fixture
def town(mall: Mall, phone_of: Phones) -> Town:
    take_numbers(mall)
    bob, mallory = phone_of("Bob"), phone_of("Mallory")
    return Town(
        mall=mall,
        bob=bob,
        his=settled(bob, mall, FIRST),
        mallory=mallory,
        hers=settled(mallory, mall, SECOND),
        stranger=phone_of("Carol", DESKTOP),
    )


def settled(phone: Phone, mall: Mall, msisdn: str) -> Things:
    """Somebody who has one of everything; his phone is signed in and came by Alice's link."""
    phone.open(mall.link(mall.alice_id, mall.product))
    number = ordered(phone, mall, delivery="pickup", outlet="O1", address=None)
    kept = phone.post("/api/addresses", **HOME | {"street": f"{msisdn} 号"})
    assert phone.post("/api/numbers/hold", number=msisdn).status_code == 201
    phone.post("/api/cart", client_key=f"press-{msisdn}", sku=mall.wares.phone, quantity=1)
    db.session.rollback()
    order = db.session.scalars(select(SalesOrder).where(SalesOrder.number == number)).one()
    line = db.session.scalars(select(OrderLine.id).where(OrderLine.order_id == order.id)).one()
    receipt = db.session.scalars(select(Receipt.number).order_by(Receipt.id.desc())).first()
    member_id, identity_id, order_id = order.member_id, order.identity_id, order.id
    now = clock.now()
    starts_at = (now + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    booking = retried(
        lambda: (
            book(
                outlet_id=mall.outlet_id,
                member_id=member_id,
                order_id=order_id,
                starts_at=starts_at,
                now=now,
            ).id
        )
    )
    return Things(
        order=number,
        line=str(line),
        receipt=str(receipt),
        address=str(kept.get_json()["number"]),
        booking=str(booking),
        counter=confirmed_offer(mall, member_id, identity_id),
        msisdn=msisdn,
    )


def confirmed_offer(mall: Mall, member_id: int, identity_id: int) -> str:
    """What Dave put together at the counter for this person; the token of its link."""
    now, key = clock.now(), f"counter-{member_id}"
    offer_id = retried(
        lambda: open_counter_offer(
            rep_id=mall.dave_id,
            sku_number=mall.wares.phone,
            quantity=1,
            client_key=key,
            now=now,
        )
    )
    token = link_of(db.session.get_one(CounterOffer, offer_id)).rpartition("/")[2]
    retried(
        lambda: confirm_counter_offer(
            token, member_id=member_id, identity_id=identity_id, now=clock.now()
        )
    )
    return token


def members_rules(app: Flask) -> Iterator[Rule]:
    """The members' routes whose path names something."""
    for rule in app.url_map.iter_rules():
        row = TABLE[rule.endpoint]
        is_mall = rule.endpoint.startswith("storefront.")
        if is_mall and row.caller is Caller.MEMBER and rule.arguments:
            yield rule


def path_of(app: Flask, rule: Rule, things: Things) -> str:
    numbers = {"addresses": things.address, "visit_calls": things.booking}
    number = numbers.get(rule.endpoint.split(".")[1], things.order)
    named: Mapping[str, object] = {
        "number": number,
        "receipt": things.receipt,
        "token": things.counter,
        "booking_id": int(things.booking),
    }
    values = {name: named[name] for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def said(answer: TestResponse, things: Things) -> tuple[int, str, str]:
    """What is told, but for the numbers that were asked about."""
    told = answer.text + str(answer.headers.get("Location", ""))
    booking = f'"{things.booking}"'
    for value in (
        *(things.order, things.receipt, things.counter, things.address, things.msisdn),
        booking,
    ):
        told = told.replace(value, "…")
    return answer.status_code, told, answer.mimetype or ""


def calls(app: Flask, phone: Phone, things: Things) -> Iterator[tuple[str, TestResponse]]:
    """Every member's route with these things in its path, by every method it has."""
    for rule in members_rules(app):
        path = path_of(app, rule, things)
        if "GET" in (rule.methods or ()):
            yield rule.endpoint, phone.get(path)
        elif rule.rule.startswith("/api/"):
            bodies: Mapping[str, dict[str, Any]] = {
                "refund": {"client_key": KEY, "reason": "x"},
                "review": {"line": things.line, "stars": 5},
                "ask_back_by_call": {"client_key": KEY, "line": things.line, "reason": "x"},
                "withdraw": {"line": things.line},
                "change_by_call": HOME,
            }
            yield rule.endpoint, phone.post(path, **bodies.get(rule.endpoint.split(".")[-1], {}))
        else:
            yield rule.endpoint, form(phone, path, line=things.line, stars="5")


def test_in_a_path(app: Flask, town: Town, tally: Tally) -> None:
    before = rows(but=PASSING)
    foreign = [(name, said(each, town.his)) for name, each in calls(app, town.mallory, town.his)]
    missing = [(name, said(each, NOBODYS)) for name, each in calls(app, town.mallory, NOBODYS)]
    assert len(foreign) >= 15
    for (name, there), (_, nowhere) in zip(foreign, missing, strict=True):
        assert there == nowhere, name
        assert there[0] in {404, 409}, (name, there)
    tally(len(foreign))
    assert rows(but=PASSING) == before


def test_in_a_path_by_nobody(app: Flask, town: Town) -> None:
    before = rows(but=PASSING)
    assert {each.status_code for _, each in calls(app, town.stranger, town.his)} == {401}
    assert rows(but=PASSING) == before


Ask = Callable[[Phone, Town, Things], TestResponse]


def _order(phone: Phone, town: Town, **changes: Any) -> TestResponse:
    return phone.post("/api/orders", **wish(town.mall, client_key="foreign-0123456789", **changes))


def _plans(phone: Phone, town: Town, *numbers: str) -> TestResponse:
    lines = [plan_line(town.mall, number=number) for number in numbers]
    return _order(phone, town, lines=lines, delivery="none", address=None)


# By where the foreign thing is named; each is refused like one that does not exist.
ASKS: Mapping[str, Ask] = {
    "order in the query of a slot": lambda phone, _town, named: phone.get(
        f"/visits/new?order={named.order}"
    ),
    "order in the form of a slot": lambda phone, _town, named: form(
        phone, "/visits", order=named.order, starts_at="1999999999"
    ),
    "line in the form of a review of the own order": lambda phone, town, named: form(
        phone, f"/orders/{town.hers.order}/review", line=named.line, stars="1"
    ),
    "line to be given back of the own order": lambda phone, town, named: phone.post(
        f"/api/orders/{town.hers.order}/return",
        client_key=KEY,
        line=named.line,
        reason="x",
    ),
    "line to be kept of the own order": lambda phone, town, named: phone.post(
        f"/api/orders/{town.hers.order}/return/withdraw", line=named.line
    ),
    "receipt below the own order": lambda phone, town, named: phone.get(
        f"/orders/{town.hers.order}/why/{named.receipt}"
    ),
    "counter sale in the query of the checkout": lambda phone, town, named: phone.get(
        f"/checkout?sku={town.mall.wares.phone}&counter={named.counter}"
    ),
    "counter sale in the body of an order": lambda phone, town, named: _order(
        phone, town, counter=named.counter
    ),
    "held number in the body of an order": lambda phone, town, named: _plans(
        phone, town, named.msisdn
    ),
    "held number beside the own one in one order": lambda phone, town, named: _plans(
        phone, town, town.hers.msisdn, named.msisdn
    ),
    "held number to be held": lambda phone, _town, named: phone.post(
        "/api/numbers/hold", number=named.msisdn
    ),
}


@pytest.mark.parametrize("where", ASKS)
def test_elsewhere_than_in_a_path(town: Town, where: str) -> None:
    before = rows(but=PASSING)
    there, nowhere = (
        said(ASKS[where](town.mallory, town, named), named) for named in (town.his, NOBODYS)
    )
    assert there == nowhere
    assert there[0] in {404, 409}, there
    assert rows(but=PASSING) == before


def test_a_foreign_held_number_stays_held_whoever_lets_it_go(town: Town) -> None:
    before = rows(but=PASSING)
    for number in (town.his.msisdn, NOBODYS.msisdn):
        assert town.mallory.post("/api/numbers/release", number=number).status_code == 200
    assert rows(but=PASSING) == before


def test_lists_hold_the_own_alone(town: Town) -> None:
    for path, his, hers in (
        ("/orders", town.his.order, town.hers.order),
        ("/api/orders", town.his.order, town.hers.order),
        ("/api/addresses", town.his.address, town.hers.address),
        ("/addresses", town.his.address, town.hers.address),
        ("/api/numbers", town.his.msisdn, town.hers.msisdn),
        ("/visits", town.his.booking, town.hers.booking),
    ):
        page = town.mallory.get(path).text
        assert hers in page, path
        if path != "/visits":  # whose bookings are told by small numbers
            assert his not in page, path


def test_a_foreign_client_key_is_no_way_to_a_foreign_order(town: Town) -> None:
    """Keys of a browser make its repeats one order; in somebody else's hands they mean his own."""
    his = ordered(town.bob, town.mall, client_key="bobs-own-key-0123")
    hers = ordered(town.mallory, town.mall, client_key="bobs-own-key-0123")
    assert his != hers
    assert hers not in town.bob.get("/orders").text
    assert his not in town.mallory.get("/orders").text


def test_what_lies_in_a_foreign_cart_is_ordered_by_nobody_else(town: Town) -> None:
    """`from_cart` names goods, never whose cart: a line that is not in her own is bought afresh."""
    line = wish(town.mall)["lines"][0] | {"from_cart": True}
    town.mallory.post("/api/cart/change", sku=town.mall.wares.phone, quantity=0)
    assert _order(town.mallory, town, lines=[line]).status_code == 201
    assert town.mall.wares.phone in town.bob.get("/api/cart").text
