"""Whatever is typed in the mall, into forms and JSON: no fault, a readable word, and kept as it was typed."""

from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from catalog.stock_by_hand import receive_stock
from fulfilment.models import Review
from orders.models import OrderLine, SalesOrder
from storefront.openapi_calls import CALLS
from storefront.openapi_examples import EXAMPLES
from tests.catalog.shelf import NOON
from tests.naughty import BIG_LIST, NAUGHTY, Form, Slice, packs
from tests.needs import Needs
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_arrival import form, paid, send
from tests.storefront.test_contact import HOME, press
from tests.storefront.test_foreign import Things, town
from tests.storefront.test_impostors import config
from tests.storefront.test_orders import ordered
from tests.sweeping import Ready, Send, Sweep
from tests.written import posts
from wx_backend.db import db, transaction

__all__ = ["config", "town"]
SIZES = (500, 200, 120, 64, 60, 32, 30, 24)
"""How much the texts of calls take."""
UNSTORABLE = ("a\0b", "\ud800")
TYPED = [each for each in NAUGHTY if each.strip() and each == each.strip()]


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


def whole(schema: Schema, example: Mapping[str, Any]) -> dict[str, Any]:
    """The example of a call with every text its schema takes, those too that may be left out."""
    found = dict(example)
    for name, taken in schema.fields.items():
        if isinstance(taken, fields.Nested):
            found[name] = whole(taken.schema, example[name])
        elif isinstance(taken, fields.List) and isinstance(taken.inner, fields.Nested):
            found[name] = [whole(taken.inner.schema, each) for each in example[name]]
        elif isinstance(taken, fields.Str):
            found.setdefault(name, "")
    return found


def names_in(example: Any) -> list[str]:
    """The names of its texts, in the order of `replaced`; those of a list have its name."""
    found = list[str]()
    for key, value in example.items():
        below = value[0] if isinstance(value, list) and value else value
        found += (
            [key] if isinstance(below, str) else names_in(below) if isinstance(below, dict) else []
        )
    return found


def replaced(example: Any, text: str) -> list[Any]:
    """The example with this text in the place of each of its texts, one at a time."""
    if isinstance(example, str):
        return [text]
    if isinstance(example, dict):
        return [
            {**example, key: other}
            for key, value in example.items()
            for other in replaced(value, text)
        ]
    if isinstance(example, list) and example:
        return [[other, *example[1:]] for other in replaced(example[0], text)]
    return []


@pytest.mark.parametrize(
    "call", [each for each in CALLS if each.takes is not None], ids=lambda call: call.endpoint
)
def test_no_call_fails_whatever_is_in_it(bob: Phone, mall: Mall, call: Any) -> None:
    assert mall
    example, token = EXAMPLES[call.endpoint], bob.page_token()
    asked = whole(call.takes(), example.request)
    path, names = call.path.replace("{number}", example.number), names_in(asked)
    met = set[str]()
    for text in (*packs(), *NAUGHTY[::7], *UNSTORABLE, "长" * 2_000):
        for name, body in zip(names, replaced(asked, text), strict=True):
            answer = bob.post(path, token, **body)
            assert answer.status_code < 500, (text, body)
            if answer.status_code >= 400:
                error = answer.get_json()["error"]
                assert not error["message"].isascii(), (text, error)
                met |= {name} & {*error.get("details", {}).get("fields", ())}
            else:
                met.add(name)
    assert met == {*names}, "each is taken, or named by a refusal"


@pytest.mark.parametrize(
    "call", [each for each in CALLS if each.takes is not None], ids=lambda call: call.endpoint
)
def test_every_text_of_a_call_meets_the_whole_list(
    bob: Phone, mall: Mall, call: Any, portion: Slice
) -> None:
    """Each by itself where it is read, and what is taken there, as much at a time as it takes, to the end.

    Sent is this run's share of them.
    """
    assert mall
    example, schema, token = EXAMPLES[call.endpoint], call.takes(), bob.page_token()
    path, asked = call.path.replace("{number}", example.number), whole(schema, example.request)
    for place in range(len(names_in(asked))):

        def body(text: str, place: int = place) -> Any:
            return replaced(asked, text)[place]

        read = [each for each in BIG_LIST if not schema.validate(body(each))]
        most = next((size for size in SIZES if not schema.validate(body("长" * size))), 0)
        for text in portion.share(
            [*packs(read, size=most)] if most else read, f"{call.endpoint} {place}"
        ):
            status = bob.post(path, token, **body(text)).status_code
            assert status < 500, (text, status)


def test_no_query_and_no_address_fails(bob: Phone, mall: Mall, portion: Slice) -> None:
    assert mall
    queries = (
        *("/search?q=", "/api/products?q=", "/api/promise?sku=", "/api/numbers?ending="),
        *("/api/banners?rep=", "/api/banners?place="),
    )
    names = ("/p/", "/r/", "/c/", "/s/", "/l/", "/outlet/", "/orders/", "/counter/", "/b/")
    for path in (*queries, *names):
        for text in portion.of(path):
            asked = path + quote(text, safe="/" if path in queries else "")
            assert bob.get(asked).status_code < 500, (str(portion), asked)


# Nothing is typed into these: they are pressed, and name what they are pressed for.
BUTTONS = {
    *("storefront.addresses.prefer", "storefront.addresses.drop", "storefront.counter.confirm"),
    *("storefront.phone.join_by_form", "storefront.sign_in.end", "storefront.arrival.sign"),
    *("storefront.visits.book", "storefront.visits.cancel", "storefront.cart.change_by_form"),
}
# Of a book of addresses, which is sealed: `test_an_address_is_kept_exactly_or_refused` reads it again.
SEALED = {
    f"storefront.addresses.{verb} {name}"
    for verb in ("add", "change")
    for name in ("name", "region", "street")
}


def sender(phone: Phone) -> Send:
    """Sends forms from a phone."""
    token = phone.page_token()

    def send(form: Form, filled: Mapping[str, str], is_told: bool) -> TestResponse:
        assert is_told in {
            True,
            False,
        }  # the forms of the mall name the fields at fault by themselves
        if form.method == "get":
            return phone.get(f"{form.action}?{urlencode(filled)}")
        sent = {name: value for name, value in filled.items() if name != "csrf_token"}
        return press(phone, form.action, **sent, csrf_token=token)

    return send


@pytest.fixture
def arrived(town: Any, wechat: Stage) -> Ready:
    """The form of a review whenever nothing has been said yet of what Bob has got and signed for."""
    number = paid(town.bob, town.mall, wechat, client_key="naughty-0123456789")
    send()
    assert form(town.bob, f"/orders/{number}/sign").status_code == 302
    line = select(OrderLine.id).join(SalesOrder, SalesOrder.id == OrderLine.order_id)

    def unsaid() -> tuple[Mapping[str, object], Mapping[str, str]]:
        with transaction() as session:
            session.execute(delete(Review))
            line_id = session.scalars(line.where(SalesOrder.number == number)).one()
            return {"number": number}, {"line": str(line_id), "stars": "5"}

    return unsaid


def test_every_field_bears_whatever_is_typed(
    app: Flask, town: Any, arrived: Ready, portion: Slice
) -> None:
    his: Things = town.his
    bob: Phone = town.bob
    needs = Needs(sound={"phone": "13800138000"})
    sweep = Sweep(app, sender(bob), bob.get, portion, needs=needs)
    listed = (
        *("/", "/search", "/addresses", "/phone", "/cart", "/visits/new?outlet=O1"),
        *(f"/orders/{his.order}", f"/addresses?edit={his.address}"),
    )
    for path in listed:
        sweep.page(path)
    sweep.hidden("storefront.arrival.review", ["text"], arrived)
    for path in listed:
        sweep.look(path)
    assert not sweep.wrong, (str(portion), sweep.wrong)
    typed_in = {"storefront.addresses.add", "storefront.addresses.change"}
    assert {*sweep.fields} == typed_in | {"storefront.arrival.review"}
    assert (sweep.refused(), sweep.lacking({})) == ({}, {})
    assert sweep.lost() <= SEALED
    unknown = posts(app, "storefront") - {*sweep.fields} - BUTTONS
    assert not unknown, "sweep them, or name them in BUTTONS if nothing is typed there"


def test_an_address_is_kept_exactly_or_refused(bob: Phone, portion: Slice) -> None:
    token = bob.page_token()
    for text in portion.share(TYPED, "address"):
        for name, most in (("name", 30), ("region", 60), ("street", 120)):
            answer = bob.post("/api/addresses", token, **{**HOME, name: text})
            if answer.status_code == 201:
                shown = bob.get("/api/addresses").get_json()["addresses"]
                kept = " ".join(text.split()) if name == "region" else text  # of three parts
                assert kept in [entry[name] for entry in shown]
                assert kept in unescape(bob.get("/addresses").text)
                number = answer.get_json()["number"]
                assert bob.post(f"/api/addresses/{number}/drop", token).status_code < 300
            else:
                assert answer.status_code == 400, text
                assert len(text) > most or any(ord(each) < 32 or ord(each) == 127 for each in text)


def test_who_receives_is_shown_as_typed(bob: Phone, mall: Mall) -> None:
    numbers = list[str]()
    with transaction():
        receive_stock(sku_id=mall.wares.phone_id, quantity=50, actor="staff:1", now=NOON)
    for text in (each for each in TYPED[::3] if len(each) <= 30 and each.isprintable()):
        key = f"naughty-{len(numbers):016d}"
        numbers.append(ordered(bob, mall, contact_name=text, client_key=key))
        assert text in unescape(bob.get(f"/orders/{numbers[-1]}").text)
        assert form(bob, f"/orders/{numbers[-1]}/sign").status_code < 500
    db.session.rollback()
    made = db.session.scalars(select(SalesOrder.number).order_by(SalesOrder.id))
    assert made.all() == numbers
