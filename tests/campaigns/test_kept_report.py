"""What a report shows was counted by a job, once a minute at most, and is what a plain count finds."""

import random
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from campaigns.models import Campaign
from campaigns.reports import KeptReport
from flows.campaign import kept_report as counting
from flows.campaign.kept_report import Shown, shown_report
from flows.campaign.report import Report, report
from members.operations import seen
from referral.reach import push_shares
from templates_msg.models import Message
from templates_msg.outcomes import record_outcome
from tests.campaigns.cast import CITY, NOON, Cast, people, state
from tests.campaigns.test_measuring import clicks, paid_again, reported, sent
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.outbox import Job

__all__ = ["sent"]
RunJobs = Callable[[], None]
STATUSES = ("success", "failed:user block", "failed: system failed")


def look(campaign_id: int) -> Shown:
    """What a page of its shows; `state` would end the transaction it is asked in."""
    return retried(lambda: shown_report(db.session.get_one(Campaign, campaign_id), now=clock.now()))


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The campaigns that were counted, one after the other."""
    counted: list[int] = []

    def noted(campaign: object) -> Report | None:
        counted.append(campaign.id)  # type: ignore[attr-defined]  # a Campaign
        return report(campaign)  # type: ignore[arg-type]

    monkeypatch.setattr(counting, "report", noted)
    return counted


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_in_the_report_is_what_a_plain_count_finds(
    cast: Cast, sent: int, run_jobs: RunJobs, counts: list[int], seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a choice of steps
    with transaction():
        openids = [openid for openid, (status, _, _) in people(sent).items() if status != "failed"]
        share_id = push_shares(state(sent).number, [cast.alice_id])[cast.alice_id]
        ids = [seen(appid=CITY, openid=each, event_at=NOON, known_at=NOON) for each in openids]
        messages = list(db.session.execute(select(Message.msgid, Message.identity_id)))
    with time_machine.travel(NOON + timedelta(hours=1), tick=False) as clocks:
        looked: list[float] = []
        for _ in range(40):
            at, who = clock.now(), chance.choice(ids)
            match chance.choice(("click", "order", "outcome", "outcome", "look", "look", "wait")):
                case "click":
                    clicks(who, share_id, at)
                case "order":
                    clocks.shift(timedelta(hours=1))  # an order an hour is as many as one places
                    paid_again(who, at)
                case "outcome":
                    msgid, identity_id = chance.choice(messages)
                    with transaction():
                        record_outcome(
                            appid=CITY,
                            msgid=str(msgid),
                            status=chance.choice(STATUSES),
                            event_at=at,
                            identity_id=identity_id,
                        )
                case "wait":
                    clocks.shift(timedelta(seconds=chance.choice((20, 61, 3_600))))
                case _:
                    before = len(counts)
                    look(sent)
                    run_jobs()
                    shown = look(sent)
                    looked += [at.timestamp()] * (len(counts) - before)
                    assert not shown.is_counting
                    if len(counts) > before:
                        assert shown.report == reported(sent)
        clocks.shift(timedelta(minutes=2))
        look(sent)
        run_jobs()
        assert look(sent).report == reported(sent)
    assert all(later - earlier >= 60 for earlier, later in pairwise(looked))


def test_nothing_is_counted_while_somebody_waits_for_the_page(
    sent: int, run_jobs: RunJobs, counts: list[int]
) -> None:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False) as clocks:
        assert look(sent) == Shown(None, None, is_counting=True)
        assert look(sent).is_counting
        assert counts == []
        run_jobs()
        first = look(sent)
        assert first.report is not None
        assert not first.is_counting
        clocks.shift(timedelta(seconds=61))
        stale = look(sent)
        assert (stale.report, stale.is_counting) == (first.report, True)
        assert counts == [sent]


def test_when_its_week_is_over_it_is_counted_once_a_day(
    sent: int, run_jobs: RunJobs, counts: list[int]
) -> None:
    with time_machine.travel(NOON + timedelta(days=9), tick=False) as clocks:
        for hours in (0, 1, 22, 2):
            clocks.shift(timedelta(hours=hours))
            look(sent)
            run_jobs()
    assert counts == [sent, sent]


def test_of_many_who_look_at_once_one_counts(app: Flask, sent: int, counts: list[int]) -> None:
    now = NOON + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        race(app, lambda n: look(sent), times=8)  # noqa: ARG005 - everybody does the same
    jobs = db.session.scalars(select(Job).where(Job.name == "report.count")).all()
    assert len(jobs) == 1
    assert counts == []


def test_what_an_older_version_kept_is_counted_anew(sent: int, run_jobs: RunJobs) -> None:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False) as clocks:
        look(sent)
        run_jobs()
        with transaction():
            db.session.get_one(KeptReport, sent).content = {"audience": "many"}
        assert look(sent).report is None
        clocks.shift(timedelta(seconds=61))
        look(sent)
        run_jobs()
        assert look(sent).report == reported(sent)
