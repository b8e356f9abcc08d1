"""What is Alice's or her outlet's, named by a colleague, by reps elsewhere, by a customer, by nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import count

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from fulfilment.bookings import book
from fulfilment.nodes import Node
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from tests.conftest import Tally
from tests.console.owned import quiet_statement
from tests.console.world import World
from tests.drawn import without_tokens
from tests.org.cast import hire
from tests.rows import rows
from tests.terminal.conftest import Phones, bound
from tests.terminal.desk import code_of, ordered, packed, task_of
from tests.terminal.phone import RepPhone
from tests.terminal.test_counter import offered
from tests.terminal.test_money import waiting_payout
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.clock import business_on
from wx_backend.db import retried, transaction

PASSING = ("visitor",)
NOTHING = {"name": "0" * 32 + ".jpg", "number": "NOBODY"}
EVERYBODYS = {"terminal.shares.what"}
FORM = {
    "said": "已接通",
    "check": "imei",
    "value": "490154203237518",
    "carrier": "SF",
    "waybill": "SF12345678",
    "reason": "缺货",
    "remark": "我的",
    "text": "我的",
    "visit_on": (business_on(clock.now()) + timedelta(days=1)).isoformat(),
}


class Whose(StrEnum):
    """Who reaches an object: the rep alone, or everybody of his outlet."""

    REP = "rep"
    OUTLET = "outlet"


@dataclass(frozen=True, slots=True)
class Thing:
    whose: Whose
    named: Mapping[str, object]


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


@pytest.fixture
def things(alice: RepPhone, world: World) -> Mapping[str, Thing]:
    """One of everything that the terminal's routes name, by endpoint or blueprint."""
    order_id = ordered(world, world.bob, key="pickup-1")
    now = clock.now()
    starts_at = (now + timedelta(days=1)).replace(hour=1, minute=0, second=0, microsecond=0)
    booking = retried(
        lambda: (
            book(
                outlet_id=world.tree.hall,
                member_id=world.bob.member_id,
                order_id=order_id,
                starts_at=starts_at,
                now=now,
            ).id
        )
    )
    with transaction():
        share = open_share(
            sharer=Sharer(rep_id=world.alice_id),
            sharing=Sharing(subject=Subject.SHOWROOM, place=Place.QQ),
            now=now,
        ).id
    statement = quiet_statement(
        world.alice_id,
        number="ST260131ALICE",
        rep_number=world.alice_number,
        outlet_id=world.tree.hall,
    )
    task = Thing(Whose.OUTLET, {"task_id": task_of(order_id, Node.PACKED).id})
    return {
        "bookings": Thing(Whose.OUTLET, {"booking_id": booking}),
        "counter": Thing(Whose.REP, {"offer_id": offered(alice, world)}),
        "customers": Thing(Whose.REP, {"customer": world.bob.identity_id}),
        "payouts": Thing(Whose.REP, {"number": waiting_payout(world)}),
        "pictures": task,
        "terminal.sales.order": Thing(Whose.REP, {"number": world.southern.number}),
        "terminal.sales.receipt": Thing(Whose.REP, {"number": world.southern.receipt}),
        "shares": Thing(Whose.REP, {"share": share}),
        "statements": Thing(Whose.REP, {"number": statement}),
        "tasks": task,
    }


def naming_rules(app: Flask) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        is_terminal = rule.endpoint.startswith("terminal.") and rule.endpoint not in EVERYBODYS
        if is_terminal and TABLE[rule.endpoint].caller is Caller.REP and rule.arguments:
            yield rule


def thing_of(rule: Rule, things: Mapping[str, Thing]) -> Thing | None:
    return things.get(rule.endpoint) or things.get(rule.endpoint.split(".")[1])


def address(app: Flask, rule: Rule, named: Mapping[str, object]) -> str:
    values = {
        name: named.get(name, 0 if f"<int:{name}>" in rule.rule else NOTHING[name])
        for name in rule.arguments
    }
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def asked(app: Flask, phone: RepPhone, rule: Rule, named: Mapping[str, object]) -> TestResponse:
    path = address(app, rule, named)
    if "GET" in (rule.methods or ()):
        return phone.get(path)
    return phone.post(path) if rule.rule.startswith("/api/") else phone.send(path, **FORM)


def test_there_is_one_of_everything_that_a_route_names(
    app: Flask, things: Mapping[str, Thing]
) -> None:
    without = [each.endpoint for each in naming_rules(app) if thing_of(each, things) is None]
    assert not without, without


@pytest.mark.parametrize("who", ["colleague", "sibling", "other province"])
def test_foreign_is_answered_like_missing_and_changes_nothing(
    app: Flask, things: Mapping[str, Thing], phone_of: Phones, world: World, who: str, tally: Tally
) -> None:
    tried = count()
    rep_id = {
        "colleague": lambda: hire(world.tree.hall, "卡罗尔"),
        "sibling": lambda: hire(world.tree.corner, "戴夫"),
        "other province": lambda: world.nils_id,
    }[who]()
    phone, wrong = bound(phone_of, "Mallory", rep_id), []
    before = rows(but=PASSING)
    for rule in naming_rules(app):
        thing = thing_of(rule, things)
        assert thing
        if who == "colleague" and thing.whose is Whose.OUTLET:
            continue
        next(tried)
        there, nowhere = (
            (answer.status_code, answer.text)
            for answer in (asked(app, phone, rule, named) for named in (thing.named, {}))
        )
        if there != nowhere or there[0] != 404:
            wrong.append((rule.endpoint, there, nowhere))
    tally(next(tried))
    assert not wrong, wrong
    assert rows(but=PASSING) == before


def test_whose_it_is_finds_it(
    app: Flask, things: Mapping[str, Thing], alice: RepPhone, phone_of: Phones, world: World
) -> None:
    carol = bound(phone_of, "Dave", hire(world.tree.hall, "卡罗尔"))
    for rule in naming_rules(app):
        thing = thing_of(rule, things)
        assert thing
        if "GET" not in (rule.methods or ()) or not rule.arguments <= {*thing.named}:
            continue
        for phone in [alice, carol][: 1 + (thing.whose is Whose.OUTLET)]:
            answer = asked(app, phone, rule, thing.named)
            is_undrawn = rule.endpoint == "terminal.shares.picture"
            assert answer.status_code == (404 if is_undrawn else 200), rule.endpoint


def test_whoever_is_no_rep_gets_nowhere(
    app: Flask, things: Mapping[str, Thing], phone_of: Phones
) -> None:
    customer, nobody = phone_of("Mallory"), app.test_client()
    before = rows(but=PASSING)
    for rule in naming_rules(app):
        thing = thing_of(rule, things)
        assert thing
        answer = asked(app, customer, rule, thing.named)
        assert answer.status_code in {302, 403}, rule.endpoint
        assert answer.headers.get("Location", "/terminal/bind") == "/terminal/bind", rule.endpoint
        path, is_read = address(app, rule, thing.named), "GET" in (rule.methods or ())
        seen = nobody.open(path, method="GET" if is_read else "POST")
        assert seen.status_code in {400, 401}, rule.endpoint  # 400: a form without its token
    assert rows(but=PASSING) == before


def test_a_code_of_another_outlet_is_answered_like_a_wrong_one(
    alice: RepPhone, phone_of: Phones, world: World
) -> None:
    order_id = ordered(world, world.bob, key="pickup-1")
    packed(alice, order_id)
    code = code_of(order_id)
    other = f"{(int(code) + 1) % 10**8:08d}"
    nils = bound(phone_of, "Mallory", world.nils_id)
    for path in ("/terminal/pickup", "/terminal/pickup/done"):
        there, nowhere = (nils.send(path, code=each) for each in (code, other))
        assert there.status_code == nowhere.status_code == 422
        assert without_tokens(there.text) == without_tokens(nowhere.text)
    assert code_of(order_id) == code
