"""Putting a campaign before a second person: what he agrees to is what is frozen, whoever edits meanwhile."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from campaigns import operations
from campaigns.models import CampaignStatus
from campaigns.operations import SamePerson, WrongState
from flows.campaign.freezing import start_freezing
from tests.campaigns.cast import (
    NOON,
    Cast,
    counts_agree,
    crowd,
    drafted,
    followers,
    frozen,
    one_job,
    paid,
    people,
    plan,
    state,
    work,
)
from tests.racing import race
from wx_backend import outbox
from wx_backend.db import db, retried
from wx_backend.errors import NotTheAsker

WEEK = timedelta(days=7)


def put_before(cast: Cast, campaign_id: int) -> bool:
    """Submit; whether it could be."""

    def submit() -> None:
        start_freezing(operations.submit(campaign_id, staff_id=cast.writer, now=NOON))

    try:
        retried(submit)
    except WrongState:
        return False
    return True


def narrow(cast: Cast, campaign_id: int) -> None:
    """Only who came to us within a week is meant from now on."""
    narrowed = plan(segment={"followed_days": 7})
    retried(lambda: operations.edit_campaign(campaign_id, narrowed, staff_id=cast.writer, now=NOON))


def take_back(campaign_id: int, staff_id: int) -> None:
    retried(lambda: operations.withdraw(campaign_id, staff_id=staff_id, now=NOON))


def approve(campaign_id: int, staff_id: int, revision: int = 1) -> None:
    retried(lambda: operations.approve(campaign_id, revision=revision, staff_id=staff_id, now=NOON))


def test_whoever_submitted_takes_it_back_and_an_old_page_agrees_to_nothing(cast: Cast) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast)
        with pytest.raises(NotTheAsker):
            take_back(campaign_id, cast.reader)
        with pytest.raises(SamePerson):
            retried(
                lambda: operations.refuse(
                    campaign_id, reason="不发了", staff_id=cast.writer, now=NOON
                )
            )
        take_back(campaign_id, cast.writer)
        assert (state(campaign_id).status, people(campaign_id)) == (CampaignStatus.DRAFT, {})
        for who in (cast.writer, cast.reader):
            with pytest.raises(WrongState):
                take_back(campaign_id, who)
        assert put_before(cast, campaign_id)
        work()
        with pytest.raises(WrongState):
            approve(campaign_id, cast.reader)
        approve(campaign_id, cast.reader, revision=2)
    assert len(people(campaign_id)) == 3
    assert counts_agree(campaign_id)


def test_what_is_taken_back_between_two_pages_of_freezing_has_nobody(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(3)
    monkeypatch.setattr("flows.campaign.freezing.PAGE", 2)
    with time_machine.travel(NOON, tick=False):
        campaign_id = drafted(cast)
        assert put_before(cast, campaign_id)
        one_job()
        assert len(people(campaign_id)) == 2
        take_back(campaign_id, cast.writer)
        assert put_before(cast, campaign_id)
        work()  # the old second page comes too late, before or after the new first one
    assert state(campaign_id).status == CampaignStatus.SUBMITTED
    assert len(people(campaign_id)) == 3
    assert counts_agree(campaign_id)


def test_of_agreeing_and_taking_back_at_one_moment_one_happens(app: Flask, cast: Cast) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast)
        db.session.rollback()

        def end(n: int) -> str | None:
            try:
                if n % 2:
                    take_back(campaign_id, cast.writer)
                else:
                    approve(campaign_id, cast.reader)
            except WrongState:
                return None
            return CampaignStatus.DRAFT if n % 2 else CampaignStatus.SCHEDULED

        [ended] = [each for each in race(app, end, times=4) if each]
    assert state(campaign_id).status == ended
    assert len(people(campaign_id)) == (2 if ended == CampaignStatus.SCHEDULED else 0)


def test_what_was_refused_is_frozen_again_when_it_is_put_again_unchanged(cast: Cast) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast)
        before = people(campaign_id)
        retried(
            lambda: operations.refuse(
                campaign_id, reason="先等一等", staff_id=cast.reader, now=NOON
            )
        )
        assert people(campaign_id) == {}
        assert put_before(cast, campaign_id)
        work()

    assert state(campaign_id).status == CampaignStatus.SUBMITTED
    assert people(campaign_id) == before
    assert len(before) == 3


def test_who_edits_and_who_submits_at_once_never_leave_an_audience_of_another_text(
    app: Flask, cast: Cast
) -> None:
    """Either the edit comes first and the new people are frozen, or after and nobody is."""
    old = followers(["Old"], now=NOON - WEEK)
    for identity_id in (*old, *followers(["New"])):
        paid(identity_id)
    seen = set()
    with time_machine.travel(NOON, tick=False):
        for _ in range(6):
            campaign_id = drafted(cast)

            def act(n: int, campaign_id: int = campaign_id) -> bool:
                if n:
                    return put_before(cast, campaign_id)
                narrow(cast, campaign_id)
                return True

            submitted = any(race(app, act, times=4)[1:])
            work()
            row = state(campaign_id)
            assert row.revision == 2
            assert submitted or row.status == CampaignStatus.DRAFT
            seen.add(row.status)
            is_frozen = row.status == CampaignStatus.SUBMITTED
            assert set(people(campaign_id)) == ({"oNew"} if is_frozen else set())
    assert seen <= {CampaignStatus.DRAFT, CampaignStatus.SUBMITTED}
    assert outbox.claim(outbox.BULK, limit=10) == []


def test_an_edit_between_two_pages_of_freezing_leaves_nobody_of_the_old_audience(
    cast: Cast,
) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = drafted(cast)
        assert put_before(cast, campaign_id)
        narrow(cast, campaign_id)
        work()  # the page of the first revision comes too late
        assert people(campaign_id) == {}
        assert put_before(cast, campaign_id)
        work()

    assert state(campaign_id).status == CampaignStatus.SUBMITTED
    assert set(people(campaign_id)) == {f"o{n:05d}" for n in range(3)}
