"""Two provinces that sell, the people who look at it, and their browsers."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.console.desk import Desk
from tests.console.world import World

Desks = Callable[..., Desk]


@pytest.fixture
def world(two_provinces: World) -> World:
    """Alice sells in the south, Nils in the north; Bob and Nora bought."""
    return two_provinces


@pytest.fixture
def desk_of(app: Flask, world: World) -> Desks:
    """Browsers of staff, signed in; an empty login gives an anonymous one."""

    def made(login: str = "") -> Desk:
        assert world
        desk = Desk(app)
        if login:
            assert desk.sign_in(login).status_code == 302
        return desk

    return made
