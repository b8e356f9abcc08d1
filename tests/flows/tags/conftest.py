"""The pretend WeChat, to which our account is known, and which pushes nothing."""

import pytest
from flask import Flask

from flows.tags import telling
from tests.flows.menus.conftest import CITY
from tests.flows.tags.tagging import following
from tests.simulator.stage import Stage
from wx_backend.config import Config

PEOPLE = ("ann", "ben", "cat", "dan", "eve", "fay", "gus")


@pytest.fixture
def account(app: Flask, wechat: Stage, config: Config) -> Stage:
    """The account without a server of ours: pushes that nobody takes would be waited for."""
    assert app.testing
    [secret] = [each.secret for each in config.accounts if each.appid == CITY]
    wechat.control("PUT", f"/accounts/{CITY}", secret=secret)
    return wechat


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three at once, and two on a page, so that a few people are many batches and pages."""
    monkeypatch.setattr(telling, "BATCH", 3)


@pytest.fixture
def people(account: Stage) -> dict[str, int]:
    """Seven followers: identities by openid."""
    return dict(following(account, person) for person in PEOPLE)
