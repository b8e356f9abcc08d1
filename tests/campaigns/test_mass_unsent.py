"""A part of a mass send that waits for its call: who is in it, and what holds it, is looked at again."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from campaigns import operations
from campaigns.mass_models import PartStatus
from campaigns.models import CampaignStatus
from campaigns.recipients import opt_out
from flows.campaign.running import start_lanes
from members.models import Identity
from members.operations import unfollow
from tests.campaigns.cast import (
    CITY,
    DAY,
    NOON,
    Cast,
    approved,
    article,
    begin,
    followers,
    people,
    state,
    work,
)
from tests.campaigns.mass_calls import MINUTE, NAMES, entered_by_hand, parts, stands
from tests.campaigns.platform import DRAFT, Platform
from wx_backend.db import db, transaction
from wx_backend.stops import Line, lift, stop

Meanwhile = Callable[[Callable[[], None]], None]


@pytest.fixture
def while_a_draft_is_made(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen during the first call that makes a draft."""

    def plan(act: Callable[[], None]) -> None:
        answer, acts = platform._answer, [act]

        def meanwhile(path: str, body: dict[str, Any]) -> dict[str, Any]:
            if path == DRAFT and acts:
                acts.pop()()
            return answer(path, body)

        monkeypatch.setattr(platform, "_answer", meanwhile)

    return plan


def leave(openid: str) -> None:
    unfollow(key=b"u" * 16, appid=CITY, openid=openid, event_at=NOON, known_at=NOON)


def resumed(campaign_id: int, staff_id: int) -> None:
    with transaction():
        start_lanes(campaign_id, operations.resume(campaign_id, staff_id=staff_id, now=NOON))


def test_who_opts_out_or_leaves_while_a_part_waits_for_the_next_day_gets_nothing(
    cast: Cast, platform: Platform
) -> None:
    first, *_ = followers(NAMES)
    platform.limit, platform.left = 100, 0
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        with transaction():
            opt_out(identity_id=first, now=NOON)
            leave("o00001")
        platform.left = 100
        time.move_to(NOON + DAY)
        begin()
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES[2:]})
    assert people(campaign_id)["o00000"] == ("left_out", None, "opted_out")
    assert people(campaign_id)["o00001"] == ("left_out", None, "not_following")
    assert [count for _, _, count in parts()] == [5]


@pytest.mark.parametrize(("by_hand", "received"), [(3, 7), (4, 0)])
def test_a_part_that_waits_counts_the_month_anew_and_not_itself(
    cast: Cast, platform: Platform, by_hand: int, received: int
) -> None:
    followers(NAMES)
    platform.limit, platform.left = 100, 0
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        with transaction():
            for day in range(1, by_hand + 1):
                entered_by_hand(cast, date(2026, 3, day))
        platform.left = 100
        time.move_to(NOON + DAY)
        begin()
        work()

    assert len(platform.received) == received
    if not received:
        assert set(people(campaign_id).values()) == {("left_out", None, "monthly")}
        assert [status for status, _, _ in parts()] == [PartStatus.WITHDRAWN]
        assert state(campaign_id).status == CampaignStatus.DONE


def test_who_opts_out_while_a_refused_article_is_mended_gets_nothing(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = followers(NAMES)
    answer = platform._answer
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        with monkeypatch.context() as refusing:
            refusing.setattr(
                platform,
                "_answer",
                lambda path, body: (
                    {"errcode": 40007, "errmsg": "no"} if path == DRAFT else answer(path, body)
                ),
            )
            begin()
            work()
        assert state(campaign_id).status == CampaignStatus.PAUSED
        with transaction():
            opt_out(identity_id=first, now=NOON)
        resumed(campaign_id, cast.reader)
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES[1:]})


def test_a_pause_while_the_draft_is_made_sends_nothing(
    cast: Cast, platform: Platform, while_a_draft_is_made: Meanwhile
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())

        def pause() -> None:
            with transaction():
                operations.pause(campaign_id, reason="等", staff_id=cast.reader, now=NOON)

        while_a_draft_is_made(pause)
        begin()
        work()
        time.shift(10 * MINUTE)
        work()
        assert platform.calls == 0
        resumed(campaign_id, cast.reader)
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})
    assert len(platform.drafts) == 1


def test_paused_and_resumed_while_the_draft_is_made_only_the_new_run_sends(
    cast: Cast, platform: Platform, while_a_draft_is_made: Meanwhile
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())

        def pause_and_resume() -> None:
            with transaction():
                operations.pause(campaign_id, reason="等", staff_id=cast.reader, now=NOON)
                operations.resume(campaign_id, staff_id=cast.reader, now=NOON)

        while_a_draft_is_made(pause_and_resume)
        begin()
        work()
        assert platform.calls == 0, "the old run"
        with transaction():
            start_lanes(campaign_id, state(campaign_id).run)
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})


@pytest.mark.parametrize("line", [Line.MESSAGES, Line.EVERYTHING])
def test_an_emergency_stop_while_the_draft_is_made_holds_the_send(
    cast: Cast, platform: Platform, while_a_draft_is_made: Meanwhile, line: Line
) -> None:
    followers(NAMES)

    def pressed() -> None:
        with transaction():
            stop(line=line, reason="演练", by="system", now=NOON)

    while_a_draft_is_made(pressed)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
        work()
        assert platform.calls == 0
        with transaction():
            lift(line=line, by="system", now=NOON)
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})
    assert stands(campaign_id) == {"sending": 7}


def erase(*openids: str) -> None:
    """What the erasure of a person leaves of his identity."""
    with transaction():
        db.session.execute(update(Identity).where(Identity.openid.in_(openids)).values(openid=None))


def test_a_part_of_whom_one_is_left_after_an_erasure_is_not_called(
    cast: Cast, platform: Platform, while_a_draft_is_made: Meanwhile
) -> None:
    followers(NAMES)
    while_a_draft_is_made(lambda: erase(*(f"o{name}" for name in NAMES[1:])))
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
        work()

    assert platform.calls == 0
    assert people(campaign_id) == {
        "o00000": ("left_out", None, "alone"),
        "": ("left_out", None, "erased"),
    }
    assert [status for status, _, _ in parts()] == [PartStatus.WITHDRAWN]
    assert state(campaign_id).status == CampaignStatus.DONE


def test_a_call_in_doubt_of_whom_one_is_left_is_not_made_again(
    cast: Cast, platform: Platform
) -> None:
    followers(NAMES)
    platform.trouble = lambda _client_id: "lost"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        erase(*(f"o{name}" for name in NAMES[1:]))
        time.shift(timedelta(seconds=62))
        work()

    assert platform.calls == 1
    assert [status for status, _, _ in parts()] == [PartStatus.UNKNOWN]
    assert people(campaign_id)["o00000"][0] == "unknown"
    assert state(campaign_id).status == CampaignStatus.DONE


def test_a_call_in_doubt_is_made_again_without_whoever_opted_out_meanwhile(
    cast: Cast, platform: Platform
) -> None:
    """The first call never arrived, so that the second one is the one that reaches them."""
    first, *_ = followers(NAMES)
    platform.trouble = lambda _client_id: "refused"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        with transaction():
            opt_out(identity_id=first, now=NOON)
        platform.trouble = lambda _client_id: None
        time.shift(timedelta(seconds=62))
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES[1:]})
    assert parts() == [(PartStatus.ACCEPTED, "9000000000000000000", 6)]
    assert people(campaign_id)["o00000"][::2] == ("left_out", "opted_out")


def test_whom_the_first_call_reached_counts_as_written_to_though_he_opted_out_since(
    cast: Cast, platform: Platform
) -> None:
    first, *_ = followers(NAMES)
    platform.trouble = lambda _client_id: "lost"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        with transaction():
            opt_out(identity_id=first, now=NOON)
        platform.trouble = lambda _client_id: None
        time.shift(timedelta(seconds=62))
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES})
    assert parts() == [(PartStatus.ACCEPTED, "9000000000000000000", 7)]
    assert stands(campaign_id) == {"sending": 7}


def test_a_call_in_doubt_is_not_made_again_for_one_who_is_left_alone(
    cast: Cast, platform: Platform
) -> None:
    first, _ = followers(NAMES[:2])
    platform.trouble = lambda _client_id: "refused"
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, article())
        begin()
        work()
        with transaction():
            opt_out(identity_id=first, now=NOON)
        platform.trouble = lambda _client_id: None
        time.shift(timedelta(seconds=62))
        work()

    assert platform.received == Counter()
    assert stands(campaign_id) == {"unknown": 2}
