"""Whatever is typed into any form of the console: no fault, a readable word, and shown as it was typed."""

import csv
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import partial
from html import unescape
from io import StringIO
from urllib.parse import parse_qsl

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from campaigns.models import Campaign
from catalog.models import ProductKind
from catalog.operations import ProductData, add_product
from console import sign_in
from flows.album import keep_picture
from fulfilment.models import Chain, Review
from members.joining import join_member
from members.operations import ensure_identity, follow
from menus.defaults import default_menu
from menus.editions import start_draft
from menus.models import Adoption, ReplyRule
from menus.operations import set_rule
from menus.rules import ReplyKind, Rule, Trigger
from menus.whole import AccountMenu
from orders.models import OrderLine
from org.models import RepBinding
from org.reps import set_greeting
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.every_page import pages, shown_on_pages
from tests.console.naughty_needs import ELSEWHERE, FOLLOWER, LATER, SEALED, SECRETS, needs
from tests.console.owned import Named
from tests.console.states import Stand, states
from tests.console.test_foreign import FORM
from tests.console.test_message_templates import PAID, platform, root
from tests.console.test_refunds import config
from tests.console.world import APPID, World
from tests.naughty import ALL, EVERY, NAUGHTY, Form, Slice
from tests.storefront.mall import product_of
from tests.sweeping import Look, Send, Sweep
from tests.terminal.desk import photo
from tests.written import posts, without, written_forms
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.words import printable

__all__ = ["config", "platform", "root"]
NAME_MAX = 40
# What would end the very session that types, or lock its account: somebody else types there.
OWN = {*SECRETS, "console.account.end", "console.account.end_others", "console.sign_in.leave"}
# Forms of a certain state that no template writes out with their route: made by a macro, or sent to their own page.
HIDDEN = {
    "console.account.codes": {"current"},
    "console.account.drop": {"current"},
    "console.campaigns.pause": {"reason"},
    "console.campaigns.stop": {"reason"},
    "console.claims.ask": {"reason"},
    "console.refunds.ask": {"line-1", "reason"},
    "console.replies.change": {
        *("match", "text", "text_by_rep", "media_id", "articles", "kf_account"),
    },
    "console.staff.enable": {"reason"},
}
# Nothing is typed into these, which no template writes out with their route either.
BUTTONS = {
    *("console.campaigns.carry_on", "console.campaigns.resume", "console.campaigns.start"),
    *("console.campaigns.submit", "console.kpis.file_csv", "console.kpis.file_orders"),
    *("console.refunds.again", "console.refunds.withdraw", "console.refunds.withdraw_way_out"),
    "console.skus.offer",
    *("console.payouts.approve", "console.payouts.cancel", "console.periods.close"),
    *("console.reconciliation.close", "console.reps.unbind", "console.tags.remove"),
}


def sender(desk: Desk) -> Send:
    """Sends forms from a browser, or as a program does."""
    token = desk.token()

    def send(form: Form, filled: Mapping[str, str], is_told: bool) -> TestResponse:
        path = form.action.removeprefix("/console")
        if form.method == "get":
            return desk.get(path, **filled)
        sent = {name: value for name, value in filled.items() if name != "csrf_token"}
        return desk.ask(path, token, **sent) if is_told else desk.post(path, token, **sent)

    return send


def looker(desk: Desk) -> Look:
    """Opens pages there."""

    def look(path: str) -> TestResponse:
        page, _, query = path.removeprefix("/console").partition("?")
        return desk.get(page, **dict(parse_qsl(query)))

    return look


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


def drafted_menu() -> None:
    """The account's menu was taken over, and is being changed."""
    now = clock.now()
    with transaction() as session:
        session.add(Adoption(appid=APPID, adopted_at=now, told={}, notes=[]))
        menu = AccountMenu(default_menu("https://shop.example"))
        start_draft(appid=APPID, menu=menu, staff_id=None, now=now)


def noticed(world: World, number: str) -> None:
    """Alice is bound, and the northern campaign has a template to fill in."""
    now = clock.now()
    with transaction() as session:
        identity_id = ensure_identity(appid=APPID, openid="oAlice", now=now)
        member_id = join_member(identity_id=identity_id, now=now)
        session.add(RepBinding(rep_id=world.alice_id, member_id=member_id, bound_at=now))
        follow(key=bytes(range(16)), appid=APPID, openid=FOLLOWER, event_at=now, known_at=now)
        campaign = session.scalars(select(Campaign).where(Campaign.number == number)).one()
        campaign.campaign_class, campaign.service_event = "promotion", None
        campaign.template_id = "SUB1"
        campaign.content = {"variants": [{"name": "A", "fields": {}, "text": ""}]}


def bundled(world: World) -> str:
    """The number of a bundle that is made of nothing yet."""
    data = ProductData(ProductKind.BUNDLE, world.wares.category_id, "套装")
    with transaction():
        return add_product(data=data, now=clock.now()).number


@pytest.fixture
def shown(app: Flask, world: World, root: Desk) -> Mapping[str, Named]:
    """One of everything, its messages' library read, with a menu and an order's plan to be changed."""
    assert root
    shown = {**shown_on_pages(app, world), "replies": rule_of(world), "kpis": review_of(world)}
    drafted_menu()
    noticed(world, str(shown["campaigns"]["number"]))
    plan = {"number": product_of(world.wares.plan_id)}
    return {**shown, "kpis": {**shown["kpis"], "key": "success"}, "product_editor": plan}


@pytest.mark.timeout(500)
def test_every_field_bears_whatever_is_typed(
    app: Flask,
    desk_of: Desks,
    world: World,
    portion: Slice,
    shown: Mapping[str, Named],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On every page, of a certain state by itself, and of one's own account by somebody else.

    What is typed is taken, or refused by name; what was taken is there to its last letter, and nowhere markup.
    """
    monkeypatch.setattr(sign_in, "HALF_WAY_FOR", timedelta(hours=1))  # all texts take a while
    desk, written = desk_of("root"), written_forms("console")
    needed = needs(world, keep_picture(photo()).path)
    sweep = Sweep(app, sender(desk), looker(desk), portion, needs=needed, left_out=OWN | LATER)
    further = (
        "/console/places/SC",
        f"/console/payouts/new?node={world.tree.group}&rail=file&minimum=1",
        f"/console/message-templates/city/events/order_paid?template_id={PAID}",
        f"/console/products/{bundled(world)}/skus/new",
    )
    listed = [path for _, path in pages(app, shown)]
    for path in (*listed, *further):
        sweep.page(path)
    own, ready = Sweep(app, sender(desk_of("till")), looker(desk), portion), states(world, shown)
    for endpoint in sorted(posts(app, "console") - BUTTONS):
        typed = HIDDEN.get(endpoint, written.get(endpoint, set())) - ELSEWHERE.get(endpoint, set())
        assert typed or endpoint in sweep.shown | {*written}, f"{endpoint}: to HIDDEN or BUTTONS"
        stand = ready.get(endpoint, partial(standing, shown, endpoint, typed))
        if endpoint in SECRETS:
            own.hidden(endpoint, SECRETS[endpoint], stand)
        elif endpoint in ready or without(typed, sweep.met[endpoint]):
            sweep.hidden(endpoint, sorted(typed), stand)
    for path in listed:
        sweep.look(path)
    assert not sweep.wrong, (str(portion), sweep.wrong)
    assert not [each for each in own.wrong if each[-1] >= 500], (str(portion), own.wrong)
    assert {*own.refused()} == {*SECRETS}, own.answers
    assert sweep.sent > 300
    assert sweep.played == {*ALL}
    endpoints = posts(app, "console") - {*SECRETS}
    asked = {name: written.get(name, set()) - ELSEWHERE.get(name, set()) for name in endpoints}
    assert (sweep.refused(), sweep.lacking(asked)) == ({}, {})
    assert sweep.lost() <= {*SEALED}


def standing(shown: Mapping[str, Named], endpoint: str, typed: Collection[str]) -> Stand:
    """How a route's thing is named, and what its form could hold beside what is typed."""
    held = {name: value for name, value in FORM.items() if name not in typed}
    return {**named_in(shown, endpoint), "verdict": "approved", "session_id": 0}, held


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
