"""A link that was acknowledged is kept for the person, also where WeChat was silent at first."""

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask
from sqlalchemy import text

from demo.story.frame import Contradiction, Story
from demo.story.journal import Journal, Kind
from demo.story.kept import promises_kept
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.records import touches
from wx_backend.config import Config
from wx_backend.db import db


@pytest.fixture
def story(app: Flask, wechat: Stage) -> Story:
    """What the comparison needs of a story: the journal, the people, the database."""
    config: Config = app.extensions["wx_config"]

    def value(query: str, **parameters: object) -> Any:
        db.session.rollback()
        return db.session.execute(text(query), parameters).scalar()

    return cast(
        Story,
        SimpleNamespace(
            appid=config.accounts[0].appid,
            journal=Journal(),
            pretend=SimpleNamespace(read=lambda name: wechat.control("GET", f"/{name}")),
            ours=nullcontext,
            value=value,
        ),
    )


@pytest.fixture
def browser(phone_of: Phones) -> Phone:
    """Bob's, whom WeChat does not name at first."""
    return phone_of("Bob", DESKTOP)


def test_a_link_opened_before_the_sign_in_is_the_persons(
    mall: Mall, story: Story, browser: Phone, phone_of: Phones
) -> None:
    link = mall.link(mall.alice_id)
    browser.open(link)
    story.journal.write("Bob", Kind.TOUCH, link.rpartition("/")[2])
    phone_of("Bob").sign_in()  # on another phone: nothing says that the browser is his
    with pytest.raises(Contradiction, match="is kept"):
        promises_kept(story)
    browser.agent = phone_of("Bob").agent
    browser.sign_in()
    assert [touch.identity_id for touch in touches()] == [None]
    assert promises_kept(story)


@pytest.mark.parametrize(("person", "number"), [("Carol", "alice_id"), ("Bob", "dave_id")])
def test_a_promised_link_that_was_not_kept_is_found(
    mall: Mall, story: Story, phone_of: Phones, person: str, number: str
) -> None:
    """Bob's touch does not stand for Carol's, nor one share's for another's."""
    links = {name: mall.link(getattr(mall, name)) for name in ("alice_id", "dave_id")}
    phone_of("Bob").open(links["alice_id"])
    phone_of("Carol").sign_in()
    story.journal.write(person, Kind.TOUCH, links[number].rpartition("/")[2])
    with pytest.raises(Contradiction, match="is kept"):
        promises_kept(story)
