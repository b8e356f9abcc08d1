"""WeChat is told who has a tag: everybody once, in fifties, whatever breaks on the way."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from flows.tags.telling import stop, tell_changes, tell_due
from members.tags.models import TagHolder, TagPhase
from members.tags.operations import locked_tag, take
from members.tags.telling import TagSyncUnderWay
from simulator.api import tags as there
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import (
    TAGGING,
    UNTAGGING,
    RunJobs,
    at_wechat,
    calls,
    later,
    latest,
    rows,
    tagged,
    time_stands_still,
    told,
)
from tests.jobs import dies
from tests.simulator.stage import Stage
from wx_backend import claims, clock, outbox
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound
from wx_backend.platform import client

pytestmark = pytest.mark.usefixtures("batches")


def test_everybody_is_told_once_in_batches(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    assert at_wechat(account) == people.keys()
    done = latest()
    assert (done.phase, done.to_tell, done.told, done.refused) == ("done", 7, 7, 0)
    assert calls(account, TAGGING) == [0, 0, 0]
    told(tag_id)
    run_jobs()
    assert calls(account, TAGGING) == [0, 0, 0]
    assert (latest().listed, latest().told) == (7, 0)


def test_what_changes_later_is_told_by_itself(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    first, *others = people
    with transaction():
        tag = locked_tag(tag_id)
        take(tag, people[first], now=clock.now())
        tell_changes(tag, now=clock.now())
    run_jobs()
    assert at_wechat(account) == set(others)
    assert calls(account, UNTAGGING) == [0]
    with transaction():
        assert tell_due(now=clock.now()) == 0


@pytest.mark.parametrize("point", [outbox.AFTER_CALL, outbox.BEFORE_DONE, outbox.AFTER_DONE])
@pytest.mark.parametrize("step", range(6))
def test_a_crash_at_any_step_leaves_nobody_out(
    account: Stage,
    people: dict[str, int],
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
    step: int,
) -> None:
    told(tagged(people))
    dies(outbox.BULK, after=step, point=point)
    later(monkeypatch, claims.LEASE + timedelta(seconds=1))
    run_jobs()
    assert latest().phase == "done"
    assert at_wechat(account) == people.keys()
    assert set(rows().values()) == {"yes"}


def test_a_call_without_an_answer_is_made_again_and_the_tag_can_still_be_taken(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first fifty are tagged, nobody hears of it, and one of them loses the tag meanwhile."""
    tag_id = tagged(people)
    account.chaos(TAGGING, "drop_after")
    told(tag_id)
    with time_stands_still():
        run_jobs()
    assert len(at_wechat(account)) == 3
    assert list(rows().values()).count("asked") == 3
    first, *others = sorted(people, key=lambda openid: people[openid])
    assert first in at_wechat(account)
    with transaction():
        take(locked_tag(tag_id), people[first], now=clock.now())
    later(monkeypatch, timedelta(minutes=5))
    run_jobs()
    assert at_wechat(account) == set(others)
    assert latest().phase == "done"


def test_who_left_without_our_knowing_holds_up_nobody(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    account.act("ben", "unfollow", appid=CITY)
    told(tagged(people))
    run_jobs()
    done = latest()
    assert (done.phase, done.told, done.refused) == ("done", 6, 1)
    assert len(at_wechat(account)) == 6
    with transaction():
        assert tell_due(now=clock.now()) == 0  # who was refused is not asked about again and again


def test_twenty_tags_is_as_many_as_a_person_has(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    api, full = client(CITY), next(iter(people))
    for number in range(20):
        api.tag_followers(api.create_tag(f"已有{number}"), [full])
    told(tagged(people))
    run_jobs()
    assert at_wechat(account) == people.keys() - {full}
    refused = db.session.scalars(select(TagHolder).where(TagHolder.refusal.is_not(None))).one()
    assert (refused.identity_id, refused.refusal, refused.there) == (
        people[full],
        "45059",
        "refused",
    )
    assert latest().refused == 1


def test_a_quota_used_up_waits_for_the_next_day(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    account.control("PUT", f"/accounts/{CITY}", limits={TAGGING: 1})
    told(tagged(people))
    run_jobs()
    assert len(at_wechat(account)) == 3
    sync = latest()
    assert sync.ended_at is None
    assert "次日零点后继续" in sync.note
    account.control("PUT", f"/accounts/{CITY}", limits={})
    with time_machine.travel(clock.now() + timedelta(days=1)):
        run_jobs()
    assert at_wechat(account) == people.keys()


def test_one_telling_of_a_tag_at_a_time_and_a_stop_that_holds(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    with pytest.raises(TagSyncUnderWay):
        told(tag_id)
    db.session.rollback()
    with transaction():
        stop(locked_tag(tag_id), now=clock.now())
    run_jobs()
    with transaction():
        assert tell_due(now=clock.now() + timedelta(days=2)) == 0
        tell_changes(locked_tag(tag_id), now=clock.now())
    run_jobs()
    assert at_wechat(account) == set()
    with transaction(), pytest.raises(NotFound):
        stop(locked_tag(tag_id), now=clock.now())
    told(tag_id)
    run_jobs()
    assert at_wechat(account) == people.keys()


def test_more_tags_than_wechat_allows_is_said(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "_MOST_TAGS", 0)
    told(tagged(people))
    run_jobs()
    assert latest().phase == TagPhase.FAILED
    assert "45056" in latest().note
    assert account
