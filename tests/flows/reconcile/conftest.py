"""A market whose days are reconciled: the fixtures of trade, billing that answers, the morning after."""

import pytest

from tests.flows.trade.conftest import (
    config,
    keys,
    market,
    platform,
    receiver,
    stage,
)
from tests.flows.trade.market import Market
from tests.simulator.stage import Stage

__all__ = ["config", "keys", "market", "platform", "receiver", "stage"]


@pytest.fixture(autouse=True)
def _billing(market: Market, stage: Stage) -> None:
    """The pretend billing system knows our key and answers at once."""
    key = market.app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)
