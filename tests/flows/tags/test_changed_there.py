"""What was done to a tag at WeChat itself, or to who has it, is learnt there or put right."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from flows.tags.telling import tell_changes, tell_due
from members.models import Identity
from members.tags.models import TagHolder
from members.tags.operations import forget_there, locked_tag
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import RunJobs, at_wechat, follows, later, latest, tagged, told
from tests.simulator.stage import Stage
from wechat.client import Client
from wx_backend import clock, outbox
from wx_backend.db import db, transaction
from wx_backend.platform import client

pytestmark = pytest.mark.usefixtures("batches")


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
