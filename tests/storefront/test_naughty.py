"""Whatever is typed in the mall, into forms and JSON: no fault, a readable word, and kept as it was typed."""

from html import unescape
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from catalog.stock_by_hand import receive_stock
from orders.models import SalesOrder
from storefront.openapi_calls import CALLS
from storefront.openapi_examples import EXAMPLES
from tests.catalog.shelf import NOON
from tests.naughty import BIG_LIST, NAUGHTY, Form, Slice, packs
from tests.storefront.conftest import Mall, Phones
from tests.storefront.phone import Phone
from tests.storefront.test_arrival import form
from tests.storefront.test_contact import HOME, press
from tests.storefront.test_foreign import Things, town
from tests.storefront.test_impostors import config
from tests.storefront.test_orders import ordered
from tests.sweeping import Sweep, posts
from wx_backend.db import db, transaction

__all__ = ["config", "town"]
SIZES = (500, 200, 120, 64, 60, 32, 30, 24)
"""How much the texts of calls take."""
TYPED = [each for each in NAUGHTY if each.strip() and each == each.strip()]


@pytest.fixture
def bob(mall: Mall, phone_of: Phones) -> Phone:
    phone = phone_of("Bob")
    phone.open(mall.link(mall.alice_id, mall.product))
    return phone


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
    path = call.path.replace("{number}", example.number)
    for text in (*packs(), *NAUGHTY[::7], "长" * 2_000):
        for body in replaced(example.request, text):
            answer = bob.post(path, token, **body)
            assert answer.status_code < 500, (text, body)
            if answer.status_code >= 400:
                message = answer.get_json()["error"]["message"]
                assert not message.isascii(), (text, message)


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
    path = call.path.replace("{number}", example.number)
    for place in range(len(replaced(example.request, ""))):

        def body(text: str, place: int = place) -> Any:
            return replaced(example.request, text)[place]

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
    *("storefront.visits.book", "storefront.visits.cancel"),
}


def test_no_form_fails(app: Flask, town: Any, portion: Slice) -> None:
    his: Things = town.his
    bob: Phone = town.bob
    token = bob.page_token()

    def send(form: Form, text: str) -> int:
        filled = {k: v for k, v in form.filled(text).items() if k != "csrf_token"}
        if form.method == "post":
            return press(bob, form.action, **filled, csrf_token=token).status_code
        return bob.get(f"{form.action}?{urlencode(filled)}").status_code

    sweep = Sweep(app, send, portion)
    for path in (
        *("/", "/search", "/addresses", "/phone", "/cart", "/visits/new?outlet=O1"),
        *(f"/orders/{his.order}", f"/addresses?edit={his.address}"),
    ):
        sweep.page(bob.get(path).text, path)
    sweep.hidden("storefront.arrival.review", {"number": his.order}, ["text"], line=his.line)
    assert not sweep.wrong, (str(portion), sweep.wrong)
    assert {"storefront.mall.search", "storefront.addresses.add"} <= sweep.met
    unknown = posts(app, "storefront") - sweep.met - BUTTONS
    assert not unknown, "sweep them, or name them in BUTTONS if nothing is typed there"


def test_an_address_is_kept_exactly_or_refused(bob: Phone, portion: Slice) -> None:
    token = bob.page_token()
    for text in portion.share(TYPED, "address"):
        for name, most in (("name", 30), ("street", 120)):
            answer = bob.post("/api/addresses", token, **{**HOME, name: text})
            if answer.status_code == 201:
                shown = bob.get("/api/addresses").get_json()["addresses"]
                assert text in [entry[name] for entry in shown]
                assert text in unescape(bob.get("/addresses").text)
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
