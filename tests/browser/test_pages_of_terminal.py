"""Every page of the terminal that there is a route for, on a phone and in WeChat on a desktop, light and dark."""

from collections.abc import Iterator, Mapping

import pytest
from flask import Flask
from playwright.sync_api import Browser
from sqlalchemy import select

from insights.briefings import offer_briefing
from members.queries import identity_at, member_ids_of
from org.models import Staff
from org.queries import member_of_rep
from tests.browser.conftest import DESKTOP, PHONE, WECHAT_AGENT, fresh_page
from tests.browser.looking import Look
from tests.browser.test_mall import JSSDK
from tests.browser.test_pages_of_mall import here
from tests.browser.test_terminal import cookie
from tests.console.world import APPID, Person, World, count_figures, known
from tests.jobs import run_jobs
from tests.terminal.conftest import phone_of, world
from tests.terminal.test_foreign import Thing, alice, things
from tests.terminal.test_team import appoint
from wx_backend import clock
from wx_backend.access import TABLE, Caller
from wx_backend.db import db, retried

__all__ = ["alice", "here", "phone_of", "things", "world"]
pytestmark = pytest.mark.browser
SIZES = {"phone": PHONE, "desktop": DESKTOP}
# Pictures and answers for scripts, and what a member sees who is no rep (below).
NO_PAGE = {"terminal.pictures.show", "terminal.poster.picture", "terminal.shares.picture"}


@pytest.fixture
def named(things: Mapping[str, Thing]) -> Mapping[str, Mapping[str, object]]:
    """What each page shows, by endpoint or blueprint."""
    shown = {name: each.named for name, each in things.items()}
    return {**shown, "terminal.shares.what": {"place": "moments"}}


def person_of(world: World) -> Person:
    """Alice, as WeChat's account of the tests knows her."""
    db.session.rollback()
    member_id = member_of_rep(world.alice_id)
    assert member_id is not None
    identity_id = identity_at(member_ids_of(member_id), APPID)
    assert identity_id is not None
    return Person(member_id, identity_id)


def pages(app: Flask, named: Mapping[str, Mapping[str, object]]) -> Iterator[tuple[str, str]]:
    """Endpoint and address of every page for reps."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
        is_page = "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
        if TABLE[rule.endpoint].caller is Caller.REP and is_page and rule.endpoint not in NO_PAGE:
            known_by = named.get(rule.endpoint) or named.get(rule.endpoint.split(".")[1]) or {}
            values = {name: known_by[name] for name in rule.arguments}
            yield rule.endpoint, str(app.url_map.bind("localhost").build(rule.endpoint, values))


@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", SIZES)
def test_every_page_of_a_rep(
    app: Flask,
    browser: Browser,
    here: str,
    world: World,
    named: Mapping[str, Mapping[str, object]],
    size: str,
) -> None:
    appoint(world, world.alice_id)
    count_figures()
    person = person_of(world)
    with fresh_page(browser, SIZES[size], user_agent=WECHAT_AGENT) as page:
        page.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
        page.context.add_cookies(
            [{"name": "wx_session", "value": cookie(app, person), "url": here}]
        )
        look = Look(page, "terminal", size)
        for endpoint, path in pages(app, named):
            look.at(endpoint.removeprefix("terminal."), here + path)
        run_jobs("call")
        look.at("poster.page-drawn", f"{here}/terminal/poster")
        look.end()


@pytest.mark.parametrize("size", SIZES)
def test_what_somebody_sees_who_is_no_rep(
    app: Flask,
    browser: Browser,
    here: str,
    world: World,
    size: str,
) -> None:
    carol = known("Carol")
    staff_id = db.session.scalars(select(Staff.id).where(Staff.login == "manager")).one()
    token = retried(lambda: offer_briefing(staff_id=staff_id, now=clock.now()))
    assert world
    with fresh_page(browser, SIZES[size], user_agent=WECHAT_AGENT) as page:
        page.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
        page.context.add_cookies([{"name": "wx_session", "value": cookie(app, carol), "url": here}])
        look = Look(page, "terminal", size)
        look.at("binding.page", f"{here}/terminal/bind")
        look.at("briefing.offered", f"{here}/terminal/briefing/{token}")
        page.get_by_role("button").first.click()
        look.here("briefing.show")
        look.end()
