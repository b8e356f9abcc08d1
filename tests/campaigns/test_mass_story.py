"""A mass send against the pretend WeChat: drafts, the administrator, totals, whose customer clicks."""

from collections import Counter
from collections.abc import Callable
from datetime import time, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from flask import Flask

from campaigns import rules
from campaigns.mass_queries import Totals, parts_of
from campaigns.models import CampaignStatus
from campaigns.operations import approve
from flows.campaign.desk import campaign_of
from flows.campaign.mass_desk import sync_articles
from flows.campaign.moving import Who, create, submit
from flows.campaign.report import report
from members.operations import seen
from org.queries import rep_card
from referral.models import Share
from referral.reach import push_shares
from tests.campaigns.cast import CITY, NOON, Cast, article, begin, brought, people, state
from tests.simulator.stage import Stage
from tests.storefront.phone import Phone
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.outbox import defer

RunJobs = Callable[[], None]
DRAFT = {
    "title": "春季好机到店",
    "digest": "新款已到",
    "content": "<p>新款&nbsp;到店</p>",
    "thumb_media_id": "cover",
}
FOLLOWERS = ("Alice", "Bob", "Mallory")


@pytest.fixture
def openids(served: str, wechat: Stage, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An account that waits for its administrator, with a draft; who follows it."""
    assert served
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    wechat.control("PUT", f"/accounts/{CITY}", is_mass_protected=True, oauth_domain="wx.test")
    wechat.control("PUT", f"/accounts/{CITY}/drafts/D1", **DRAFT)
    return {person: wechat.act(person, "follow", appid=CITY)["openid"] for person in FOLLOWERS}


def sent(cast: Cast, run_jobs: RunJobs) -> int:
    """The drafts read, a mass send written, agreed to and begun."""
    who, now = Who(cast.writer, cast.tree.group), clock.now()
    with transaction():
        defer(sync_articles, appid=CITY)
    run_jobs()
    plan = article(content={"variants": [], "media_id": "D1"})
    with transaction():
        number = create(plan, account="city", who=who, now=now)
    with transaction():
        submit(number, who=who, now=now)
    run_jobs()
    with transaction():
        campaign_id = campaign_of(number, cast.tree.group).id
        approve(campaign_id, revision=1, staff_id=cast.reader, now=now)
    begin()
    run_jobs()
    return campaign_id


def job_of(campaign_id: int) -> str:
    """The number WeChat gave the one call."""
    db.session.rollback()
    (shown,) = parts_of(campaign_id)
    assert shown.part.msg_id is not None
    return shown.part.msg_id


def look_again(wechat: Stage, run_jobs: RunJobs) -> None:
    """Everything told, and a minute later."""
    wechat.settle()
    run_jobs()
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        run_jobs()


def test_an_article_goes_out_once_the_administrator_agreed_and_leads_each_to_his_rep(
    *, app: Flask, wechat: Stage, cast: Cast, openids: dict[str, str], run_jobs: RunJobs
) -> None:
    with transaction():
        bob = seen(appid=CITY, openid=openids["Bob"], event_at=NOON, known_at=NOON)
    brought(bob, cast.alice_id, now=clock.now())
    campaign_id = sent(cast, run_jobs)
    assert wechat.facts("message.delivered") == []
    assert state(campaign_id).status == CampaignStatus.RUNNING, "it waits"
    wechat.control("POST", f"/accounts/{CITY}/mass/{job_of(campaign_id)}", agrees=True)
    look_again(wechat, run_jobs)

    assert state(campaign_id).status == CampaignStatus.DONE
    delivered = wechat.facts("message.delivered")
    assert Counter(each["person"] for each in delivered) == dict.fromkeys(FOLLOWERS, 1)
    (said,) = delivered[0]["content"]["articles"]
    assert said["title"] == DRAFT["title"]
    assert Counter(people(campaign_id).values()) == {("sent", "mass", None): 3}

    link = urlsplit(said["content_source_url"]).path
    first, second = (Phone(app, wechat, person).open(link) for person in ("Bob", "Mallory"))
    assert first.request.path == rep_card(cast.alice_id).showroom_path
    assert second.request.path == "/"
    db.session.rollback()
    found = report(state(campaign_id))
    assert found is not None
    assert found.totals == Totals(total=3, filtered=3, sent=3, failed=0)
    assert (found.written, found.clicked, found.openings) == (3, 2, 2)
    assert {(each.name, each.people) for each in found.reps} == {("爱丽丝", 1), ("", 1)}
    share_id = push_shares(state(campaign_id).number, [cast.alice_id])[cast.alice_id]
    assert db.session.get_one(Share, share_id).is_push, "it neither takes nor extends anybody"


def test_without_the_administrator_nobody_gets_it_and_nobody_counts(
    *, wechat: Stage, cast: Cast, openids: dict[str, str], run_jobs: RunJobs
) -> None:
    assert openids
    campaign_id = sent(cast, run_jobs)
    wechat.control("POST", f"/accounts/{CITY}/mass/{job_of(campaign_id)}", agrees=False)
    look_again(wechat, run_jobs)

    assert wechat.facts("message.delivered") == []
    assert Counter(people(campaign_id).values()) == {("failed", "mass", None): 3}
    assert state(campaign_id).status == CampaignStatus.DONE


@pytest.mark.parametrize("action", ["drop_after", "cut_body"])
def test_a_lost_answer_is_settled_by_the_first_number_and_nobody_gets_it_twice(
    *, wechat: Stage, cast: Cast, openids: dict[str, str], run_jobs: RunJobs, action: str
) -> None:
    assert openids
    wechat.control("PUT", f"/accounts/{CITY}", is_mass_protected=False)
    wechat.chaos("/cgi-bin/message/mass/send", action, times=1)
    campaign_id = sent(cast, run_jobs)
    assert Counter(people(campaign_id).values()) == {("sending", "mass", None): 3}
    wechat.advance(62)
    with time_machine.travel(clock.now() + timedelta(seconds=62)):
        run_jobs()
    look_again(wechat, run_jobs)

    assert len(wechat.facts("message.delivered")) == 3
    assert Counter(people(campaign_id).values()) == {("sent", "mass", None): 3}
