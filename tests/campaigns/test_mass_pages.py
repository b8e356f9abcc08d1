"""A mass send's audience is gone through page by page, a page a turn."""

from collections import Counter

import pytest
import time_machine

from campaigns.models import CampaignStatus
from campaigns.recipients import opt_out
from flows.campaign import mass
from tests.campaigns.cast import NOON, Cast, approved, article, begin, followers, state, work
from tests.campaigns.mass_calls import NAMES, stands
from tests.campaigns.platform import Platform
from wx_backend import outbox
from wx_backend.db import transaction


def test_a_page_nobody_of_whom_is_meant_ends_its_turn(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mass, "PEOPLE", 3)
    ids = followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        with transaction():
            for each in ids:
                opt_out(identity_id=each, now=NOON)
        begin()
        (turn,) = outbox.claim(outbox.BULK, limit=1)
        assert outbox.run(turn)
        assert stands(campaign_id) == {"left_out": 3, "waiting": 4}
        work()

    assert platform.calls == 0
    assert stands(campaign_id) == {"left_out": 7}
    assert state(campaign_id).status == CampaignStatus.DONE


def test_a_page_left_out_between_others_keeps_nobody_waiting(
    cast: Cast, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mass, "PEOPLE", 3)
    ids = followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        approved(cast, article())
        with transaction():
            for each in ids[3:5]:
                opt_out(identity_id=each, now=NOON)
        begin()
        work()

    assert platform.received == Counter({f"o{name}": 1 for name in NAMES[:3] + NAMES[5:]})
