"""WeChat is told who has a tag: everybody once, in fifties, whatever breaks on the way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from flows.following import forget_identity
from flows.tags import telling
from flows.tags.telling import stop, tell_all, tell_changes, tell_due
from members.models import Identity
from members.operations import follow
from members.tags.models import Tag, TagHolder, TagOrigin, TagPhase, TagSync
from members.tags.operations import create_tag, forget_there, give, locked_tag, take
from members.tags.sync_queries import latest_syncs
from members.tags.telling import TagSyncUnderWay, end_sync
from simulator.api import tags as there
from tests.flows.menus.conftest import CITY
from tests.jobs import dies
from tests.simulator.stage import Stage
from wechat.client import Client
from wx_backend import claims, clock, outbox
from wx_backend.db import db, transaction
from wx_backend.errors import NotFound
from wx_backend.outbox import defer
from wx_backend.platform import client

RunJobs = Callable[[], None]
TAGGING = "/cgi-bin/tags/members/batchtagging"
UNTAGGING = "/cgi-bin/tags/members/batchuntagging"
PEOPLE = ("ann", "ben", "cat", "dan", "eve", "fay", "gus")


@pytest.fixture(autouse=True)
def batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once, and two on a page, so that a few people are many batches and pages."""
    monkeypatch.setattr(telling, "BATCH", 3)


@pytest.fixture
def people(account: Stage) -> dict[str, int]:
    """Seven followers: identities by openid."""
    return dict(following(account, person) for person in PEOPLE)


def following(stage: Stage, person: str) -> tuple[str, int]:
    openid = follows(stage, person)
    now = clock.now() - timedelta(minutes=1)
    with transaction():
        key = person.encode().ljust(16)
        return openid, follow(key=key, appid=CITY, openid=openid, event_at=now, known_at=now)


def follows(stage: Stage, person: str) -> str:
    """Somebody follows at WeChat, of which we hear nothing; his openid."""
    stage.control("PUT", f"/people/{person}")
    stage.act(person, "follow", appid=CITY)
    return str(next(each["openid"] for each in contacts(stage) if each["person"] == person))


def contacts(stage: Stage) -> list[dict[str, Any]]:
    """Everybody whom the account knows at WeChat."""
    people = stage.control("GET", "/people")["people"]
    found = [each for person in people for each in person["contacts"]]
    return [each for each in found if each["appid"] == CITY]


def tagged(people: dict[str, int], name: str = "老客户") -> int:
    """A tag these have."""
    now = clock.now()
    with transaction():
        tag = create_tag(appid=CITY, name=name, rule={}, by="staff:1", now=now)
        give(tag, people.values(), origin=TagOrigin.HAND, now=now)
        return tag.id


def told(tag_id: int) -> None:
    with transaction():
        tell_all(locked_tag(tag_id), now=clock.now())


def at_wechat(stage: Stage, name: str = "老客户") -> set[str]:
    """Who has the tag on the platform: the witness."""
    number = client(CITY).tags().get(name)
    return {each["openid"] for each in contacts(stage) if number in each["tags"]}


def calls(stage: Stage, path: str) -> list[int]:
    """The answers to calls of a path, as the platform saw them."""
    return [each["errcode"] for each in stage.facts("api.call") if each["path"] == path]


def latest() -> TagSync:
    db.session.rollback()
    return db.session.scalars(select(TagSync).order_by(TagSync.id.desc())).all()[0]


def rows() -> dict[int, str]:
    db.session.rollback()
    found = db.session.execute(select(TagHolder.identity_id, TagHolder.there))
    return {identity_id: is_there for identity_id, is_there in found}  # noqa: C416 - rows are no pairs to dict()


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    start = clock.now
    monkeypatch.setattr(clock, "now", lambda: start() + by)


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


def test_people_who_had_it_at_wechat_have_it_here_from_then_on(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    api, (first, second, *others) = client(CITY), people
    stranger = follows(account, "zoe")
    api.tag_followers(api.create_tag("老客户"), [first, second, stranger])
    monkeypatch.setattr(Client, "tagged", _two_a_page(Client.tagged))
    told(tagged({openid: people[openid] for openid in (second, *others)}))
    run_jobs()
    done = latest()
    assert (done.listed, done.strangers, done.told) == (3, 1, len(others))
    origins = db.session.scalars(select(TagHolder.origin).where(TagHolder.taken_at.is_(None)))
    assert sorted(origins) == ["hand"] * (len(others) + 1) + ["wechat"]
    assert at_wechat(account) == {*people, stranger}


def _two_a_page(tagged: Callable[..., object]) -> Callable[..., object]:
    """The platform's pages hold two: the rest comes when it is asked for."""

    def page(api: Client, tag_id: int, after: str = "") -> object:
        whole = tagged(api, tag_id, after)
        openids = whole.openids[:2]  # type: ignore[attr-defined]  # Followers
        return type(whole)(len(openids), openids, openids[-1] if openids else "")  # type: ignore[call-arg]

    return page


def test_a_tag_taken_at_wechat_is_given_again_by_the_next_reading(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    api, first = client(CITY), next(iter(people))
    api.untag_followers(api.tags()["老客户"], [first])
    assert at_wechat(account) == people.keys() - {first}
    later(monkeypatch, timedelta(days=1, minutes=1))
    with transaction():
        assert tell_due(now=clock.now()) == 1
        assert tell_due(now=clock.now()) == 0
    run_jobs()
    assert at_wechat(account) == people.keys()
    assert tag_id


def test_a_tag_renamed_at_wechat_gets_its_name_back(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    api = client(CITY)
    number = api.tags()["老客户"]
    api.rename_tag(number, "别的")
    told(tag_id)
    run_jobs()
    assert api.tags() == {"老客户": number}
    assert at_wechat(account) == people.keys()


@pytest.mark.parametrize("step", range(6))
def test_a_tag_deleted_at_wechat_is_made_anew_whenever_that_happens(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, step: int
) -> None:
    tag_id = tagged(people)
    told(tag_id)
    for _ in range(step):
        [held] = outbox.claim(outbox.BULK, limit=1)
        assert outbox.run(held)
    if number := client(CITY).tags().get("老客户"):
        client(CITY).delete_tag(number)
    run_jobs()
    told(tag_id)
    run_jobs()
    assert at_wechat(account) == people.keys()
    assert latest().phase == "done"


def test_who_follows_anew_is_told_of_anew(
    account: Stage, people: dict[str, int], run_jobs: RunJobs
) -> None:
    """Leaving was never told us; only that he follows again."""
    tag_id = tagged(people)
    told(tag_id)
    run_jobs()
    account.act("ann", "unfollow", appid=CITY)
    account.act("ann", "follow", appid=CITY)
    assert len(at_wechat(account)) == 6
    with transaction():
        first = db.session.scalars(select(Identity.id).order_by(Identity.id)).first()
        assert first
        forget_there(first)
        tell_changes(locked_tag(tag_id), now=clock.now())
    run_jobs()
    assert at_wechat(account) == people.keys()


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


def test_more_tags_than_wechat_allows_is_said(
    account: Stage, people: dict[str, int], run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(there, "_MOST_TAGS", 0)
    told(tagged(people))
    run_jobs()
    assert latest().phase == TagPhase.FAILED
    assert "45056" in latest().note
    assert account
