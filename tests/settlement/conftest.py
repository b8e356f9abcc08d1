"""The world commission is tested in."""

import pytest
from flask import Flask

from tests.settlement.world import World


@pytest.fixture
def world(app: Flask) -> World:
    """Alice, Carol, Bob and wares, in a database of this test's own."""
    assert app.testing
    return World()
