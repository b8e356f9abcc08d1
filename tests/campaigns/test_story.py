"""A promotion against the pretend WeChat: who agreed, who wrote, who wants no more; what truly arrived."""

from collections import Counter
from collections.abc import Callable
from datetime import time

import pytest
from flask import Flask
from sqlalchemy import select

from campaigns import rules
from campaigns.models import CampaignStatus
from flows.arrival.plan import GATHERED_FOR
from templates_msg.models import Message, MessageStatus
from tests.campaigns.cast import CITY, CONTENT, OFFER, Cast, approved, begin, offer, people, state
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.db import db

RunJobs = Callable[[], None]


def test_a_promotion_arrives_where_it_may_and_what_became_of_it_comes_back(
    *,
    app: Flask,
    served: str,
    wechat: Stage,
    cast: Cast,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert app.testing
    assert served
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    place = f"/accounts/{CITY}/templates/{OFFER}"
    wechat.control("PUT", place, title="活动提醒", content=CONTENT, is_subscription=True)
    for person in ("Alice", "Bob", "Mallory"):
        wechat.act(person, "follow", appid=CITY)
    wechat.act("Alice", "consent", appid=CITY, answers={OFFER: "accept"})
    wechat.act("Bob", "say", appid=CITY, text="你好")
    wechat.act("Mallory", "say", appid=CITY, text="退订")
    run_jobs()
    campaign_id = approved(cast, offer(), now=clock.now())
    begin()
    run_jobs()
    wechat.settle()
    monkeypatch.setattr(clock._offset, "value", GATHERED_FOR)
    run_jobs()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert Counter(people(campaign_id).values()) == {
        ("sent", "subscription", None): 1,
        ("sent", "customer_service", None): 1,
        ("left_out", None, "opted_out"): 1,
    }
    facts = wechat.facts("message.delivered")
    sent = [(each["person"], each["message"]) for each in facts if each["message"] != "passive"]
    assert sorted(sent) == [("Alice", "subscribe"), ("Bob", "customer_service")]
    db.session.rollback()
    kinds = db.session.execute(select(Message.kind, Message.status)).all()
    assert {kind: status for kind, status in kinds} == {  # noqa: C416 - rows are no pairs to dict()
        "subscription": MessageStatus.DELIVERED,
        "customer_service": MessageStatus.SENT,
    }
