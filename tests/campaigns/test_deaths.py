"""A campaign's sender may break, be killed or hang anywhere: everybody is written to once."""

import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask

from campaigns.models import CampaignStatus
from flows.campaign.mass_call import AFTER_SEND as MASS_AFTER
from flows.campaign.mass_call import BEFORE_SEND as MASS_BEFORE
from flows.campaign.running import AFTER_SEND, BEFORE_MARK, BEFORE_SEND
from tests.campaigns.cast import (
    NOON,
    Cast,
    approved,
    article,
    begin,
    crowd,
    followers,
    people,
    state,
    work,
)
from tests.campaigns.mass_calls import NAMES, all_ended
from tests.campaigns.platform import Platform
from tests.dying import Deed, Fate, meet
from wx_backend.db import db

LEASE = timedelta(seconds=61)


class Written(Platform):
    """Writes down what it was asked: who comes after a dead process knows of it, as WeChat does."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        for line in path.read_text().splitlines() if path.exists() else ():
            super()._answer(*json.loads(line))

    def _answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self._path.open("a") as file:
            file.write(json.dumps([path, body]) + "\n")
        return super()._answer(path, body)


def send(app: Flask, given: tuple[Path, datetime]) -> None:
    """What a worker does at an instant."""
    path, at = given
    with time_machine.travel(at, tick=False):
        app.extensions["wx_clients"]._transport = Written(path)
        work()


@pytest.mark.processes
@pytest.mark.parametrize("point", [BEFORE_SEND, AFTER_SEND, BEFORE_MARK])
@pytest.mark.parametrize("fate", Fate)
def test_everybody_is_written_to_once(
    app: Flask, cast: Cast, tmp_path: Path, point: str, fate: Fate
) -> None:
    crowd(5)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast)
        begin()
    db.session.rollback()
    received = tmp_path / "received"
    meet(Deed(app.extensions["wx_config"], point, send, (received, NOON)), fate)
    for turn in (1, 2):
        send(app, (received, NOON + turn * LEASE))
    assert state(campaign_id).status == CampaignStatus.DONE
    assert {status for status, _, _ in people(campaign_id).values()} == {"sent"}
    with time_machine.travel(NOON, tick=False):
        assert Written(received).received == Counter({f"o{n:05d}": 1 for n in range(5)})


@pytest.mark.processes
@pytest.mark.parametrize("point", [MASS_BEFORE, MASS_AFTER])
@pytest.mark.parametrize("fate", Fate)
def test_everybody_gets_an_article_sent_to_all_once(
    app: Flask, cast: Cast, tmp_path: Path, point: str, fate: Fate
) -> None:
    followers(NAMES)
    with time_machine.travel(NOON, tick=False):
        campaign_id = approved(cast, article())
        begin()
    db.session.rollback()
    received = tmp_path / "received"
    meet(Deed(app.extensions["wx_config"], point, send, (received, NOON)), fate)
    for turn in range(1, 5):
        send(app, (received, NOON + turn * LEASE))
    with time_machine.travel(NOON + 5 * LEASE, tick=False):
        all_ended()
    send(app, (received, NOON + 6 * LEASE))
    assert state(campaign_id).status == CampaignStatus.DONE
    with time_machine.travel(NOON, tick=False):
        assert Written(received).received == Counter({f"o{name}": 1 for name in NAMES})
