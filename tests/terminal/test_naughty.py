"""Whatever a rep types: no fault, a readable word, and shown to him and his customers as it was typed."""

from collections.abc import Mapping
from html import unescape

import pytest
from flask import Flask

from tests.console.world import World
from tests.naughty import NAUGHTY, Form, Slice
from tests.sweeping import Sweep, posts, written_forms
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from tests.terminal.test_foreign import FORM, Thing, address, alice, naming_rules, thing_of, things
from wx_backend.access import TABLE, Caller
from wx_backend.words import printable

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


@pytest.mark.timeout(300)
def test_no_form_fails(
    app: Flask, alice: RepPhone, things: Mapping[str, Thing], portion: Slice
) -> None:
    """Neither on any page, nor of those that stand there in a certain state."""
    token, written = alice.page_token(), written_forms("terminal")

    def send(form: Form, text: str) -> int:
        filled = {k: v for k, v in form.filled(text).items() if k != "csrf_token"}
        if form.method == "post":
            return alice.send(form.action, token, **filled).status_code
        headers = {"User-Agent": alice.agent}
        return alice._send(form.action, query_string=filled, headers=headers).status_code

    sweep = Sweep(app, send, portion)
    for path in addresses(app, things):
        page = alice.get(path)
        assert page.status_code < 500, path
        if page.mimetype == "text/html":
            sweep.page(page.text, path)
    for endpoint in sorted(posts(app, "terminal") - sweep.met - BUTTONS):
        typed = written.get(endpoint, written.get(f".{endpoint.rpartition('.')[2]}"))
        assert typed is not None, f"{endpoint}: name it in BUTTONS if nothing is typed there"
        thing = things.get(endpoint.split(".")[1])
        if typed:
            sweep.hidden(endpoint, thing.named if thing else {}, sorted(typed), **FORM)
    assert sweep.sent >= 30
    assert not sweep.wrong, (str(portion), sweep.wrong)


def test_what_a_rep_says_is_read_as_he_typed_it(
    phone_of: Phones, world: World, portion: Slice
) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    customer, token = f"/terminal/customers/{world.bob.identity_id}", phone.page_token()
    for text in portion.share([each for each in NAUGHTY if kept(each)], "notes"):
        phone.send("/terminal/showroom/greeting", token, greeting=text)
        phone.send(f"{customer}/remark", token, remark=text[:20])
        phone.send(f"{customer}/notes", token, text=text)
        assert kept(text) in unescape(phone.get(f"/r/{world.alice_number}").text)
        page = unescape(phone.get(customer).text)
        assert kept(text[:20]) in page
        assert kept(text).split(" ")[0] in page
