"""A code told to a stranger: he proves the phone, and sees nothing of whose it is before that one agrees."""

from typing import Any

import pytest
from sqlalchemy import func, select

from members.models import IdentityLink, LinkKind, PhoneJoin
from tests.jobs import run_jobs
from tests.naughty import NAUGHTY
from tests.simulator.stage import Stage
from tests.storefront.conftest import Phones
from tests.storefront.mall import Mall
from tests.storefront.phone import DESKTOP, Phone
from tests.storefront.test_contact import HOME, PassTime, press, prove
from tests.storefront.test_orders import bob, ordered
from wx_backend.db import db

__all__ = ["bob"]


@pytest.fixture
def mallory(mall: Mall, phone_of: Phones) -> Phone:
    assert mall
    phone = phone_of("Mallory")
    phone.sign_in()
    return phone


@pytest.fixture
def bobs(mall: Mall, bob: Phone, wechat: Stage, pass_time: PassTime) -> str:
    """Bob ordered and proved his phone; a minute ago, so that another code can be sent."""
    number = ordered(bob, mall)
    prove(bob, wechat)
    pass_time(61)
    return number


def waiting(phone: Phone) -> list[str]:
    return [each["number"] for each in phone.get("/api/phone").get_json()["joins"]]


def say(phone: Phone, number: str, *, agrees: bool = True) -> Any:
    answer = phone.post("/api/phone/joins", number=number, agrees=agrees)
    told = answer.get_json()
    return told["is_joined"] if answer.status_code == 200 else told["error"]["code"]


def by_phone() -> int:
    """How many identities a phone has joined to somebody."""
    db.session.rollback()
    query = select(func.count()).select_from(IdentityLink)
    return db.session.scalar(query.where(IdentityLink.kind == LinkKind.PHONE)) or 0


def requests() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(PhoneJoin)) or 0


def test_a_phished_code_shows_nothing_and_is_refused_for_good(
    bob: Phone, bobs: str, mallory: Phone, wechat: Stage, pass_time: PassTime
) -> None:
    prove(mallory, wechat)
    run_jobs()
    assert (by_phone(), requests(), waiting(mallory)) == (0, 1, [])
    for path in ("/orders", "/api/orders", f"/orders/{bobs}"):
        assert bobs not in mallory.get(path).text or path.endswith(bobs)
    assert mallory.get(f"/orders/{bobs}").status_code == 404
    assert "另一个微信验证了您的手机号" in bob.get("/orders").text
    page = bob.get("/phone").text
    assert "不是我" in page
    [asked] = waiting(bob)
    assert press(bob, "/phone/joins", number=asked, agrees="").status_code == 302
    assert waiting(bob) == []
    pass_time(130)
    prove(mallory, wechat)
    run_jobs()
    assert (by_phone(), requests(), waiting(bob)) == (0, 1, [])
    assert say(mallory, asked) == "join_over"
    assert say(bob, asked) == "join_over"
    assert mallory.get(f"/orders/{bobs}").status_code == 404


def test_agreed_to_by_whose_it_is_both_see_all(
    bob: Phone, bobs: str, mallory: Phone, wechat: Stage
) -> None:
    prove(mallory, wechat)
    [asked] = waiting(bob)
    assert [say(bob, asked), say(bob, asked)] == [True, True]
    assert by_phone() == 1
    assert bobs in mallory.get("/orders").text
    assert waiting(bob) == waiting(mallory) == []
    assert say(bob, asked, agrees=False) == "join_over"
    assert "另一个微信" not in bob.get("/orders").text


def test_who_has_something_himself_agrees_too(
    bob: Phone, bobs: str, mallory: Phone, wechat: Stage
) -> None:
    mallory.post("/api/addresses", **HOME)
    prove(mallory, wechat)
    [asked] = waiting(mallory)
    assert waiting(bob) == [asked]
    assert [say(mallory, asked), say(mallory, asked)] == [False, False]
    assert waiting(mallory) == []
    assert mallory.get(f"/orders/{bobs}").status_code == 404
    assert say(bob, asked) is True
    assert mallory.get(f"/orders/{bobs}").status_code == 200


def test_whoever_proved_it_before_does_not_wait_for_the_owner_in_secret(
    mall: Mall, bob: Phone, mallory: Phone, wechat: Stage, pass_time: PassTime
) -> None:
    """Mallory got the code first; Bob, who has orders, proves his phone later and is asked."""
    prove(mallory, wechat)
    number = ordered(bob, mall)
    pass_time(61)
    prove(bob, wechat)
    run_jobs()
    assert (by_phone(), len(waiting(bob)), waiting(mallory)) == (0, 1, [])
    assert mallory.get(f"/orders/{number}").status_code == 404


def test_nobody_answers_for_others(
    bob: Phone, bobs: str, mallory: Phone, phone_of: Phones, wechat: Stage
) -> None:
    assert bobs
    prove(mallory, wechat)
    [asked] = waiting(bob)
    carol = phone_of("Carol")
    carol.sign_in()
    for agrees in (True, False):
        assert say(carol, asked, agrees=agrees) == "not_found"
        assert say(carol, "999999", agrees=agrees) == "not_found"
    assert press(carol, "/phone/joins", number=asked, agrees="1").status_code == 404
    stranger = phone_of("Erin", DESKTOP)
    assert stranger.post("/api/phone/joins", number=asked, agrees=True).status_code == 401
    assert (
        bob.post("/api/phone/joins", token="forged", number=asked, agrees=True).status_code == 400
    )
    for odd in ({}, {"number": asked}, {"number": int(asked), "agrees": True}):
        assert bob.post("/api/phone/joins", **odd).status_code == 400
    for text in NAUGHTY:
        assert bob.post("/api/phone/joins", number=text, agrees=True).status_code in {400, 404}
        assert press(bob, "/phone/joins", number=text, agrees="1").status_code == 404
    assert (by_phone(), waiting(bob)) == (0, [asked])
