"""A market that trades: the pretend WeChat Pay, our app set up against it, its notice door."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from simulator import paykeys
from simulator.server import Running, start
from tests.catalog.shelf import Wares
from tests.flows.trade.market import Market, open_market
from tests.simulator.conftest import Keys, set_accounts, set_merchant
from tests.simulator.receiver import Receiver
from tests.simulator.stage import APIV3_KEY, MCHID, MERCHANT_SERIAL, SECRET, SHOP, Stage
from wx_backend import clock, crash
from wx_backend.config import Billing, Config, Pay, PlatformKey


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys(*(paykeys.new_private_key() for _ in range(3)))


@pytest.fixture
def platform() -> Iterator[Running]:
    with start() as running:
        yield running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def stage(platform: Running, receiver: Receiver) -> Iterator[Stage]:
    stage = Stage(platform.base_url)
    set_accounts(stage, receiver)
    yield stage
    stage.close()


@pytest.fixture
def config(config: Config, stage: Stage, receiver: Receiver, keys: Keys, tmp_path: Path) -> Config:
    return trading(config, stage, receiver.url, keys, tmp_path)


def trading(config: Config, stage: Stage, url: str, keys: Keys, folder: Path) -> Config:
    """The configuration of a market at this address, with the pretend platform as WeChat Pay."""
    shown = set_merchant(stage, keys, refund_delay=0.05)
    (folder / "merchant.pem").write_text(keys.merchant)
    (folder / "platform.pem").write_text(shown["platform_public_key"])
    account = replace(config.accounts[0], appid=SHOP, secret=SECRET)
    serial = shown["platform_public_key_id"]
    return replace(
        config,
        accounts=(account, *config.accounts[1:]),
        wechat=replace(config.wechat, api_url=stage.base_url, oauth_url=stage.base_url),
        service=replace(config.service, base_url=url, movable_clock=True),
        billing=Billing(
            url=f"{stage.base_url}/billing",
            shared_key="shared-with-billing",
            exchange_dir=folder / "exchange",
            file_hour=1,
        ),
        pay=Pay(
            mchid=MCHID,
            serial=MERCHANT_SERIAL,
            private_key_file=folder / "merchant.pem",
            apiv3_key=APIV3_KEY,
            api_url=stage.base_url,
            platform_keys=(PlatformKey(serial=serial, file=folder / "platform.pem"),),
        ),
    )


@pytest.fixture
def market(app: Flask, stage: Stage, receiver: Receiver, wares_on_shelf: Wares) -> Iterator[Market]:
    market = open_market(app, stage, wares_on_shelf)
    with receiver.answered_by(market.door):
        yield market
    crash.disarm()
    clock.follow(None)
