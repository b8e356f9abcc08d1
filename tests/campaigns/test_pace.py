"""How fast a campaign sends, whoever sends it, and what the platform takes back meanwhile."""

from collections import Counter
from datetime import timedelta
from time import monotonic, sleep

import pytest
import time_machine
from flask import Flask

from campaigns.models import CampaignStatus
from flows.campaign import chunks
from flows.campaign.running import BEFORE_SEND
from tests.campaigns.cast import CITY, NOON, Cast, approved, begin, crowd, people, plan, state, work
from tests.campaigns.platform import Platform
from tests.racing import race
from wx_backend import crash
from wx_backend.db import db
from wx_backend.platform import client

LEASE = timedelta(seconds=61)

pytestmark = pytest.mark.usefixtures("slots_are_short")


def have_a_token() -> None:
    """So that the first letters do not wait for one, and then go out in a heap with those after them."""
    client(CITY).keeper.token()


def test_no_second_sees_more_than_the_rate(cast: Cast, platform: Platform) -> None:
    crowd(25)
    at: list[float] = []
    platform.trouble = lambda _openid: at.append(monotonic())
    with time_machine.travel(NOON), pytest.MonkeyPatch.context() as small:
        small.setattr(chunks, "SECONDS", 0.5)  # several chunks, from both lanes
        approved(cast, plan(rate_per_second=20))
        have_a_token()
        begin()
        for _ in range(8):
            work()
            sleep(0.2)

    assert len(at) == 25
    at.sort()
    assert all(at[n + 20] - at[n] >= 1.0 for n in range(5))


def test_four_senders_of_whom_one_dies_keep_the_rate_together(
    app: Flask, cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two campaigns of one account share its pace; who comes for the dead one does too."""
    crowd(30)
    at: list[float] = []
    platform.trouble = lambda _openid: at.append(monotonic())
    monkeypatch.setattr(chunks, "SECONDS", 0.5)
    dies = iter([True])

    def die_once() -> None:
        if next(dies, False):
            crash.raise_crashed()

    def send_for_a_while(_: int) -> int:
        deaths = 0
        for _turn in range(12):
            try:
                work()
            except crash.Crashed:
                db.session.remove()
                deaths += 1
            sleep(0.2)
        return deaths

    with time_machine.travel(NOON) as time:
        campaigns = [approved(cast, plan(rate_per_second=20)) for _ in range(2)]
        have_a_token()
        begin()
        crash.arm(BEFORE_SEND, die_once)
        deaths = race(app, send_for_a_while, times=4)
        crash.disarm()
        time.shift(LEASE)
        race(app, send_for_a_while, times=4)

    assert sum(deaths) == 1
    assert {state(each).status for each in campaigns} == {CampaignStatus.DONE}
    assert platform.received == Counter({f"o{n:05d}": 2 for n in range(30)})
    at.sort()
    assert all(later - first >= 1.0 for first, later in zip(at, at[20:], strict=False))


def test_a_token_the_platform_takes_back_in_the_middle_is_renewed_once(
    cast: Cast, platform: Platform
) -> None:
    """32 calls are under way with it; each is repeated with the new one, and nobody is lost."""
    crowd(120)
    met: list[str] = []

    def take_back(openid: str) -> None:
        met.append(openid)
        if len(met) == 40:
            platform.void.add(platform.token)

    platform.trouble = take_back
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
        work()

    assert platform.tokens == 2
    assert {status for status, _, _ in people(campaign_id).values()} == {"sent"}
    assert platform.received == Counter({f"o{n:05d}": 1 for n in range(120)})
