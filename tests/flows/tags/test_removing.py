"""A tag is removed at WeChat first, and a person who was erased loses his there."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from flows.following import forget_identity
from flows.tags import telling
from flows.tags.telling import stop, tell_all, tell_due
from members.operations import follow
from members.tags.models import Tag, TagHolder, TagPhase, TagSync
from members.tags.operations import locked_tag
from members.tags.sync_queries import latest_syncs
from members.tags.telling import end_sync
from simulator.api import tags as there
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import (
    UNTAGGING,
    RunJobs,
    at_wechat,
    calls,
    follows,
    later,
    latest,
    rows,
    tagged,
    told,
)
from tests.simulator.stage import Stage
from wx_backend import clock, outbox
from wx_backend.db import db, transaction
from wx_backend.outbox import defer
from wx_backend.platform import client

pytestmark = pytest.mark.usefixtures("batches")


@pytest.mark.parametrize("most", [100_000, 5])
def test_a_tag_that_is_removed_goes_at_wechat_first(
    account: Stage,
    people: dict[str, int],
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    most: int,
) -> None:
    """WeChat deletes no tag that more than so many have: from those it is taken before."""
    monkeypatch.setattr(there, "_MOST_TO_DELETE", most)
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    with transaction():
        telling.remove_there(locked_tag(tag_id), now=clock.now())
    run_jobs()
    assert client(CITY).tags() == {}
    for table in (Tag, TagHolder, TagSync):
        assert db.session.scalars(select(table)).all() == []
    assert bool(calls(account, UNTAGGING)) is (most == 5)


@pytest.mark.parametrize("was_stopped_by", ["nobody", "a person", "the version before"])
def test_a_removal_that_failed_is_begun_again_though_the_tag_was_stopped(
    account: Stage,
    people: dict[str, int],
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
    was_stopped_by: str,
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    with transaction():
        tag = locked_tag(tag_id)
        if was_stopped_by == "a person":
            tell_all(tag, now=clock.now())
            stop(tag, now=clock.now())
        telling.remove_there(tag, now=clock.now())
        end_sync(latest_syncs([tag_id])[tag_id], TagPhase.FAILED, now=clock.now())
        tag.is_stopped = tag.is_stopped or was_stopped_by == "the version before"
        assert tell_due(now=clock.now()) == 0
    assert was_stopped_by == "the version before" or not locked_tag(tag_id).is_stopped
    later(monkeypatch, timedelta(hours=1, seconds=1))
    with transaction():
        assert tell_due(now=clock.now()) == 1
    run_jobs()
    assert client(CITY).tags() == {}
    assert db.session.scalars(select(Tag)).all() == []
    assert account


def test_a_tag_that_too_many_strangers_have_ends_as_failed(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """WeChat will not delete it, and nobody here knows whom to take it from."""
    monkeypatch.setattr(there, "_MOST_TO_DELETE", 2)
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    api, strangers = client(CITY), [follows(account, name) for name in ("xia", "yan", "zoe")]
    api.tag_followers(api.tags()["老客户"], strangers)
    with transaction():
        telling.remove_there(locked_tag(tag_id), now=clock.now())
    for _ in range(20):
        for held in outbox.claim(outbox.BULK, limit=1):
            assert outbox.run(held)
    failed = latest()
    assert (failed.phase, failed.note) == ("failed", telling.TOO_MANY_STRANGERS)
    assert at_wechat(account) == set(strangers)
    api.untag_followers(api.tags()["老客户"], strangers[:1])
    later(monkeypatch, timedelta(hours=1, seconds=1))
    with transaction():
        assert tell_due(now=clock.now()) == 1
    run_jobs()
    assert api.tags() == {}


@pytest.mark.parametrize("is_still_following", [True, False])
def test_tags_of_who_was_erased_do_not_come_back(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, is_still_following: bool
) -> None:
    """He follows on, and writes again: nobody is to know of him what was known before."""
    tag_id, other_id = tagged(people), tagged(people, "别的")
    for each in (tag_id, other_id):
        told(each)
    run_jobs()
    openid = next(iter(people))
    if not is_still_following:
        account.act("ann", "unfollow", appid=CITY)
    with transaction():
        defer(forget_identity, identity_id=people[openid], for_good=True)
    run_jobs()
    assert at_wechat(account) == at_wechat(account, "别的") == people.keys() - {openid}
    assert openid not in str(db.session.scalars(select(outbox.Job.arguments)).all())
    assert set(db.session.scalars(select(outbox.Job.status))) == {"done"}
    now = clock.now()
    with transaction():
        anew = follow(key=b"anew".ljust(16), appid=CITY, openid=openid, event_at=now, known_at=now)
    for each in (tag_id, other_id):
        told(each)
    run_jobs()
    assert anew not in rows()


def test_an_erased_persons_tags_wait_for_the_next_days_quota_and_mind_no_deleted_tag(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    for name in ("老客户", "别的", "第三"):
        told(tagged(people, name))
        run_jobs()
    openid = next(iter(people))
    client(CITY).delete_tag(client(CITY).tags()["老客户"])
    account.control("PUT", f"/accounts/{CITY}", limits={UNTAGGING: 1})
    with transaction():
        defer(forget_identity, identity_id=people[openid], for_good=True)
    run_jobs()
    account.control("PUT", f"/accounts/{CITY}", limits={})
    assert {openid in at_wechat(account, name) for name in ("别的", "第三")} == {True}
    with time_machine.travel(clock.now() + timedelta(days=1)):
        run_jobs()
    for name in ("别的", "第三"):
        assert at_wechat(account, name) == people.keys() - {openid}
