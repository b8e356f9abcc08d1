"""Putting a campaign before a second person: what he agrees to is what is frozen, whoever edits meanwhile."""

from datetime import timedelta

import time_machine
from flask import Flask

from campaigns import operations
from campaigns.models import CampaignStatus
from campaigns.operations import WrongState
from flows.campaign.freezing import start_freezing
from tests.campaigns.cast import (
    NOON,
    Cast,
    crowd,
    drafted,
    followers,
    frozen,
    paid,
    people,
    plan,
    state,
    work,
)
from tests.racing import race
from wx_backend import outbox
from wx_backend.db import retried

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
