"""A line was given to another rep: what both read of it in the terminal, and the console of its dispute."""

import pytest
from flask import Flask
from playwright.sync_api import Browser

from members.queries import identity_at, member_ids_of
from org.queries import member_of_rep
from tests.browser.conftest import DESKTOP, PHONE, WECHAT_AGENT, fresh_page
from tests.browser.looking import Look
from tests.browser.office import sign_in
from tests.browser.test_mall import JSSDK
from tests.browser.test_pages_of_mall import here
from tests.browser.test_terminal import cookie
from tests.console.upheld import agree, asked_for, dispute_of
from tests.console.world import APPID, Person, World
from tests.terminal.conftest import Phones, bound, phone_of, world
from wx_backend.db import db, retried

__all__ = ["here", "phone_of", "world"]
pytestmark = pytest.mark.browser
SIZES = {"phone": PHONE, "desktop": DESKTOP}
BULLET = "each => getComputedStyle(each, '::before').display"


def hands_of(rep_id: int) -> Person:
    """A bound rep, as WeChat's account of the tests knows him."""
    db.session.rollback()
    member_id = member_of_rep(rep_id)
    assert member_id is not None
    identity_id = identity_at(member_ids_of(member_id), APPID)
    assert identity_id is not None
    return Person(member_id, identity_id)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("size", SIZES)
def test_what_both_reps_and_the_console_see_of_a_line_given_on(
    app: Flask, browser: Browser, here: str, world: World, phone_of: Phones, size: str
) -> None:
    upheld = dispute_of(world)
    for owner, rep_id in (("Alice", upheld.alice_id), ("Dave", upheld.sue_id)):
        bound(phone_of, owner, rep_id)
    with fresh_page(browser, SIZES[size]) as page:
        sign_in(page, here, "south")
        look = Look(page, "console", size)
        look.at("disputes.show-new", f"{here}/console/disputes/{upheld.dispute_id}")
        empty = page.get_by_text("还没有改判")
        assert empty.evaluate(BULLET) == "none"
        waiting = asked_for(upheld, world.tree.south)
        retried(lambda: agree(waiting, world.tree.south))
        look.at("disputes.show-given", f"{here}/console/disputes/{upheld.dispute_id}")
        look.end()
    for who, rep_id in (("lost", upheld.alice_id), ("gained", upheld.sue_id)):
        with fresh_page(browser, SIZES[size], user_agent=WECHAT_AGENT) as page:
            page.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
            signed_in = cookie(app, hands_of(rep_id))
            page.context.add_cookies([{"name": "wx_session", "value": signed_in, "url": here}])
            look = Look(page, "terminal", size)
            for name, path in (
                ("sales.orders", "orders"),
                ("sales.order", f"orders/{world.southern.number}"),
                ("feed.index", "feed"),
            ):
                look.at(f"{name}-{who}", f"{here}/terminal/{path}")
            if who == "lost":  # Bob is her customer all the same, of whom she noted nothing yet
                look.at("customers.show-lost", f"{here}/terminal/customers/{world.bob.identity_id}")
                empty = page.get_by_text("还没有记录")
                assert empty.evaluate(BULLET) == "none"
            look.end()
