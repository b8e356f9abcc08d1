"""A campaign's form as it is typed, who writes it and who agrees to it, and what became of it."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from campaigns.models import Campaign, CampaignEvent
from org.models import Role, Staff
from tests.campaigns.cast import NOTICE, OFFER, brought, crowd, notices_in
from tests.campaigns.platform import Platform
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, transaction

FORM = {
    "account": "city",
    "name": "发票提醒",
    "campaign_class": "service",
    "purpose": "提醒已购机客户领取发票",
    "service_event": "order_paid",
    "event_days": "30",
    "template_id": NOTICE,
    "field-A-thing1": "您购买的手机",
    "field-A-thing2": "{员工}提醒您领取发票",
}
OFFERED = {
    **FORM,
    "campaign_class": "promotion",
    "template_id": OFFER,
    "field-A-thing2": "满减进行中",
    "service_event": "",
}


@pytest.fixture
def platform(app: Flask) -> Platform:
    made = Platform()
    app.extensions["wx_clients"]._transport = made
    return made


@pytest.fixture
def writer(world: World, platform: Platform, desk_of: Desks) -> Desk:
    """The marketer who writes."""
    assert world
    assert platform
    notices_in()
    return desk_of("marketer")


@pytest.fixture
def reader(world: World, desk_of: Desks) -> Desk:
    """A colleague of his."""
    with transaction():
        one = db.session.scalars(select(Staff).where(Staff.login == "marketer")).one()
        db.session.add(
            Staff(
                login="reader",
                name="审批员",
                password_hash=one.password_hash,
                role=Role.MARKETER,
                node_id=world.tree.south,
            )
        )
    return desk_of("reader")


def made(desk: Desk, **form: str) -> str:
    """A draft; where it is."""
    answer = desk.post("/campaigns", **{**FORM, **form})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("/console")


def row() -> Campaign:
    db.session.rollback()
    return db.session.scalars(select(Campaign)).one()


def events() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(CampaignEvent.kind).order_by(CampaignEvent.id)))


@pytest.fixture
def customers(world: World) -> Callable[[int], None]:
    """Some who came by Alice's link, and paid yesterday."""

    def come(count: int) -> None:
        for each in crowd(count, now=clock.now()):
            brought(each, world.alice_id, now=clock.now())

    return come


def going(writer: Desk, reader: Desk, run_jobs: Callable[[], None]) -> str:
    """A campaign that is on, nothing of it sent; where it is."""
    path = made(writer)
    writer.post(f"{path}/submit")
    run_jobs()
    reader.post(f"{path}/approve", revision="1")
    assert reader.post(f"{path}/start").status_code == 302
    return path
