"""Every route against every kind of caller, generated from the table of who may call what."""

from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from org.invites import bind_rep
from org.models import Role, Tier
from tests.conftest import Tally
from tests.console.desk import Desk
from tests.console.world import STAFF, Person, World, known
from wx_backend import clock
from wx_backend.access import TABLE, Access, Caller, Scope
from wx_backend.db import transaction

GATED = {Caller.MEMBER, Caller.REP, Caller.STAFF}
LOGINS = ("root", "manager", "marketer", "finance", "clerk", "city", "head", "till")
TIERS = {"group": Tier.GROUP, "south": Tier.PROVINCE, "canton": Tier.CITY, "hall": Tier.OUTLET}
SIGN_INS = ("/console/login", "/login", "/terminal/bind")


@dataclass(frozen=True, slots=True)
class Guest:
    """A kind of caller: what he is, and his browser."""

    name: str
    callers: frozenset[Caller]
    role: Role | None
    browser: FlaskClient
    tier: Tier | None = None


@pytest.fixture
def guests(app: Flask, world: World) -> list[Guest]:
    """Nobody, a member, a rep, and staff of every role."""
    nobody = Guest("nobody", frozenset(), None, app.test_client())
    member = Guest("member", frozenset({Caller.MEMBER}), None, signed_in(app, world.bob))
    alice = known("Alice")
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=alice.member_id, now=clock.now())
    both = frozenset({Caller.MEMBER, Caller.REP})
    rep = Guest("rep", both, None, signed_in(app, alice))
    return [nobody, member, rep, *(staff_guest(app, login) for login in LOGINS)]


def signed_in(app: Flask, person: Person) -> FlaskClient:
    """A browser with a member's session."""
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["identity"] = person.identity_id
        session["signed_in_at"] = int(clock.now().timestamp())
    return browser


def staff_guest(app: Flask, login: str) -> Guest:
    desk = Desk(app)
    assert desk.sign_in(login).status_code == 302
    role, place = STAFF[login]
    return Guest(login, frozenset({Caller.STAFF}), role, desk.browser, TIERS[place])


def calls(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every gated endpoint with a method and an address; what would end a binding comes last."""
    rules = sorted(
        app.url_map.iter_rules(), key=lambda rule: ("unbind" in rule.endpoint, rule.rule)
    )
    for rule in rules:
        if TABLE[rule.endpoint].caller in GATED:
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield rule.endpoint, method, address(app, rule)


def address(app: Flask, rule: Rule) -> str:
    """The rule's address with arguments that name nothing."""
    is_number = {name: f"<int:{name}>" in rule.rule for name in rule.arguments}
    values = {name: 0 if is_number[name] else "NOBODY" for name in rule.arguments}
    return str(app.url_map.bind("localhost").build(rule.endpoint, values))


def call(guest: Guest, method: str, path: str, token: str) -> TestResponse:
    headers = {"X-CSRFToken": token, "Accept": "text/html"}
    return Context().run(guest.browser.open, path, method=method, headers=headers)


def is_allowed(row: Access, guest: Guest) -> bool:
    """What the table says."""
    if row.caller not in guest.callers:
        return False
    if row.scope is Scope.ALL and guest.name != "root":
        return False
    return not row.roles or row.admits(str(guest.role), str(guest.tier))


def is_said_by_root(guest: Guest, row: Access) -> bool:
    """Whether the answer is that of any other staff: what is not theirs knows no role or tier."""
    return guest.role is not None and guest.name != "root" and row.caller is not Caller.STAFF


def is_refused(answer: TestResponse) -> bool:
    """What the service did: sent away or turned down."""
    goes_to = answer.headers.get("Location", "").partition("?")[0]
    is_unbound = answer.request.path == "/terminal/unbind"  # which leads to the binding's page
    is_sent_away = goes_to in SIGN_INS and not is_unbound
    return answer.status_code in {401, 403} or is_sent_away


@pytest.mark.timeout(300)
def test_every_route_lets_in_whom_the_table_names_and_nobody_else(
    app: Flask, guests: list[Guest], tally: Tally
) -> None:
    wrong, tried = [], count()
    for guest in guests:
        desk = Desk(app, guest.browser)
        token = desk.token()
        for endpoint, method, path in calls(app):
            if is_said_by_root(guest, TABLE[endpoint]):
                continue
            answer = call(guest, method, path, token)
            next(tried)
            allowed = is_allowed(TABLE[endpoint], guest)
            if answer.status_code >= 500 or is_refused(answer) == allowed:
                wrong.append((guest.name, endpoint, method, answer.status_code))
    tally(next(tried))
    assert not wrong, wrong


def test_no_form_works_without_its_token(app: Flask, guests: list[Guest], tally: Tally) -> None:
    wrong, tried = [], count()
    for guest in guests:
        for endpoint, method, path in calls(app):
            if method == "POST" and is_allowed(TABLE[endpoint], guest):
                answer = call(guest, method, path, token="forged")
                next(tried)
                if answer.status_code != 400:
                    wrong.append((guest.name, endpoint, answer.status_code))
    tally(next(tried))
    assert not wrong, wrong


def test_every_role_stands_in_the_table() -> None:
    named = {role for row in TABLE.values() for role in row.roles}
    assert named == set(Role)
