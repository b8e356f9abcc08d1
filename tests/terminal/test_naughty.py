"""Whatever a rep types: no fault, a readable word, and shown to him and his customers as it was typed."""

from collections.abc import Mapping
from datetime import timedelta
from html import unescape
from itertools import count
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from fulfilment.models import PickupGuard
from fulfilment.nodes import Node
from orders.models import Delivery
from org.invites import create_invite
from org.queries import rep_card
from tests.console.world import World
from tests.naughty import NAUGHTY, Form, Slice
from tests.needs import Needs
from tests.org.cast import hire
from tests.sweeping import Ready, Send, Sweep
from tests.terminal.conftest import Phones, bound
from tests.terminal.desk import IMEI, OTHER_IMEI, code_of, ordered, packed, task_of
from tests.terminal.phone import RepPhone
from tests.terminal.test_foreign import Thing, address, alice, naming_rules, thing_of, things
from tests.written import posts, written_forms
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.clock import business_on
from wx_backend.db import transaction
from wx_backend.words import one_line, printable

__all__ = ["alice", "things"]


def kept(text: str) -> str:
    """What a field of one line keeps of a text."""
    return printable(text).strip()


def addresses(app: Flask, things: Mapping[str, Thing]) -> list[str]:
    """Every page of a rep."""
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("terminal.")
        and TABLE[rule.endpoint].caller is Caller.REP
        and not rule.arguments
        and "GET" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
    ]
    named = [
        address(app, rule, thing.named)
        for rule in naming_rules(app)
        if (thing := thing_of(rule, things)) is not None
        and "GET" in (rule.methods or ())
        and not rule.rule.startswith("/api/")
    ]
    return [*plain, *named, "/terminal/share/moments"]


# Forms that another file writes out for their page: pressed, scanned or chosen; nothing is typed.
BUTTONS = {"terminal.shares.create"}
# What a rep writes about a customer is sealed: `test_what_a_rep_says_is_read_as_he_typed_it` reads it again.
SEALED = {"terminal.customers.note text", "terminal.customers.remark remark"}
NEEDS = Needs(
    sound={"value": IMEI, "waybill": "SF12345678"},
    day=(business_on(clock.now()) + timedelta(days=1)).isoformat(),
)


def sender(phone: RepPhone) -> Send:
    """Sends forms from a phone, or as a program does."""
    token = phone.page_token()

    def send(form: Form, filled: Mapping[str, str], is_told: bool) -> TestResponse:
        if form.method == "get":
            return phone.get(f"{form.action}?{urlencode(filled)}")
        sent = {name: value for name, value in filled.items() if name != "csrf_token"}
        return (phone.ask if is_told else phone.send)(form.action, token, **sent)

    return send


@pytest.fixture
def stands(alice: RepPhone, world: World) -> Mapping[str, Ready]:
    """Forms of a certain state by endpoint: an invitation, and orders as far as each asks for."""
    numbers = count(1)

    def invited() -> tuple[Mapping[str, object], Mapping[str, str]]:
        rep_id = hire(world.tree.hall, f"新人{next(numbers)}")
        with transaction():
            code = create_invite(rep_id=rep_id, now=clock.now())
            return {}, {"number": rep_card(rep_id).number, "code": code}

    scanning = ordered(world, world.nora, key="scanned")
    alice.send(f"/terminal/tasks/{task_of(scanning, Node.PACKED).id}/accept")
    sending = ordered(world, world.bob, key="sent", delivery=Delivery.COURIER)
    packed(alice, sending, OTHER_IMEI)
    fetched = ordered(world, world.bob, key="fetched")
    packed(alice, fetched, "352099001761481")
    code = code_of(fetched)

    def unguarded() -> tuple[Mapping[str, object], Mapping[str, str]]:
        with transaction() as session:
            session.execute(update(PickupGuard).values(failed=0))
        return {}, {"code": code}

    task_id, sent_id = task_of(scanning, Node.PACKED).id, task_of(sending, Node.HANDED_OVER).id
    alice.send(f"/terminal/tasks/{sent_id}/accept")
    return {
        "terminal.binding.bind": invited,
        "terminal.pickup.look": unguarded,
        "terminal.tasks.hand_over": lambda: ({"task_id": sent_id}, {"carrier": "SF"}),
        "terminal.tasks.serial": lambda: ({"task_id": task_id}, {}),
    }


@pytest.mark.timeout(300)
def test_every_field_bears_whatever_is_typed(
    app: Flask,
    alice: RepPhone,
    phone_of: Phones,
    things: Mapping[str, Thing],
    stands: Mapping[str, Ready],
    portion: Slice,
) -> None:
    """On every page, and of a certain state by itself; becoming a rep by somebody who is none yet."""
    written, newcomer = written_forms("terminal"), phone_of("Mallory")
    by_code = ["terminal.pickup.look"]  # which is tried so many times only
    sweep = Sweep(app, sender(alice), alice.get, portion, needs=NEEDS, left_out=by_code)
    other = Sweep(app, sender(newcomer), newcomer.get, portion)
    listed = addresses(app, things)
    for path in listed:
        sweep.page(path)
    for endpoint in sorted(posts(app, "terminal") - BUTTONS):
        typed = written.get(endpoint)
        assert typed is not None, f"{endpoint}: name it in BUTTONS if nothing is typed there"
        if typed and endpoint in stands:
            by = other if endpoint == "terminal.binding.bind" else sweep
            by.hidden(endpoint, sorted(typed), stands[endpoint])
    for path in listed:
        sweep.look(path)
    assert sweep.sent >= 30
    assert not [*sweep.wrong, *other.wrong], (str(portion), sweep.wrong, other.wrong)
    typed_in = {name for name in posts(app, "terminal") if written.get(name)}
    assert {*sweep.fields, *other.fields} == typed_in
    for each in (sweep, other):
        assert (each.refused(), each.lacking({})) == ({}, {})
        assert each.lost() <= SEALED


def test_what_a_rep_says_is_read_as_he_typed_it(
    phone_of: Phones, world: World, portion: Slice
) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    customer, token = f"/terminal/customers/{world.bob.identity_id}", phone.page_token()
    for text in portion.share([each for each in NAUGHTY if kept(each)], "notes"):
        phone.send("/terminal/showroom/greeting", token, greeting=text)
        phone.send(f"{customer}/remark", token, remark=text[:20])
        phone.send(f"{customer}/notes", token, text=text)
        assert one_line(text).strip() in unescape(phone.get(f"/r/{world.alice_number}").text)
        page = unescape(phone.get(customer).text)
        assert kept(text[:20]) in page
        assert kept(text).split(" ")[0] in page
