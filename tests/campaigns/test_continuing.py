"""A campaign that broke off, mended: whoever was not reached gets the new text, nobody a second one."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from campaigns import operations
from campaigns.continuing import NobodyLeft, continue_campaign
from campaigns.models import Campaign, CampaignEvent, CampaignStatus, Recipient, RecipientStatus
from campaigns.operations import Plan, SamePerson, WrongState
from campaigns.queries import writers_of
from campaigns.rules import EQUAL_ERRORS_MAX
from flows.campaign import moving
from flows.campaign.moving import NotReady, Who
from flows.campaign.stopped import settle_stopped
from members.consents import free_consents
from tests.campaigns.cast import (
    FIELDS,
    NOON,
    OFFER,
    Cast,
    agreed,
    approved,
    article,
    begin,
    crowd,
    followers,
    offer,
    people,
    plan,
    stands,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.racing import race
from wx_backend.db import db, retried, transaction

SENT_FIRST = 4
LATER = EQUAL_ERRORS_MAX + 40
"""Enough that it breaks off, whichever of the first is told last."""
MENDED = {**FIELDS, "thing2": "请领取发票"}


def broken_off(cast: Cast, platform: Platform, what: Plan | None = None) -> int:
    """A campaign that reaches some, then meets a field that is refused."""
    crowd(SENT_FIRST + LATER)
    platform.trouble = lambda openid: 47003 if openid >= f"o{SENT_FIRST:05d}" else None
    campaign_id = approved(cast, what)
    begin()
    work()
    assert state(campaign_id).status == CampaignStatus.PAUSED
    platform.trouble = lambda _openid: None
    return campaign_id


def carried_on(campaign_id: int, cast: Cast) -> int:
    with transaction():
        return continue_campaign(campaign_id, staff_id=cast.writer, now=NOON).id


def mended(campaign_id: int, cast: Cast, what: Plan | None = None) -> None:
    """The writer mends the text and puts it before the reader; its people are frozen."""
    variant = {"name": "A", "fields": MENDED, "text": ""}
    what = what or plan(content={"variants": [variant]})
    with transaction():
        operations.edit_campaign(campaign_id, what, staff_id=cast.writer, now=NOON)
    who = Who(cast.writer, cast.tree.group)
    with transaction():
        moving.submit(state_of(campaign_id).number, who=who, now=NOON)
    work()


def state_of(campaign_id: int) -> Campaign:
    return db.session.get_one(Campaign, campaign_id)


def agreed_to(campaign_id: int, cast: Cast) -> None:
    with transaction():
        operations.approve(
            campaign_id, revision=state_of(campaign_id).revision, staff_id=cast.reader, now=NOON
        )


@pytest.mark.parametrize("ending", ["paused", "stopped"])
def test_who_was_not_reached_gets_the_mended_text_and_nobody_a_second_one(
    cast: Cast, platform: Platform, ending: str
) -> None:
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform)
        if ending == "stopped":
            with transaction():
                operations.stop(first, reason="字段不对", staff_id=cast.writer, now=NOON)
        reached = {openid for openid, (status, _, _) in people(first).items() if status == "sent"}
        assert reached == {*platform.received}
        second = carried_on(first, cast)
        mended(second, cast)
        assert {*people(second)} == {*people(first)} - reached
        agreed_to(second, cast)
        begin()
        work()

    assert (state(first).status, state(second).status) == (
        CampaignStatus.STOPPED,
        CampaignStatus.DONE,
    )
    assert stands(second) == {"sent": LATER}
    assert len(platform.received) == SENT_FIRST + LATER
    assert set(platform.received.values()) == {1}
    said = {each["touser"]: each["data"]["thing2"]["value"] for each in platform.bodies}
    assert {said[openid] for openid in reached} == {"城市营业厅提醒您领取发票"}
    assert {said[openid] for openid in people(second)} == {"请领取发票"}


def test_the_new_version_is_a_draft_until_a_second_person_agrees(
    cast: Cast, platform: Platform
) -> None:
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform)
        second = carried_on(first, cast)
        assert begin() == 0
        made = state(second)
        assert (made.status, made.run, made.name) == (CampaignStatus.DRAFT, 0, "发票提醒（续）")
        assert made.continues_id == first
        mended(second, cast)
        with pytest.raises(SamePerson), transaction():
            operations.approve(second, revision=2, staff_id=cast.writer, now=NOON)
        assert begin() == 0
        work()
    assert len(platform.received) == SENT_FIRST
    told = select(CampaignEvent.note).where(CampaignEvent.kind == "continued")
    assert db.session.scalars(told).all() == [made.number]
    assert writers_of(second) == {cast.writer}


def test_who_may_have_got_it_is_waited_for_and_gets_no_second_one(
    cast: Cast, platform: Platform
) -> None:
    """One answer was lost after WeChat had acted, one before: nobody can tell which is which."""
    crowd(SENT_FIRST + LATER)
    lost = {"o00000": "lost", "o00001": "refused"}
    with time_machine.travel(NOON, tick=False) as time:
        platform.trouble = lambda openid: lost.get(
            openid, 47003 if openid >= f"o{SENT_FIRST:05d}" else None
        )
        first = approved(cast)
        begin()
        work()
        second = carried_on(first, cast)
        platform.trouble = lambda _openid: None
        with pytest.raises(NotReady):
            mended(second, cast)
        assert stands(first)["sending"] == 2
        time.shift(timedelta(minutes=3))
        with transaction():
            assert settle_stopped(now=NOON + timedelta(minutes=3)) == 2
        mended(second, cast)
        agreed_to(second, cast)
        begin()
        work()

    assert {people(first)[openid][0] for openid in lost} == {"unknown"}
    assert not {*lost} & {*people(second)}
    assert platform.received["o00000"] == 1
    assert platform.received["o00001"] == 0
    assert max(platform.received.values()) == 1


def test_who_was_held_out_to_compare_with_stays_held_out(cast: Cast, platform: Platform) -> None:
    """Whatever share the new version names: nobody else is, and none of them is written to."""
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform, plan(control_bp=3_000))
        before = {openid for openid, (status, _, _) in people(first).items() if status == "control"}
        assert before
        second = carried_on(first, cast)
        mended(second, cast, plan(control_bp=0))
        after = {openid for openid, (status, _, _) in people(second).items() if status == "control"}
        agreed_to(second, cast)
        begin()
        work()
    assert after == before
    assert not before & {*platform.received}
    assert set(platform.received.values()) == {1}


def test_a_yes_that_nothing_was_sent_by_is_free_again(cast: Cast, platform: Platform) -> None:
    """Refused for the text, or set aside and never begun; where WeChat knows of no yes, there was none."""
    ids = followers([f"{n:05d}" for n in range(LATER)])
    for each in ids:
        agreed(each)
    platform.trouble = lambda openid: 43101 if openid == "o00000" else 47003
    with time_machine.travel(NOON, tick=False):
        first = approved(cast, offer())
        begin()
        work()
        assert {free_consents(each, OFFER) for each in ids} == {0}
        platform.trouble = lambda _openid: None
        second = carried_on(first, cast)
        mended(second, cast, offer())
        expected = {f"o{n:05d}": ("waiting", "subscription", None) for n in range(1, len(ids))}
        assert people(second) == {"o00000": ("left_out", None, "no_consent"), **expected}
        agreed_to(second, cast)
        begin()
        work()
        assert {free_consents(each, OFFER) for each in ids} == {0}
    assert platform.received == {openid: 1 for openid in expected}  # noqa: C420 - a Counter's equal


def test_it_is_made_once_however_many_ask(app: Flask, cast: Cast, platform: Platform) -> None:
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform)
        db.session.rollback()
        made = race(
            app,
            lambda _: retried(
                lambda: continue_campaign(first, staff_id=cast.writer, now=NOON).number
            ),
            times=6,
        )
    assert len({*made}) == 1
    assert db.session.scalar(select(func.count()).select_from(Campaign)) == 2


def test_where_it_breaks_off_again_only_the_rest_is_taken_on(
    cast: Cast, platform: Platform
) -> None:
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform)
        second = carried_on(first, cast)
        mended(second, cast)
        agreed_to(second, cast)
        platform.trouble = lambda openid: 47003 if openid >= "o00008" else None
        begin()
        work()
        assert state(second).status == CampaignStatus.PAUSED
        platform.trouble = lambda _openid: None
        third = carried_on(second, cast)
        mended(third, cast)
        assert {*people(third)} == {*people(first)} - {*platform.received}
        agreed_to(third, cast)
        begin()
        work()
    assert set(platform.received.values()) == {1}
    assert {*platform.received} == {*people(first)}


def test_what_still_sends_reached_everybody_or_goes_by_calls_is_not_continued(
    cast: Cast, platform: Platform
) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        first = approved(cast)
        with pytest.raises(WrongState):
            carried_on(first, cast)
        begin()
        with pytest.raises(WrongState):
            carried_on(first, cast)
        work()
        assert stands(first) == {RecipientStatus.SENT: 2}
        with pytest.raises(NobodyLeft):
            carried_on(first, cast)
        mass = approved(cast, article())
        with transaction():
            operations.stop(mass, reason="不发了", staff_id=cast.writer, now=NOON)
        with pytest.raises(WrongState):
            carried_on(mass, cast)
    assert platform.calls == 2
    assert db.session.scalars(select(Recipient).where(Recipient.campaign_id == first)).all()


def test_people_it_has_no_more_reach_over_are_told_with_their_reason(
    cast: Cast, platform: Platform
) -> None:
    """They are looked at anew: who left since is listed, not written to."""
    with time_machine.travel(NOON, tick=False):
        first = broken_off(cast, platform)
        second = carried_on(first, cast)
        mended(second, cast, plan(service_event="order_refunded"))
    assert {why for _, _, why in people(second).values()} == {"no_event"}


def test_a_repeat_that_is_refused_for_good_may_have_arrived_before(
    cast: Cast, platform: Platform
) -> None:
    """Whoever had no answer at first and left meanwhile: nobody knows, and no second version goes to him."""
    crowd(1)
    with time_machine.travel(NOON, tick=False) as time:
        platform.trouble = lambda _openid: "lost"
        first = approved(cast)
        begin()
        work()
        platform.trouble = lambda _openid: 43004
        time.shift(timedelta(seconds=31))
        work()
        assert people(first)["o00000"][0] == "unknown"
        assert state(first).status == CampaignStatus.DONE
        with pytest.raises(NobodyLeft):
            carried_on(first, cast)
    assert platform.received == {"o00000": 1}
