"""People sign in by the account that is nearest to whose link or page they came by."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from members.models import Identity
from org.models import ChannelClass, Tier
from org.operations import create_node
from org.queries import node_by_code, rep_card
from org.reps import hire_rep
from tests.catalog.shelf import NOON
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from wx_backend.config import Config
from wx_backend.db import db, transaction

NORTH, SOUTH = "wx5ad0c1ee0a2b3f4d", "wx77aa00bb11cc22dd"


@pytest.fixture
def config(config: Config) -> Config:
    """The second account belongs to the southern city."""
    first, second = config.accounts
    return replace(config, accounts=(first, replace(second, default_outlet="O2")))


@pytest.fixture
def erin_id(mall: Mall, wechat: Stage) -> int:
    """Erin sells in the southern city, where the second account is at home."""
    wechat.control("PUT", f"/accounts/{SOUTH}", oauth_domain="wx.test")
    province = node_by_code("P")
    assert mall.outlet_id
    assert province is not None
    with transaction():
        city = create_node(tier=Tier.CITY, code="C2", name="南市", parent_id=province.id)
        create_node(tier=Tier.OUTLET, code="O2", name="南门营业厅", parent_id=city)
        other = create_node(tier=Tier.OUTLET, code="O3", name="南街营业厅", parent_id=city)
        return hire_rep(
            name="艾琳",
            outlet_id=other,
            channel_class=ChannelClass.OWN_HALL,
            title="客户经理",
            greeting="您好",
            now=NOON,
        )


def asked_account(phone: Phone, path: str) -> str:
    """By which account a phone is to sign in when it opens an address."""
    answer = phone.get(path)
    while not answer.headers["Location"].startswith("http://127.0.0.1"):
        answer = phone.get(answer.headers["Location"].removeprefix("https://wx.test"))
    return parse_qs(urlsplit(answer.headers["Location"]).query)["appid"][0]


def identities() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Identity.appid).order_by(Identity.id)))


def test_a_reps_link_leads_to_the_account_of_his_city(
    mall: Mall, erin_id: int, phone_of: Phones
) -> None:
    assert asked_account(phone_of("Bob"), mall.link(mall.alice_id)) == NORTH
    assert asked_account(phone_of("Bob"), mall.link(erin_id)) == SOUTH


def test_who_signs_in_by_the_second_account_is_its_person_and_comes_back_to_it(
    mall: Mall, erin_id: int, phone_of: Phones
) -> None:
    phone = phone_of("Bob")
    phone.follow(phone.get(mall.link(erin_id)))
    assert identities() == [SOUTH]
    phone.post("/logout")
    phone.get("/")
    phone.follow(phone.get(f"/login?next=/r/{rep_card(erin_id).number}"))
    assert identities() == [SOUTH]
    assert phone.get("/orders").status_code == 200


def test_a_customers_link_leads_to_the_account_he_shared_under(
    mall: Mall, erin_id: int, phone_of: Phones
) -> None:
    phone = phone_of("Bob")
    phone.follow(phone.get(mall.link(erin_id)))
    link = phone.post("/api/shares", subject="product", key=mall.product).get_json()["links"][
        "chat"
    ]
    assert asked_account(phone_of("Carol"), urlsplit(link).path) == SOUTH


def test_a_page_may_name_its_account_and_a_showroom_has_one(
    mall: Mall, erin_id: int, phone_of: Phones
) -> None:
    number = rep_card(erin_id).number
    assert mall
    for path, account in (
        ("/login?next=/", NORTH),
        (f"/login?next=/r/{number}", SOUTH),
        ("/login?next=/orders%3Faccount%3Dplain", SOUTH),
        ("/login?next=/orders%3Faccount%3Dnobody", NORTH),
        ("/orders?account=plain", SOUTH),
        (f"{mall.link(mall.alice_id)}?account=plain", SOUTH),
    ):
        assert asked_account(phone_of("Bob"), path) == account, path


def test_a_sign_in_ends_with_the_account_it_began_with(
    mall: Mall, erin_id: int, phone_of: Phones
) -> None:
    phone = phone_of("Bob")
    south = phone.began(f"/r/{rep_card(erin_id).number}")
    phone.began(f"/r/{mall.alice_number}")
    assert phone.get(south).status_code == 302
    assert identities() == [SOUTH]
