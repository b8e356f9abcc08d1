"""The counts of campaigns that have ended: put right, and kept in few rows, however much comes late."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from campaigns import operations
from campaigns.counts import GroupDelta
from campaigns.models import CampaignStatus, Recipient
from flows.campaign import chunks, counting
from flows.campaign.counting import LATELY, put_right_ended, sum_up_counts
from flows.campaign.outcomes import note_outcome
from flows.campaign.stopped import settle_stopped
from templates_msg.models import Message
from tests.campaigns.cast import (
    CITY,
    NOON,
    Cast,
    approved,
    begin,
    counts_agree,
    crowd,
    one_job,
    stands,
    state,
    work,
)
from tests.campaigns.platform import Platform
from tests.racing import race
from wx_backend import clock
from wx_backend.db import db, retried, transaction

MINUTE = timedelta(minutes=1)
Told = tuple[str, int]


def changed_without_a_word(campaign_id: int) -> None:
    """What a worker of an older version does."""
    with transaction() as session:
        session.execute(
            update(Recipient)
            .where(Recipient.campaign_id == campaign_id)
            .values(way="customer_service")
        )
    assert not counts_agree(campaign_id)


def rows_kept() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(GroupDelta)) or 0


def sent() -> Sequence[Told]:
    """The number of each message that was taken, and whose it is."""
    db.session.rollback()
    found = db.session.execute(
        select(Message.msgid, Message.identity_id)
        .where(Message.msgid.is_not(None))
        .order_by(Message.id)
    )
    return [(str(msgid), identity_id) for msgid, identity_id in found]


def fails_late(told: Told) -> None:
    msgid, identity_id = told
    retried(
        lambda: note_outcome(
            appid=CITY,
            msgid=msgid,
            status="failed: system failed",
            event_at=NOON + MINUTE,
            identity_id=identity_id,
        )
    )


def test_stopping_puts_right_what_an_older_version_changed(cast: Cast, platform: Platform) -> None:
    crowd(6)
    with time_machine.travel(NOON, tick=False), pytest.MonkeyPatch.context() as small:
        small.setattr(chunks, "MOST", 2)
        campaign_id = approved(cast)
        begin()
        one_job()
        changed_without_a_word(campaign_id)
        with transaction():
            operations.stop(campaign_id, reason="够了", staff_id=cast.reader, now=NOON)
    assert counts_agree(campaign_id)
    assert platform.calls == 2


def test_settling_who_was_in_doubt_puts_right_too(cast: Cast, platform: Platform) -> None:
    crowd(3)
    platform.trouble = lambda openid: "lost" if openid == "o00000" else None
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast)
        begin()
        work()
        with transaction():
            operations.stop(campaign_id, reason="够了", staff_id=cast.reader, now=NOON)
        time.shift(3 * MINUTE)
        changed_without_a_word(campaign_id)
        assert retried(lambda: settle_stopped(now=clock.now())) == 1
    assert counts_agree(campaign_id)
    assert stands(campaign_id) == {"sent": 2, "unknown": 1}


def test_the_clock_puts_right_what_ended_lately(cast: Cast, platform: Platform) -> None:
    crowd(3)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        assert retried(lambda: put_right_ended(now=NOON)) == 0, "it is still being sent"
        work()
        assert state(campaign_id).status == CampaignStatus.DONE
    changed_without_a_word(campaign_id)
    assert retried(lambda: put_right_ended(now=NOON + LATELY)) == 0
    assert retried(lambda: put_right_ended(now=NOON + LATELY - MINUTE)) == 1
    assert counts_agree(campaign_id)
    assert platform.calls == 3


def test_what_fails_late_is_kept_in_few_rows(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each late failure adds two rows: those of a campaign with many are summed up."""
    monkeypatch.setattr(counting, "MANY", 20)
    crowd(15)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        work()
        before = rows_kept()
        for told in sent()[:9]:
            fails_late(told)
        assert rows_kept() == before + 18 <= 20
        assert retried(lambda: sum_up_counts(now=NOON)) == 0
        for told in sent()[9:12]:
            fails_late(told)
        assert retried(lambda: sum_up_counts(now=NOON)) == 1
    assert rows_kept() == 2, "sent, and failed"
    assert counts_agree(campaign_id)
    assert stands(campaign_id) == {"sent": 3, "failed": 12}
    assert platform.calls == 15


def test_summing_up_beside_late_failures_loses_none(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(counting, "MANY", 2)
    crowd(24)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        work()
        late = sent()

        def act(n: int) -> None:
            if n % 2:
                retried(lambda: sum_up_counts(now=NOON))
            else:
                fails_late(late[n // 2])

        race(app, act, times=40, threads=4)
    assert counts_agree(campaign_id)
    assert stands(campaign_id) == {"sent": 4, "failed": 20}
    assert platform.calls == 24
