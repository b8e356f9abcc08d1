"""The terminal on a rep's phone: the poster appears by itself, and every page fits, light and dark."""

from collections.abc import Callable
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from org.invites import bind_rep
from tests.console.world import Person, World, known, make_world
from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import transaction

pytestmark = pytest.mark.browser


@pytest.fixture
def world(app: Flask, wechat: Stage) -> World:
    config = app.extensions["wx_config"]
    announce(wechat, config, config.service.base_url)
    return make_world()


@pytest.fixture
def alice(app: Flask, world: World, phone: Page, site: str) -> Page:
    """Her phone, signed in and bound."""
    person = known("Alice")
    with transaction():
        bind_rep(rep_id=world.alice_id, member_id=person.member_id, now=clock.now())
    phone.context.add_cookies([{"name": "wx_session", "value": cookie(app, person), "url": site}])
    return phone


def cookie(app: Flask, person: Person) -> str:
    """A member's session as the mall signs it."""
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]  # Flask's own interface
    since = int(clock.now().timestamp())
    return str(signer.dumps({"identity": person.identity_id, "signed_in_at": since}))


def test_the_poster_appears_when_it_is_drawn(
    alice: Page, site: str, run_jobs: Callable[[], None]
) -> None:
    with alice.expect_response(f"{site}/api/terminal/poster?look=personal") as asked:
        alice.goto(f"{site}/terminal/poster")
    assert asked.value.status == 202
    expect(alice.get_by_text("正在生成海报")).to_be_visible()
    run_jobs()
    poster = alice.get_by_alt_text("我的海报")
    expect(poster).to_be_visible()
    assert poster.evaluate("picture => picture.naturalWidth") == 750
    expect(alice.get_by_text("长按图片保存或转发")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_the_phone(
    alice: Page, site: str, world: World, scheme: Literal["light", "dark"]
) -> None:
    alice.emulate_media(color_scheme=scheme)
    for path in (
        "/terminal/",
        "/terminal/customers",
        "/terminal/customers/ending",
        f"/terminal/customers/{world.bob.identity_id}",
        "/terminal/rank",
        "/terminal/feed",
        "/terminal/poster",
        "/terminal/share",
        "/terminal/share/moments",
        "/terminal/shares",
        "/terminal/showroom",
        "/terminal/orders",
        f"/terminal/orders/{world.southern.number}",
        "/terminal/income",
        f"/terminal/receipts/{world.southern.receipt}",
    ):
        alice.goto(site + path)
        assert not alice.evaluate("document.documentElement.scrollWidth > innerWidth"), path
