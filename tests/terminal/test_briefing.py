"""A manager reads his figures on his WeChat: by his rights of the moment, sent once in the morning."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select

from flows import staff_desk
from flows.figures.morning import (
    DECIDE_ON_FLAGS,
    PURPOSE,
    accept,
    my_mornings,
    offered_to,
    tell_managers,
)
from flows.staff_desk import Governor
from insights.briefings import LINK_FOR, LinkGone, end_briefing, offer_briefing, want_daily
from members.queries import member_of
from org.models import Role, Staff
from templates_msg.models import Message
from templates_msg.operations import set_template
from tests.console.owned import flagged
from tests.console.world import APPID, World, known, make_world, same_phone
from wx_backend import clock
from wx_backend.access import TABLE
from wx_backend.db import db, retried, transaction

AT_EIGHT_THIRTY = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def world(app: object) -> World:
    assert app
    return make_world()


@pytest.fixture
def manager(world: World) -> int:
    """The manager of the south, with Carol's WeChat as his own and a template to be told by."""
    assert world
    with transaction():
        set_template(
            appid=APPID,
            purpose=PURPOSE,
            template_id="t1",
            fields={"day": "time1", "sales": "amount2", "orders": "number3"},
        )
        return db.session.scalars(select(Staff.id).where(Staff.login == "manager")).one()


def reading(staff_id: int) -> int:
    """Carol confirms on her WeChat; her member id."""
    carol = known("Carol")
    token = retried(lambda: offer_briefing(staff_id=staff_id, now=clock.now()))
    retried(lambda: accept(token, identity_id=carol.identity_id, now=clock.now()))
    return carol.member_id


def told() -> list[Message]:
    db.session.rollback()
    return list(db.session.scalars(select(Message).where(Message.purpose == PURPOSE)))


def test_a_link_works_once_and_for_half_an_hour(manager: int) -> None:
    carol, dave, now = known("Carol"), known("Dave"), clock.now()
    first = retried(lambda: offer_briefing(staff_id=manager, now=now))
    token = retried(lambda: offer_briefing(staff_id=manager, now=now))
    for gone, at in ((first, now), (token, now + LINK_FOR), ("forged", now)):
        with pytest.raises(LinkGone):
            offered_to(gone, now=at)
    retried(lambda: accept(token, identity_id=carol.identity_id, now=now))
    with pytest.raises(LinkGone):
        retried(lambda: accept(token, identity_id=dave.identity_id, now=now))
    assert my_mornings(dave.member_id, now=now) == []
    assert [each.place for each in my_mornings(carol.member_id, now=now)] == ["南省"]


def test_figures_are_for_no_wechat_that_a_phone_joined(manager: int) -> None:
    stranger = known("Stranger")
    same_phone(stranger, known("Carol"))
    reading(manager)
    assert my_mornings(stranger.member_id, now=clock.now()) == []
    identity_id = known("Carol").identity_id
    assert len(my_mornings(member_of(identity_id) or 0, now=clock.now())) == 1


def test_what_is_read_are_the_rights_of_this_moment(manager: int, world: World) -> None:
    carol, now = reading(manager), clock.now()
    with transaction():
        db.session.get_one(Staff, manager).node_id = world.tree.hall
    assert [each.place for each in my_mornings(carol, now=now)] == ["天河营业厅"]
    for change in ({"role": Role.MARKETER}, {"role": Role.MANAGER, "is_active": False}):
        with transaction():
            for name, value in change.items():
                setattr(db.session.get_one(Staff, manager), name, value)
        assert my_mornings(carol, now=now) == []
        assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY)) == 0


def _disable(staff_id: int, by: Governor) -> None:
    staff_desk.disable(staff_id=staff_id, by=by, now=clock.now())
    staff_desk.enable(staff_id=staff_id, by=by)


@pytest.mark.parametrize(
    "deed",
    [
        _disable,
        lambda staff_id, by: staff_desk.reset(staff_id=staff_id, by=by, now=clock.now()),
        lambda _, __: staff_desk.let_in_again(login="manager", now=clock.now()),
        lambda staff_id, _: staff_desk.change_own_password(
            staff_id=staff_id, password="another long password", now=clock.now()
        ),
    ],
    ids=["disabled", "reset", "let_in_again", "changed"],
)
def test_a_wechat_reads_nothing_more_once_the_account_was_shut(
    manager: int, world: World, deed: Callable[[int, Governor], object]
) -> None:
    carol = reading(manager)
    token = retried(lambda: offer_briefing(staff_id=manager, now=clock.now()))
    root = db.session.scalars(select(Staff.id).where(Staff.login == "root")).one()
    by = Governor(root, Role.ADMINISTRATOR, world.tree.group)
    retried(lambda: deed(manager, by))
    assert my_mornings(carol, now=clock.now()) == []
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY)) == 0
    with pytest.raises(LinkGone):
        offered_to(token, now=clock.now())


def test_the_message_comes_once_a_day_and_only_in_the_morning(manager: int) -> None:
    reading(manager)
    for early_or_late in (-timedelta(minutes=1), timedelta(hours=4)):
        assert retried(partial(tell_managers, now=AT_EIGHT_THIRTY + early_or_late)) == 0
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY)) == 1
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY + timedelta(hours=1))) == 0
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY + DAY)) == 1
    days = [message.content["data"]["time1"] for message in told()]
    assert days == ["2026-11-30", "2026-12-01"]


def test_nobody_is_told_who_does_not_want_it(manager: int) -> None:
    carol = reading(manager)
    retried(lambda: want_daily(staff_ids=[manager], is_daily=False))
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY)) == 0
    assert len(my_mornings(carol, now=clock.now())) == 1
    retried(lambda: want_daily(staff_ids=[manager], is_daily=True))
    retried(lambda: end_briefing(staff_ids=[manager]))
    assert retried(lambda: tell_managers(now=AT_EIGHT_THIRTY)) == 0
    assert my_mornings(carol, now=clock.now()) == []


def test_flags_of_farming_are_told_to_whoever_decides_on_them(manager: int, world: World) -> None:
    carol = reading(manager)
    for rep_id in (world.alice_id, world.nils_id):
        flagged(rep_id)
    [page] = my_mornings(carol, now=clock.now())
    assert page.flags == 1, "Nils is in the north"
    with transaction():
        db.session.get_one(Staff, manager).role = Role.FINANCE
    [page] = my_mornings(carol, now=clock.now())
    assert page.flags is None
    assert TABLE["console.farming.decide"].roles == DECIDE_ON_FLAGS
