"""A dry run says before anything goes what then goes: to whom, by which way, who not and why, how long."""

from datetime import timedelta

import pytest
import time_machine

from campaigns.models import CampaignStatus
from flows.campaign.desk import preview
from flows.campaign.dry_run import DryRun, WayLoad, dry_run
from flows.campaign.quotas import ask_quotas
from tests.campaigns.cast import (
    NOON,
    Cast,
    agreed,
    approved,
    article,
    begin,
    brought,
    crowd,
    drafted,
    followers,
    frozen,
    offer,
    people,
    plan,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.jobs import run_jobs
from tests.org.cast import hire
from wx_backend import outbox
from wx_backend.db import transaction
from wx_backend.outbox import defer

NIGHT = NOON.replace(hour=22)


def tried(campaign_id: int) -> DryRun:
    """The dry run of a campaign once the day's calls are known."""
    with transaction():
        defer(ask_quotas, campaign_id=campaign_id)
    run_jobs(outbox.CALL)
    return dry_run(state(campaign_id), now=NOON)


def test_it_says_exactly_who_gets_it_and_why_others_do_not(cast: Cast, platform: Platform) -> None:
    crowd(130)
    followers(["Stranger", "Other"])
    platform.limit, platform.left = 200, 90
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast, plan(rate_per_second=1))
        run = tried(campaign_id)
        waiting = {
            who for who, (status, _, _) in people(campaign_id).items() if status == "waiting"
        }

    assert (run.total, run.open, run.count("left_out")) == (132, 130, 2)
    assert run.reasons() == {"no_event": 2}
    assert [(each.way, each.people, each.daily_limit, each.left) for each in run.ways] == [
        ("template", 130, 200, 50)
    ], "a fifth of the day is kept for what people wait for"
    assert (run.ways[0].is_enough, run.ways[0].reserve) == (False, 40)
    assert (run.minutes, run.callbacks, run.begins_at) == (3, 130, NOON)
    assert waiting == {f"o{n:05d}" for n in range(130)}
    assert platform.calls == 0


def test_what_it_says_is_what_happens(cast: Cast, platform: Platform) -> None:
    crowd(20)
    followers(["Stranger"])
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, plan(control_bp=5_000))
        run = tried(campaign_id)
        begin()
        work()

    assert run.ways[0].is_enough
    assert run.open == run.callbacks == platform.calls == len(platform.received)
    assert run.count("control") == 20 - run.open > 0
    assert state(campaign_id).status == CampaignStatus.DONE


def test_each_way_is_weighed_by_itself_and_customer_service_brings_no_outcome(
    cast: Cast, platform: Platform
) -> None:
    bob, _ = followers(["Bob", "Dan"])
    agreed(bob)
    platform.limit, platform.left = 10, 10
    with time_machine.travel(NOON, tick=False):
        run = tried(frozen(cast, offer()))

    assert run.ways == [WayLoad("subscription", 1, 10, 8, NOON)]  # type: ignore[arg-type]
    assert run.callbacks == 1
    assert run.reasons() == {"no_consent": 1}


def test_a_mass_send_is_weighed_by_calls_of_ten_thousand(cast: Cast, platform: Platform) -> None:
    followers(["Ann", "Ben", "Cat"])
    platform.limit, platform.left = 100, 2
    with time_machine.travel(NOON, tick=False):
        run = tried(frozen(cast, article()))

    assert [(each.people, each.left, each.is_enough) for each in run.ways] == [(3, 20_000, True)]
    assert (run.minutes, run.callbacks) == (1, 1)


def test_before_anybody_asked_nothing_is_claimed_of_the_calls(
    cast: Cast, platform: Platform
) -> None:
    crowd(2)
    with time_machine.travel(NOON, tick=False):
        run = dry_run(state(frozen(cast)), now=NOON)

    assert [(each.left, each.is_enough) for each in run.ways] == [(None, False)]
    assert platform.calls == 0


def test_a_name_too_long_for_the_field_leaves_its_people_out(
    cast: Cast, platform: Platform
) -> None:
    """The text fits by itself; with this name in it WeChat would refuse it with 47003."""
    bob, _ = crowd(2)
    brought(bob, hire(cast.tree.hall, "欧阳" * 8))
    with time_machine.travel(NOON, tick=False):
        campaign_id = frozen(cast)
        run = tried(campaign_id)

    assert people(campaign_id)["o00000"] == ("left_out", None, "field")
    assert (run.open, run.reasons()) == (1, {"field": 1})
    assert platform.calls == 0


@pytest.mark.parametrize(
    ("starts_at", "now", "begins_at"),
    [
        (None, NOON, NOON),
        (None, NIGHT, NOON.replace(hour=9) + timedelta(days=1)),
        (NOON + timedelta(hours=2), NOON, NOON + timedelta(hours=2)),
        (NIGHT, NOON, NOON.replace(hour=9) + timedelta(days=1)),
        (NOON - timedelta(hours=2), NOON, NOON),
    ],
)
def test_it_says_when_the_first_leaves(
    cast: Cast, starts_at: object, now: object, begins_at: object
) -> None:
    campaign_id = drafted(cast, plan(starts_at=starts_at))
    assert dry_run(state(campaign_id), now=now).begins_at == begins_at  # type: ignore[arg-type]


def test_a_preview_counts_everybody_and_shows_ten(cast: Cast, platform: Platform) -> None:
    crowd(11)
    followers(["Stranger"])
    with time_machine.travel(NOON, tick=False):
        number = state(drafted(cast)).number
        seen = preview(number, cast.tree.group, now=NOON)
        narrowed = preview(
            state(drafted(cast, plan(segment={"ordered": "never"}))).number,
            cast.tree.group,
            now=NOON,
        )

    assert (seen.size, len(seen.sample)) == (12, 10)
    assert {way for _, way in seen.sample} == {"template"}
    assert (narrowed.size, [way for _, way in narrowed.sample]) == (1, ["no_event"])
    assert platform.calls == 0
