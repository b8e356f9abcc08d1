"""The world pay-outs happen in: alone with the ledger, or with the pretend WeChat Pay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from simulator import paykeys
from simulator.server import Running, start
from tests.payouts.world import World, make_world
from tests.simulator.conftest import Keys, set_accounts, set_merchant
from tests.simulator.receiver import Receiver
from tests.simulator.stage import APIV3_KEY, MCHID, MERCHANT_SERIAL, SECRET, SHOP, Stage
from wx_backend import clock, crash
from wx_backend.config import Config, Pay, PlatformKey


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
def config(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Config:
    """The test configuration; with the pretend platform as WeChat Pay where a test has a stage."""
    if "stage" not in request.fixturenames:
        return config
    stage: Stage = request.getfixturevalue("stage")
    keys: Keys = request.getfixturevalue("keys")
    receiver: Receiver = request.getfixturevalue("receiver")
    shown = set_merchant(stage, keys, operation_fen=10_000_000, transfer_limit_fen=500_000)
    (tmp_path / "merchant.pem").write_text(keys.merchant)
    (tmp_path / "platform.pem").write_text(shown["platform_public_key"])
    serial = shown["platform_public_key_id"]
    return replace(
        config,
        accounts=(replace(config.accounts[0], appid=SHOP, secret=SECRET), *config.accounts[1:]),
        service=replace(config.service, base_url=receiver.url, movable_clock=True),
        pay=Pay(
            mchid=MCHID,
            serial=MERCHANT_SERIAL,
            private_key_file=tmp_path / "merchant.pem",
            apiv3_key=APIV3_KEY,
            api_url=stage.base_url,
            platform_keys=(PlatformKey(serial=serial, file=tmp_path / "platform.pem"),),
            transfer_limit_fen=500_000,
            transfer_day_limit_fen=2_000_000,
        ),
    )


@pytest.fixture
def world(app: Flask) -> Iterator[World]:
    yield make_world(app)
    crash.disarm()
    clock.follow(None)


@pytest.fixture
def paying(world: World, stage: Stage, receiver: Receiver) -> Iterator[World]:
    """Alice and Amy follow the shop and are bound; the notice door is open."""
    world.stage = stage
    with receiver.answered_by(world.door):
        stage.control("PUT", "/people/Amy", real_name="Amy")
        world.bind("Alice", world.alice)
        world.bind("Amy", world.amy)
        yield world
