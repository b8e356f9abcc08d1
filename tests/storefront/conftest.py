"""A mall with one rep, goods on the shelf, and phones to look at it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from sqlalchemy import select

from org.hours import OpeningHours
from org.models import ChannelClass, Tier
from org.operations import create_node, set_opening_hours
from org.queries import rep_card
from org.reps import hire_rep
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.signing import sign_share
from simulator import paykeys
from tests.catalog.shelf import NOON, Wares, put_on_shelf
from tests.serving import announce
from tests.simulator.conftest import Keys, set_merchant
from tests.simulator.stage import APIV3_KEY, MCHID, MERCHANT_SERIAL, Stage
from tests.storefront.phone import AGENT, Phone
from wx_backend import clock
from wx_backend.config import Config, Pay, PlatformKey
from wx_backend.db import db, transaction

WEEK = {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
Phones = Callable[..., Phone]


@dataclass(frozen=True, slots=True)
class Mall:
    """Ids and numbers of what the tests talk about."""

    outlet_id: int
    alice_id: int
    alice_number: str
    dave_id: int
    dave_number: str
    wares: Wares
    product: str

    def link(self, rep_id: int, product: str = "", place: Place = Place.CHAT) -> str:
        """The path of a rep's share link: of his showroom, or of a product."""
        subject = Subject.PRODUCT if product else Subject.SHOWROOM
        with transaction():
            share = open_share(
                sharer=Sharer(rep_id=rep_id),
                sharing=Sharing(subject=subject, place=place, subject_key=product),
                now=clock.now(),
            )
            return f"/s/{sign_share(share.id)}"


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
def mall(app: Flask, wechat: Stage) -> Mall:
    """The town's outlet with Alice and Dave, a phone and a plan, and WeChat's accounts."""
    config: Config = app.extensions["wx_config"]
    announce(wechat, config, config.service.base_url)
    host = urlsplit(config.service.base_url).netloc
    wechat.control("PUT", f"/accounts/{config.accounts[0].appid}", oauth_domain=host)
    for name in ("Bob", "Carol", "Dave", "Erin"):
        wechat.control("PUT", f"/people/{name}", phone="13800000008", balance_fen=10_000_000)
    wares = put_on_shelf()
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G", name="集团")
        province = create_node(tier=Tier.PROVINCE, code="P", name="省", parent_id=group)
        city = create_node(tier=Tier.CITY, code="C", name="城市", parent_id=province)
        outlet = create_node(tier=Tier.OUTLET, code="O1", name="中山路营业厅", parent_id=city)
        set_opening_hours(outlet_id=outlet, hours=OpeningHours.from_json(WEEK))
        alice, dave = (
            hire_rep(
                name=name,
                outlet_id=outlet,
                channel_class=ChannelClass.OWN_HALL,
                title="客户经理",
                greeting="您好，选机办卡随时找我",
                now=NOON,
            )
            for name in ("爱丽丝", "戴夫")
        )
    return Mall(
        outlet_id=outlet,
        alice_id=alice,
        alice_number=rep_card(alice).number,
        dave_id=dave,
        dave_number=rep_card(dave).number,
        wares=wares,
        product=product_of(wares.phone_id),
    )


def product_of(sku_id: int) -> str:
    """The public number of a variant's product."""
    from catalog.models import Product, Sku

    query = select(Product.number).join(Sku, Sku.product_id == Product.id).where(Sku.id == sku_id)
    return db.session.scalars(query).one()


@pytest.fixture
def phone_of(app: Flask, wechat: Stage) -> Phones:
    """Phones by owner; ask for the mall beside it."""

    def made(owner: str, agent: str = AGENT) -> Phone:
        return Phone(app, wechat, owner, agent)

    return made
