"""The pretend WeChat, to which our account is known, and which pushes nothing."""

import pytest
from flask import Flask

from tests.flows.menus.conftest import CITY
from tests.simulator.stage import Stage
from wx_backend.config import Config


@pytest.fixture
def account(app: Flask, wechat: Stage, config: Config) -> Stage:
    """The account without a server of ours: pushes that nobody takes would be waited for."""
    assert app.testing
    [secret] = [each.secret for each in config.accounts if each.appid == CITY]
    wechat.control("PUT", f"/accounts/{CITY}", secret=secret)
    return wechat
