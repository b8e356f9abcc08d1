"""A rep arranges his showroom on the phone, and customers see it so."""

import re

import pytest
from sqlalchemy import select

from catalog.models import Product
from catalog.picks import picks_of
from org.queries import rep_card
from tests.console.world import World
from tests.org.cast import hire
from tests.terminal.conftest import Phones, bound
from tests.terminal.phone import RepPhone
from wx_backend.db import db

PAGE = "/terminal/showroom"
PICKS = f"{PAGE}/picks"


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    return bound(phone_of, "Alice", world.alice_id)


def numbers() -> dict[str, str]:
    db.session.rollback()
    return {product.name: product.number for product in db.session.scalars(select(Product))}


def picked(rep_id: int) -> list[str]:
    db.session.rollback()
    return [product.name for product in picks_of(rep_id)]


def button(phone: RepPhone, said: str) -> str:
    """What a button of the page sends: the whole list as it would be."""
    found = re.search(rf'name="picks" value="([^"]*)" aria-label="{said}"', phone.get(PAGE).text)
    assert found
    return found[1]


def test_picks_are_added_moved_and_taken_out_by_one_tap_each(alice: RepPhone, world: World) -> None:
    phone, plan = "星河手机", "畅享套餐"
    for said, after in (
        (f"推荐 {phone}", [phone]),
        (f"推荐 {plan}", [phone, plan]),
        (f"上移 {plan}", [plan, phone]),
        (f"移除 {plan}", [phone]),
    ):
        wanted = button(alice, said)
        for _ in range(2):  # a second tap sends the same list
            alice.send(PICKS, picks=wanted)
        assert picked(world.alice_id) == after


def test_customers_see_picks_and_greeting(alice: RepPhone, world: World) -> None:
    alice.send(PICKS, picks=numbers()["畅享套餐"])
    alice.send(f"{PAGE}/greeting", greeting="晚上八点后也在线")
    page = alice.get(rep_card(world.alice_id).showroom_path).text
    assert "晚上八点后也在线" in page
    assert page.index("畅享套餐") < page.index("星河手机")
    alice.send(f"{PAGE}/greeting", greeting="Hello\r\n您好")
    assert "Hello 您好" in alice.get(rep_card(world.alice_id).showroom_path).text


def test_what_cannot_be_is_refused_and_changes_nothing(alice: RepPhone, world: World) -> None:
    phone = numbers()["星河手机"]
    alice.send(PICKS, picks=phone)
    for wrong in (f"{phone},{phone}", f"{phone},PD0"):
        alice.send(PICKS, picks=wrong)
        assert "notice bad" in alice.get(PAGE).text
    alice.send(f"{PAGE}/greeting", greeting="长" * 61)
    assert "欢迎语最多 60 个字" in alice.get(PAGE).text
    assert picked(world.alice_id) == ["星河手机"]
    assert rep_card(world.alice_id).greeting == ""


def test_a_rep_arranges_his_own_only(alice: RepPhone, phone_of: Phones, world: World) -> None:
    dave = hire(world.tree.hall, "戴夫")
    bound(phone_of, "Dave", dave).send(PICKS, picks=numbers()["畅享套餐"])
    assert picked(dave) == ["畅享套餐"]
    assert picked(world.alice_id) == []
    assert "还没有推荐" in alice.get(PAGE).text
