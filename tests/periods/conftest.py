"""The world months are closed in."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.periods.world import World, make_world
from wx_backend import crash


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    assert app.testing
    yield make_world()
    crash.disarm()
