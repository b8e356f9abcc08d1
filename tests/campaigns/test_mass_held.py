"""A mass send that was paused or stopped: what was not sent is given back, what was is settled."""

from datetime import timedelta

import pytest
import time_machine

from campaigns import operations
from campaigns.mass_models import PartStatus
from campaigns.models import CampaignStatus
from flows.campaign.mass_ends import settle_held
from tests.campaigns.cast import NOON, Cast, approved, article, begin, followers, state, work
from tests.campaigns.mass_calls import MINUTE, NAMES, parts, stands
from tests.campaigns.platform import Platform
from tests.jobs import run_jobs
from wx_backend import clock, outbox
from wx_backend.db import transaction
from wx_backend.stops import Line, stop

JOB = "9000000000000000000"


def hold(campaign_id: int, staff_id: int, status: CampaignStatus) -> None:
    """Somebody pauses a campaign, or stops it."""
    is_pause = status is CampaignStatus.PAUSED
    with transaction():
        (operations.pause if is_pause else operations.stop)(
            campaign_id, reason="算错了", staff_id=staff_id, now=clock.now()
        )


def settled() -> int:
    """What the clock and the caller do; how many campaigns there were to ask about."""
    with transaction():
        asked = settle_held(now=clock.now())
    run_jobs(outbox.CALL)
    return asked


def test_stopped_before_the_call_its_people_are_given_back(cast: Cast, platform: Platform) -> None:
    followers(NAMES)
    platform.limit, platform.left = 100, 0
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
        work()
        assert stands(campaign_id) == {"sending": 7}
        hold(campaign_id, cast.reader, CampaignStatus.STOPPED)

    assert [status for status, _, _ in parts()] == [PartStatus.WITHDRAWN]
    assert stands(campaign_id) == {"waiting": 7}


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.STOPPED])
@pytest.mark.parametrize(
    ("told", "part", "person"),
    [("SEND_SUCCESS", PartStatus.FINISHED, "sent"), ("SEND_FAIL", PartStatus.FAILED, "failed")],
)
def test_what_went_out_before_is_asked_after_though_nobody_told(
    *,
    cast: Cast,
    platform: Platform,
    status: CampaignStatus,
    told: str,
    part: PartStatus,
    person: str,
) -> None:
    followers(NAMES)
    platform.mass_states[JOB] = "SENDING"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        hold(campaign_id, cast.reader, status)
        assert settled() == 0, "the administrator's half hour"
        time.shift(36 * MINUTE)
        assert settled() == 1
        assert parts()[0][0] == PartStatus.ACCEPTED
        platform.mass_states[JOB] = told
        time.shift(11 * MINUTE)
        with transaction():
            stop(line=Line.EVERYTHING, reason="演练", by="system", now=NOON)
        settled()

    assert platform.calls == 1
    assert parts()[0][0] == part
    assert stands(campaign_id) == {person: 7}
    assert state(campaign_id).status == status


@pytest.mark.parametrize("status", [CampaignStatus.PAUSED, CampaignStatus.STOPPED])
def test_a_call_in_doubt_stays_unknown_once_it_may_not_be_made_again(
    cast: Cast, platform: Platform, status: CampaignStatus
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: "lost"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        hold(campaign_id, cast.reader, status)
        assert settled() == 0
        time.shift(timedelta(hours=23))
        assert settled() == 1

    assert platform.calls == 1
    assert [each for each, _, _ in parts()] == [PartStatus.UNKNOWN]
    assert stands(campaign_id) == {"unknown": 7}


def test_refused_for_now_after_the_stop_its_people_are_given_back(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())

        def stopped_meanwhile(_client_id: str) -> int:
            hold(campaign_id, cast.reader, CampaignStatus.STOPPED)
            return -1

        platform.trouble = stopped_meanwhile
        begin()
        work()
        assert settled() == 1

    assert platform.calls == 1
    assert [each for each, _, _ in parts()] == [PartStatus.WITHDRAWN]
    assert stands(campaign_id) == {"waiting": 7}
