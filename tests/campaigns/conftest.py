"""An account with templates, people with and without reasons to be written to, a platform double."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from campaigns.models import Campaign
from flows.campaign import posting
from flows.campaign.posting import GRACE_SECONDS
from tests.campaigns.cast import Cast, counts_agree
from tests.campaigns.platform import Platform
from wx_backend.db import db


@pytest.fixture(autouse=True)
def pages_count_what_is_so(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever a test does to campaigns: how many stand where is kept as counting finds it."""
    uses_rows = "app" in request.fixturenames
    if uses_rows:
        request.getfixturevalue("app")
    yield
    if uses_rows:
        db.session.rollback()
        for campaign_id in db.session.scalars(select(Campaign.id)).all():
            assert counts_agree(campaign_id)


@pytest.fixture(autouse=True)
def slots_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine, or a clock that stands, takes no letter's time away, but where that is what is looked at."""
    monkeypatch.setattr(posting, "GRACE_SECONDS", 60.0)


@pytest.fixture
def slots_are_short(monkeypatch: pytest.MonkeyPatch, slots_are_long: None) -> None:
    """As they are in production."""
    assert slots_are_long is None
    monkeypatch.setattr(posting, "GRACE_SECONDS", GRACE_SECONDS)


@pytest.fixture
def cast(cast_of_campaigns: Cast) -> Cast:
    """Alice's and nobody's customers at the city's account, and two staff."""
    return cast_of_campaigns


@pytest.fixture
def platform(app: Flask) -> Platform:
    """The message platform at the one seam: it remembers what truly reached whom."""
    made = Platform()
    app.extensions["wx_clients"]._transport = made
    return made
