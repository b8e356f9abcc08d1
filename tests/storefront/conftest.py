"""A mall with one rep, goods on the shelf, and phones to look at it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask

from simulator import paykeys
from tests.serving import announce
from tests.simulator.conftest import Keys, set_merchant
from tests.simulator.stage import APIV3_KEY, MCHID, MERCHANT_SERIAL, Stage
from tests.storefront.mall import Mall
from tests.storefront.phone import AGENT, Phone
from wx_backend import clock
from wx_backend.config import Config, Pay, PlatformKey

Phones = Callable[..., Phone]


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys(*(paykeys.new_private_key() for _ in range(3)))


@pytest.fixture
def config(config: Config, wechat: Stage, keys: Keys, tmp_path: Path) -> Config:
    """The tests' configuration with the pretend WeChat Pay, and a clock that can be moved."""
    account = config.accounts[0]
    shown = set_merchant(wechat, keys, refund_delay=0.05)
    wechat.control("PUT", f"/merchants/{MCHID}", appids=[account.appid])
    (tmp_path / "merchant.pem").write_text(keys.merchant)
    (tmp_path / "platform.pem").write_text(shown["platform_public_key"])
    serial = shown["platform_public_key_id"]
    pay = Pay(
        mchid=MCHID,
        serial=MERCHANT_SERIAL,
        private_key_file=tmp_path / "merchant.pem",
        apiv3_key=APIV3_KEY,
        api_url=wechat.base_url,
        platform_keys=(PlatformKey(serial=serial, file=tmp_path / "platform.pem"),),
    )
    service = replace(config.service, base_url="https://wx.test", movable_clock=True)
    return replace(config, pay=pay, service=service)


@pytest.fixture
def pass_time(app: Flask, wechat: Stage) -> Iterator[Callable[[float], None]]:
    """Move our clock and the pretend WeChat's by some seconds."""
    file = app.extensions["wx_config"].service.data_dir / "clock-offset"

    def move(seconds: float) -> None:
        wechat.control("POST", "/clock", offset=seconds)
        file.write_text(str(seconds))
        clock.follow(file)

    yield move
    clock.follow(None)


@pytest.fixture
def mall(app: Flask, wechat: Stage, small_town: Mall) -> Mall:
    """The town's outlet with Alice and Dave, a phone and a plan, and WeChat's accounts."""
    config: Config = app.extensions["wx_config"]
    announce(wechat, config, config.service.base_url)
    host = urlsplit(config.service.base_url).netloc
    wechat.control("PUT", f"/accounts/{config.accounts[0].appid}", oauth_domain=host)
    for name in ("Bob", "Carol", "Dave", "Erin"):
        wechat.control("PUT", f"/people/{name}", phone="13800000008", balance_fen=10_000_000)
    return small_town


@pytest.fixture
def phone_of(app: Flask, wechat: Stage) -> Phones:
    """Phones by owner; ask for the mall beside it."""

    def made(owner: str, agent: str = AGENT) -> Phone:
        return Phone(app, wechat, owner, agent)

    return made
