"""Bob's order of one phone, and one sent attempt to pay it."""

import pytest
from flask import Flask

from tests.catalog.shelf import Wares, put_on_shelf
from tests.orders.buyers import Buyer, add_buyer
from tests.payments.till import Attempt, attempt_for, order_of


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf(units=50, phone_fen=9_900)


@pytest.fixture
def bob(app: Flask) -> Buyer:
    assert app.testing
    return add_buyer("Bob")


@pytest.fixture
def attempt(wares: Wares, bob: Buyer) -> Attempt:
    return attempt_for(order_of(bob, wares))
