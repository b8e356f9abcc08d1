"""Whatever a rep types: no fault, a readable word, and shown to him and his customers as it was typed."""

from collections.abc import Mapping
from html import unescape

import pytest
from flask import Flask

from tests.console.world import World
from tests.naughty import NAUGHTY, WHOLE, forms_of, packs, turned
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from tests.terminal.test_foreign import Thing, address, alice, naming_rules, thing_of, things
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


@pytest.mark.timeout(300)
def test_no_form_fails(app: Flask, alice: RepPhone, things: Mapping[str, Thing]) -> None:
    seen, wrong, token = set(), [], alice.page_token()
    for path in addresses(app, things):
        page = alice.get(path)
        assert page.status_code < 500, path
        if page.mimetype != "text/html":
            continue
        for form in forms_of(page.text, path):
            if (form.action, *form.texts) in seen:
                continue
            seen.add((form.action, *form.texts))
            for text in (*packs(), *turned(WHOLE, len(seen))):
                filled = {k: v for k, v in form.filled(text).items() if k != "csrf_token"}
                if form.method == "post":
                    status = alice.send(form.action, token, **filled).status_code
                else:
                    status = alice._send(
                        form.action, query_string=filled, headers={"User-Agent": alice.agent}
                    ).status_code
                if status >= 500:
                    wrong.append((form.action, text, status))
    assert len(seen) >= 8
    assert not wrong, wrong


def test_what_a_rep_says_is_read_as_he_typed_it(phone_of: Phones, world: World) -> None:
    phone = bound(phone_of, "Alice", world.alice_id)
    customer, token = f"/terminal/customers/{world.bob.identity_id}", phone.page_token()
    for text in (each for each in NAUGHTY if kept(each)):
        phone.send("/terminal/showroom/greeting", token, greeting=text)
        phone.send(f"{customer}/remark", token, remark=text[:20])
        phone.send(f"{customer}/notes", token, text=text)
        assert kept(text) in unescape(phone.get(f"/r/{world.alice_number}").text)
        page = unescape(phone.get(customer).text)
        assert kept(text[:20]) in page
        assert kept(text).split(" ")[0] in page
