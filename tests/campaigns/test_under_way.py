"""What happens while a chunk is on its way: a pause, an opt-out, outcomes that are not worked off."""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from queue import SimpleQueue

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert, update

from campaigns import operations
from campaigns.models import CampaignStatus
from campaigns.recipients import opt_out
from flows.campaign import chunks, posting, running
from flows.campaign.posting import Letter, Look
from tests.campaigns.cast import (
    NOON,
    Cast,
    approved,
    begin,
    crowd,
    one_job,
    people,
    plan,
    stands,
    state,
    work,
)
from tests.campaigns.platform import Platform
from wx_backend.claims import WorkStatus
from wx_backend.db import db, retried, transaction
from wx_backend.inbox import Push

MINUTE = timedelta(minutes=1)


def test_a_pause_in_the_middle_of_a_chunk_stops_what_has_not_left(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three seconds' letters: the tenth is answered once that was seen, as those under way with it."""
    crowd(300)
    seen = _looks(monkeypatch)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(rate_per_second=100))
        begin()
        platform.trouble = _at_the(10, lambda: _paused(app, campaign_id, cast), seen)
        one_job()
        left = platform.calls
        assert 10 <= left < 10 + posting.AT_ONCE
        assert state(campaign_id).status == CampaignStatus.PAUSED
        assert stands(campaign_id) == {"sent": left, "waiting": 300 - left}
        for _ in range(3):
            time.shift(2 * MINUTE)
            work()
    assert platform.calls == left, "nor after a restart, whose chunks find another run"


def _looks(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Waits until the sender heeds what is committed by now: until it has looked, and looks again."""
    monkeypatch.setattr(posting, "LOOK_EVERY_SECONDS", 0.1)
    begun: SimpleQueue[None] = SimpleQueue()
    look = running._look

    def noted(campaign_id: int, run: int, ahead: Sequence[Letter]) -> Look:
        begun.put(None)
        return look(campaign_id, run, ahead)

    def seen() -> None:
        while not begun.empty():
            begun.get()
        for _ in range(2):
            begun.get(timeout=60)

    monkeypatch.setattr(running, "_look", noted)
    return seen


def _at_the(
    number: int, act: Callable[[], None], seen: Callable[[], None]
) -> Callable[[str], None]:
    """What a letter's call brings about, once; in a thread of its own, as another process would.

    Until it is `seen` no call is answered: the platform of the tests takes one after the other.
    """
    calls = count(1)

    def trouble(_openid: str) -> None:
        if next(calls) == number:
            thread = threading.Thread(target=act)
            thread.start()
            thread.join()
            seen()

    return trouble


def _paused(app: Flask, campaign_id: int, cast: Cast) -> None:
    with app.app_context():
        retried(lambda: operations.pause(campaign_id, reason="停", staff_id=cast.reader, now=NOON))
        db.session.remove()


def test_who_opts_out_while_his_chunk_is_on_its_way_gets_nothing(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    *_, last = crowd(150)
    seen = _looks(monkeypatch)

    def refuses() -> None:
        with app.app_context():
            retried(lambda: opt_out(identity_id=last, now=NOON))
            db.session.remove()

    platform.trouble = _at_the(5, refuses, seen)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, plan(rate_per_second=150))
        begin()
        work()

    assert "o00149" not in platform.received
    assert people(campaign_id)["o00149"] == ("left_out", "template", "opted_out")
    assert platform.received == {f"o{n:05d}": 1 for n in range(149)}
    assert state(campaign_id).status == CampaignStatus.DONE


@pytest.mark.parametrize(("waiting", "sent"), [(100, 10), (101, 5), (601, 0)])
def test_as_fast_as_the_outcomes_are_worked_off(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch, waiting: int, sent: int
) -> None:
    """Half as fast when pushes are five seconds behind, not at all when thirty; then it goes on."""
    crowd(30)
    monkeypatch.setattr(chunks, "SECONDS", 0.5)
    with time_machine.travel(NOON, tick=False) as time:
        campaign_id = approved(cast, plan(rate_per_second=20))
        begin()
        _pushes_wait(waiting)
        one_job()
        assert platform.calls == sent
        with transaction() as session:
            session.execute(update(Push).values(status=WorkStatus.DONE))
        for _ in range(8):
            time.shift(timedelta(seconds=11))
            work()

    assert state(campaign_id).status == CampaignStatus.DONE
    assert len(platform.received) == 30


def _pushes_wait(count_: int) -> None:
    row = {
        "account": "city", "kind": "event", "digest": b"d" * 32, "reply": "", "event_at": NOON,
        "known_at": NOON, "status": WorkStatus.PENDING, "attempts": 0, "due_at": NOON,
    }  # fmt: skip
    with transaction() as session:
        session.execute(insert(Push), [{**row, "key": b"%16d" % n} for n in range(count_)])
