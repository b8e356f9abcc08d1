"""Whatever is typed into any form of the console: no fault, a readable word, and shown as it was typed."""

import csv
from collections.abc import Mapping
from html import unescape
from io import StringIO

import pytest
from flask import Flask
from sqlalchemy import select

from fulfilment.models import Chain, Review
from menus.models import ReplyRule
from menus.operations import set_rule
from menus.rules import ReplyKind, Rule, Trigger
from orders.models import OrderLine
from org.reps import set_greeting
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.every_page import pages, shown_on_pages
from tests.console.owned import Named
from tests.console.test_foreign import FORM
from tests.console.test_refunds import config  # noqa: F401 - a fixture
from tests.console.world import APPID, World
from tests.naughty import ALL, EVERY, NAUGHTY, Form, Slice
from tests.sweeping import Send, Sweep, posts, written_forms
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.words import printable

NAME_MAX = 40
# What would end the very session that types, or lock its account: somebody else types there.
OWN = {
    *("console.account.new_password", "console.account.begin_factor", "console.account.codes"),
    *("console.account.confirm_factor", "console.account.drop", "console.account.end"),
    *("console.account.end_others", "console.sign_in.enter", "console.sign_in.enter_code"),
    "console.sign_in.leave",
}
# Forms of a certain state that no template writes out with their route: made by a macro, or sent to their own page.
HIDDEN = {
    "console.account.codes": {"current"},
    "console.account.drop": {"current"},
    "console.campaigns.pause": {"reason"},
    "console.campaigns.stop": {"reason"},
    "console.claims.ask": {"new", "reason"},
    "console.menus.drop": {"revision"},
    "console.replies.change": {"match", "text", "text_by_rep", "media_id", "articles"},
}
# Nothing is typed into these, which no template writes out with their route either.
BUTTONS = {
    *("console.campaigns.carry_on", "console.campaigns.resume", "console.campaigns.start"),
    *("console.refunds.withdraw", "console.refunds.withdraw_way_out", "console.skus.offer"),
    *("console.payouts.approve", "console.payouts.cancel", "console.periods.close"),
    *("console.reconciliation.close", "console.reps.unbind", "console.tags.remove"),
}


def sender(desk: Desk) -> Send:
    """Sends forms from a browser."""
    token = desk.token()

    def send(form: Form, text: str) -> int:
        path = form.action.removeprefix("/console")
        if form.method == "get":
            return desk.get(path, **form.filled(text)).status_code
        filled = {name: value for name, value in form.filled(text).items() if name != "csrf_token"}
        return desk.post(path, token, **filled).status_code

    return send


def rule_of(world: World) -> Mapping[str, object]:
    """An automatic reply that can be changed."""
    assert world
    rule = Rule(Trigger.EXACT, "你好", ReplyKind.TEXT, {"text": "您好"})
    with transaction():
        set_rule(appid=APPID, rule=rule)
        return {"account": "city", "rule_id": db.session.scalars(select(ReplyRule.id)).one()}


def review_of(world: World) -> Mapping[str, object]:
    """What Nora says of her phone."""
    with transaction() as session:
        order_id = world.northern.id
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).one()
        chain_id = session.scalars(select(Chain.id).where(Chain.order_id == order_id)).one()
        review = Review(
            order_line_id=line.id,
            chain_id=chain_id,
            outlet_id=line.outlet_id,
            stars=1,
            reviewed_at=clock.now(),
        )
        session.add(review)
        session.flush()
        return {"review_id": review.id}


@pytest.mark.timeout(500)
def test_no_form_fails_whatever_is_typed(
    app: Flask, desk_of: Desks, world: World, portion: Slice
) -> None:
    """On every page, of a certain state by itself, and of one's own account by somebody else."""
    shown = {**shown_on_pages(app, world), "replies": rule_of(world), "kpis": review_of(world)}
    shown["kpis"] = {**shown["kpis"], "key": "success"}
    desk, written = desk_of("root"), written_forms("console")
    sweep = Sweep(app, sender(desk), portion, left_out=OWN)
    further: tuple[tuple[str, dict[str, str]], ...] = (
        ("/console/places/SC", {}),
        (f"/console/reps/{world.nils_number}/move", {"outlet": "NH2"}),
        ("/console/payouts/new", {"node": str(world.tree.group), "rail": "file", "minimum": "1"}),
    )
    for path, query in (*((path, {}) for _, path in pages(app, shown)), *further):
        page = desk.get(path.removeprefix("/console"), **query)
        assert page.status_code < 500, path
        sweep.page(page.text, path)
    own = Sweep(app, sender(desk_of("till")), portion)
    for endpoint in sorted(posts(app, "console") - sweep.met - BUTTONS):
        typed = HIDDEN.get(endpoint, written.get(endpoint))
        assert typed is not None, f"{endpoint}: name in HIDDEN what is typed there, or in BUTTONS"
        named = {**named_in(shown, endpoint), "verdict": "approved", "session_id": 0, "line": "x"}
        if typed:
            (own if endpoint in OWN else sweep).hidden(endpoint, named, sorted(typed), **FORM)
    wrong = sweep.wrong + [each for each in own.wrong if each[-1] >= 500]
    assert not wrong, (str(portion), wrong)
    assert sweep.sent > 300
    assert sweep.played == {*ALL}
    after = {path: desk.get(path.removeprefix("/console")) for _, path in pages(app, shown)}
    failed = {path: each.status_code for path, each in after.items() if each.status_code >= 500}
    assert not failed, (str(portion), failed)


def named_in(shown: Mapping[str, Named], endpoint: str) -> Named:
    """How a route's thing is named."""
    return shown.get(endpoint) or shown.get(endpoint.split(".")[1]) or {}


def kept(text: str) -> str:
    """What a field of one line keeps of a text."""
    return printable(text).strip()


@pytest.mark.timeout(500)
def test_names_are_shown_and_exported_as_they_were_typed(
    desk_of: Desks, world: World, portion: Slice
) -> None:
    """Of the whole list, each by itself: as the name of a place, and as the reason for it."""
    desk = desk_of("root")
    token, named = desk.token(), list[str]()
    for number, text in enumerate(portion.share([each for each in EVERY if kept(each)], "names")):
        form = {"name": text, "code": f"SD{number}", "tier": "outlet", "reason": text}
        answer = desk.post("/places/SC/below", token, **form)
        assert answer.status_code == 302, (text, answer.text)
        named.append(kept(text)[:NAME_MAX].strip())
        if number % 20 == 19:
            trail = unescape(desk.get("/audit").text)
            assert [each for each in named[-20:] if each not in trail] == []
    raw = desk.get("/exports/outlets.csv").text.removeprefix("\ufeff")
    cells = {cell.removeprefix("'") for row in csv.reader(StringIO(raw)) for cell in row}
    assert {each.removeprefix("'") for each in named} <= cells
    for number, name in enumerate(named):
        assert name in unescape(desk.get(f"/places/SD{number}").text)
    for text in portion.share(NAUGHTY, "greeting"):
        with transaction():
            set_greeting(rep_id=world.alice_id, greeting=text[:60])
        assert desk.get(f"/reps/{world.alice_number}").status_code == 200
