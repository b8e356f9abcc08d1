"""The market of the trade tests, with an outlet that works off what was paid."""

import pytest

from tests.flows.fulfilment.counter import Counter, open_counter
from tests.flows.trade.conftest import config, keys, market, platform, receiver, stage
from tests.flows.trade.market import Market

__all__ = ["config", "keys", "market", "platform", "receiver", "stage"]


@pytest.fixture
def counter(market: Market) -> Counter:
    return open_counter(market)
