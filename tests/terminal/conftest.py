"""Alice, a rep with a phone; Bob who buys; an outlet that invites; the pretend WeChat behind it."""

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from flask import Flask

from tests.console.world import World
from tests.serving import announce
from tests.simulator.stage import Stage
from tests.terminal.phone import RepPhone
from wx_backend.config import Config

Phones = Callable[[str], RepPhone]


@pytest.fixture
def world(app: Flask, wechat: Stage, two_provinces: World) -> World:
    """The two provinces of the console's tests, and WeChat's accounts and people."""
    config: Config = app.extensions["wx_config"]
    announce(wechat, config, config.service.base_url)
    host = urlsplit(config.service.base_url).netloc
    wechat.control("PUT", f"/accounts/{config.accounts[0].appid}", oauth_domain=host)
    for name in ("Alice", "Dave", "Mallory"):
        wechat.control("PUT", f"/people/{name}")
    return two_provinces


@pytest.fixture
def phone_of(app: Flask, wechat: Stage, world: World) -> Phones:
    """Phones by owner, signed in by WeChat."""
    assert world

    def made(owner: str) -> RepPhone:
        phone = RepPhone(app, wechat, owner)
        phone.sign_in("/terminal/bind")
        return phone

    return made


def bound(phone_of: Phones, owner: str, rep_id: int) -> RepPhone:
    """The phone of a person who became a rep by his invitation."""
    phone = phone_of(owner)
    assert phone.bind(rep_id).status_code == 302
    return phone
