"""Every member's route of the mall, taken from the table itself, against people who are nobody."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.routing import Rule

from members.erasure import erase_member
from tests.conftest import Tally
from tests.storefront.conftest import Phones
from tests.storefront.phone import DESKTOP, Phone
from wx_backend import access, clock
from wx_backend.access import Caller
from wx_backend.db import db, transaction


def members_rules(app: Flask) -> list[Rule]:
    return [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("storefront.")
        and access.TABLE[rule.endpoint].caller is Caller.MEMBER
    ]


def ask(phone: Phone, rule: Rule) -> int:
    """Call a route with made-up numbers; the status."""
    path = re.sub(r"<(int:)?[^>]*>", lambda named: "0" if named[1] else "OD000000", rule.rule)
    if "GET" in (rule.methods or ()):
        return phone.get(path).status_code
    return phone.post(path).status_code


@pytest.mark.usefixtures("mall")
def test_a_strangers_browser_gets_into_no_members_route(
    app: Flask, phone_of: Phones, tally: Tally
) -> None:
    rules = members_rules(app)
    assert len(rules) >= 8
    assert {ask(phone_of("Bob", DESKTOP), rule) for rule in rules} == {401}
    tally(len(rules))


@pytest.mark.usefixtures("mall")
def test_in_wechat_pages_lead_to_the_sign_in_and_forms_and_calls_are_refused(
    app: Flask, phone_of: Phones
) -> None:
    for rule in members_rules(app):
        is_page = "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        assert ask(phone_of("Bob"), rule) == (302 if is_page else 401), rule


@pytest.mark.usefixtures("mall")
def test_a_member_whose_data_was_erased_is_signed_out(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    assert phone.get("/orders").status_code == 200
    db.session.rollback()
    with transaction():
        erase_member(member_id=1, now=clock.now())
    assert phone.get("/orders").status_code == 302


@pytest.mark.usefixtures("mall")
def test_a_cookie_that_was_tampered_with_is_nobodys(phone_of: Phones) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    assert phone.tampered("/orders").status_code == 302


@pytest.mark.usefixtures("mall")
def test_a_session_ends_after_thirty_days(
    phone_of: Phones, pass_time: Callable[[float], None]
) -> None:
    phone = phone_of("Bob")
    phone.sign_in()
    pass_time(29 * 86_400)
    assert phone.get("/orders").status_code == 200
    pass_time(30 * 86_400 + 1)
    assert phone.get("/orders").status_code == 302
