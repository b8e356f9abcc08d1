"""A running simulator with one shop, one mini-program, one merchant and the cast."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from simulator import paykeys
from simulator.server import Running, start
from tests.simulator.receiver import Receiver
from tests.simulator.stage import (
    AES_KEY,
    APIV3_KEY,
    MCHID,
    MERCHANT_SERIAL,
    MINI,
    SECRET,
    SHOP,
    TOKEN,
    Stage,
)


@dataclass(frozen=True)
class Keys:
    """Made once: the merchant's key and the two of the platform, as PEM."""

    merchant: str
    platform: str
    certificate: str


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys(*(paykeys.new_private_key() for _ in range(3)))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


@pytest.fixture
def platform() -> Iterator[Running]:
    with start() as running:
        yield running


@pytest.fixture
def stage(platform: Running, receiver: Receiver) -> Iterator[Stage]:
    """The control API of a platform with a shop, a mini-program, Alice and Bob."""
    stage = Stage(platform.base_url)
    set_accounts(stage, receiver)
    yield stage
    stage.close()


@pytest.fixture
def merchant(stage: Stage, keys: Keys) -> dict[str, str]:
    """The shop's merchant, as the control API shows it."""
    return set_merchant(stage, keys)


def set_accounts(stage: Stage, receiver: Receiver) -> None:
    common = {
        "secret": SECRET,
        "token": TOKEN,
        "encoding_aes_key": AES_KEY,
        "open_platform": "group",
    }
    stage.control(
        "PUT",
        f"/accounts/{SHOP}",
        callback_url=f"{receiver.url}/push",
        oauth_domain="shop.example",
        **common,
    )
    stage.control(
        "PUT", f"/accounts/{MINI}", kind="mini", callback_url=f"{receiver.url}/mini", **common
    )
    for name, phone in (("Alice", "13800000001"), ("Bob", "13800000002")):
        stage.control("PUT", f"/people/{name}", phone=phone, real_name=name)


def set_merchant(stage: Stage, keys: Keys, **more: object) -> dict[str, str]:
    shown: dict[str, str] = stage.control(
        "PUT",
        f"/merchants/{MCHID}",
        serial=MERCHANT_SERIAL,
        public_key=paykeys.public_pem(keys.merchant),
        apiv3_key=APIV3_KEY,
        appids=[SHOP, MINI],
        platform_private_key=keys.platform,
        **more,
    )
    return shown
