"""Followers with a tag, how WeChat is told of it, and what it knows and saw."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from flows.tags.telling import tell_all
from members.operations import follow
from members.tags.models import TagHolder, TagOrigin, TagSync
from members.tags.operations import create_tag, give, locked_tag
from tests.flows.menus.conftest import CITY
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.platform import client

RunJobs = Callable[[], None]
TAGGING = "/cgi-bin/tags/members/batchtagging"
UNTAGGING = "/cgi-bin/tags/members/batchuntagging"


def following(stage: Stage, person: str) -> tuple[str, int]:
    openid = follows(stage, person)
    now = clock.now() - timedelta(minutes=1)
    with transaction():
        key = person.encode().ljust(16)
        return openid, follow(key=key, appid=CITY, openid=openid, event_at=now, known_at=now)


def follows(stage: Stage, person: str) -> str:
    """Somebody follows at WeChat, of which we hear nothing; his openid."""
    stage.control("PUT", f"/people/{person}")
    stage.act(person, "follow", appid=CITY)
    return str(next(each["openid"] for each in contacts(stage) if each["person"] == person))


def contacts(stage: Stage) -> list[dict[str, Any]]:
    """Everybody whom the account knows at WeChat."""
    people = stage.control("GET", "/people")["people"]
    found = [each for person in people for each in person["contacts"]]
    return [each for each in found if each["appid"] == CITY]


def tagged(people: dict[str, int], name: str = "老客户") -> int:
    """A tag these have."""
    now = clock.now()
    with transaction():
        tag = create_tag(appid=CITY, name=name, rule={}, by="staff:1", now=now)
        give(tag, people.values(), origin=TagOrigin.HAND, now=now)
        return tag.id


def told(tag_id: int) -> None:
    with transaction():
        tell_all(locked_tag(tag_id), now=clock.now())


def at_wechat(stage: Stage, name: str = "老客户") -> set[str]:
    """Who has the tag on the platform: the witness."""
    number = client(CITY).tags().get(name)
    return {each["openid"] for each in contacts(stage) if number in each["tags"]}


def calls(stage: Stage, path: str) -> list[int]:
    """The answers to calls of a path, as the platform saw them."""
    return [each["errcode"] for each in stage.facts("api.call") if each["path"] == path]


def latest() -> TagSync:
    db.session.rollback()
    return db.session.scalars(select(TagSync).order_by(TagSync.id.desc())).all()[0]


def rows() -> dict[int, str]:
    db.session.rollback()
    found = db.session.execute(select(TagHolder.identity_id, TagHolder.there))
    return {identity_id: is_there for identity_id, is_there in found}  # noqa: C416 - rows are no pairs to dict()


@contextmanager
def time_stands_still() -> Iterator[None]:
    """What fails is due again after some seconds: not before the block is over, however long it takes."""
    now = clock.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: now)
        yield


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + by)
