"""The counter sale: both names shown, confirmed by the customer alone, used once, never forged."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from flows.counter import confirm_counter_offer, link_of
from members.models import Identity
from members.queries import member_of
from orders.counter import OfferGone
from orders.counter_models import CounterOffer
from orders.models import OrderLine, SalesOrder
from referral.models import Attribution, Share, Touch
from referral.values import TouchKind
from tests.console.world import Person, World, known, pay, share, sold, touch
from tests.forging import one_letter_off
from tests.org.cast import hire
from tests.racing import race
from tests.terminal.conftest import Phones
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.db import db, retried, transaction

PRICE_FEN = 199_900


@pytest.fixture
def carol_id(world: World) -> int:
    return hire(world.tree.hall, "卡罗尔")


@pytest.fixture
def carol(phone_of: Phones, carol_id: int) -> RepPhone:
    """Who stands at the counter."""
    phone = phone_of("Dave")
    assert phone.bind(carol_id).status_code == 302
    return phone


@pytest.fixture
def customer(phone_of: Phones, carol: RepPhone) -> RepPhone:
    """A person with a phone of his own; he comes after Carol."""
    assert carol
    return phone_of("Mallory")


def person() -> Person:
    """Whoever signed in last."""
    db.session.rollback()
    identity = db.session.scalars(select(Identity).order_by(Identity.id.desc())).first()
    assert identity is not None
    member_id = member_of(identity.id)
    assert member_id is not None
    return Person(member_id, identity.id)


def offered(carol: RepPhone, world: World, key: str = "counter-key-0001", **more: str) -> int:
    """Carol puts a phone together; the offer's id."""
    answer = carol.send("/terminal/counter", sku=world.wares.phone, client_key=key, **more)
    assert answer.status_code == 302, answer.text
    return int(answer.headers["Location"].rpartition("/")[2])


def token_of(offer_id: int) -> str:
    """What the customer scans from her screen."""
    db.session.rollback()
    return link_of(db.session.get_one(CounterOffer, offer_id)).rpartition("/")[2]


def wish(world: World, token: str, *, key: str = "0123456789abcdef", **more: Any) -> dict[str, Any]:
    line = {"sku": world.wares.phone, "quantity": 1, "expected_price_fen": PRICE_FEN}
    return {
        "client_key": key,
        "lines": [line],
        "delivery": "courier",
        "address": {"region": "广东省广州市", "street": "北门路1号"},
        "contact_name": "马洛",
        "contact_phone": "13800138000",
        "counter": token,
    } | more


def line_of(number: str) -> OrderLine:
    db.session.rollback()
    query = select(OrderLine).join(SalesOrder).where(SalesOrder.number == number)
    return db.session.scalars(query).one()


def standing(line: OrderLine) -> Attribution:
    query = select(Attribution).where(Attribution.order_line_id == line.id)
    return db.session.scalars(query.order_by(Attribution.version.desc())).first()  # type: ignore[return-value]  # made with the order


def ordered(customer: RepPhone, world: World, token: str) -> str:
    """The customer confirms and orders; the order's number."""
    answer = customer.send(f"/counter/{token}")
    assert answer.headers["Location"].startswith("/checkout?"), answer.text
    assert "卡罗尔" in customer.get(answer.headers["Location"]).text
    made = customer.post("/api/orders", **wish(world, token))
    assert made.status_code == 201, made.text
    return str(made.get_json()["number"])


def test_a_walk_in_customers_line_is_the_acceptors(
    carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    offer_id = offered(carol, world)
    page = carol.get(f"/terminal/counter/{offer_id}").text
    assert "等客户扫码" in page
    assert "<svg" in page
    token = token_of(offer_id)
    shown = customer.get(f"/counter/{token}").text
    assert len(re.findall("卡罗尔", shown)) == 2  # he is both
    assert "不会因此多付一分钱" in shown
    assert "客户已打开" in carol.get(f"/terminal/counter/{offer_id}").text
    number = ordered(customer, world, token)
    assert "已下单，待付款" in carol.get(f"/terminal/counter/{offer_id}").text
    line = line_of(number)
    assert (line.developer_rep_id, line.acceptor_rep_id) == (carol_id, carol_id)
    pay(line.order_id)
    assert "已付款" in carol.get(f"/terminal/counter/{offer_id}").text
    receipt = sold(line.order_id).receipt
    assert "本单归现场受理人" in carol.get(f"/terminal/receipts/{receipt}").text
    assert "柜台开单" in carol.get(f"/terminal/receipts/{receipt}").text


def touches_of(who: Person) -> list[tuple[str, str | None, int | None]]:
    """Kind, place of the share, and the rep of each contact of a person."""
    db.session.rollback()
    rows = db.session.execute(
        select(Touch.kind, Share.place, Share.root_rep_id)
        .outerjoin(Share, Share.id == Touch.share_id)
        .where(Touch.identity_id == who.identity_id)
        .order_by(Touch.id)
    )
    return [(kind, place, rep_id) for kind, place, rep_id in rows]


def bought_online(customer: RepPhone, world: World, key: str) -> OrderLine:
    """The line of a phone ordered without any counter."""
    made = customer.post("/api/orders", **(wish(world, "", key=key) | {"counter": ""}))
    assert made.status_code == 201, made.text
    return line_of(made.get_json()["number"])


def test_what_he_orders_next_is_by_whoever_served_him(
    carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    """Being served is a confirmed act: it begins a protection, against a colleague's link too."""
    customer_is = person()
    touch(customer_is, share(world.alice_id), kind=TouchKind.LINK_OPENED)
    token = token_of(offered(carol, world))
    at_counter = line_of(ordered(customer, world, token))
    customer.post("/api/orders", **wish(world, token))
    assert touches_of(customer_is)[1:] == [("served", "counter", carol_id)]
    pay(at_counter.order_id)  # about itself the counter's rule has decided
    decision = standing(at_counter)
    assert (decision.version, decision.reason) == (1, "acceptor_takes_line")

    touch(customer_is, share(world.alice_id), kind=TouchKind.LINK_OPENED, ago=timedelta(0))
    line = bought_online(customer, world, "0123456789abcde1")
    assert (line.developer_rep_id, line.acceptor_rep_id) == (carol_id, None)
    pay(line.order_id)
    page = carol.get(f"/terminal/receipts/{sold(line.order_id).receipt}").text
    assert "到店受理" in page
    assert "柜台" in page


def test_an_order_paid_at_the_counter_renews_the_protection(
    carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    customer_is = person()
    line = line_of(ordered(customer, world, token_of(offered(carol, world))))
    pay(line.order_id)
    found = touches_of(customer_is)
    assert found == [("served", "counter", carol_id), ("paid", "counter", carol_id)]
    assert "还没有分享过" in carol.get("/terminal/shares").text
    counter = db.session.scalars(select(Share.id).where(Share.place == "counter")).one()
    assert carol.get(f"/terminal/shares/{counter}").status_code == 404


def test_who_serves_a_colleagues_customer_is_only_seen(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    touch(person(), share(world.alice_id), kind=TouchKind.SUBSCRIBE)
    pay(line_of(ordered(customer, world, token_of(offered(carol, world)))).order_id)
    line = bought_online(customer, world, "0123456789abcde1")
    assert (line.developer_rep_id, line.acceptor_rep_id) == (world.alice_id, None)


def test_what_lies_in_the_cart_does_not_go_round_the_counter(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    sku = world.wares.phone
    put = customer.post("/api/cart", client_key="press-0123456789", sku=sku, quantity=1)
    assert put.status_code == 201, put.text
    token = token_of(offered(carol, world))
    customer.send(f"/counter/{token}")
    page = customer.get(f"/checkout?sku={sku}&line={sku}&counter={token}").text
    assert "data-line" in page
    assert "data-cart" not in page
    asked = wish(world, token)
    asked["lines"][0]["from_cart"] = True
    number = customer.post("/api/orders", **asked).get_json()["number"]
    assert line_of(number).chosen_at is None


def test_a_protected_developer_and_the_acceptor_share(
    carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    touch(person(), share(world.alice_id), kind=TouchKind.SUBSCRIBE)
    token = token_of(offered(carol, world))
    shown = customer.get(f"/counter/{token}").text
    assert "爱丽丝" in shown
    assert "卡罗尔" in shown
    line = line_of(ordered(customer, world, token))
    assert (line.developer_rep_id, line.acceptor_rep_id) == (world.alice_id, carol_id)
    decision = standing(line)
    assert (decision.developer_bp, decision.acceptor_bp) == (7000, 3000)


def test_the_rep_cannot_confirm_for_himself(carol: RepPhone, world: World) -> None:
    token = token_of(offered(carol, world))
    for answer in (carol.get(f"/counter/{token}"), carol.send(f"/counter/{token}")):
        assert answer.status_code == 409
        assert "受理人不能为自己确认开单" in answer.text
    assert carol.post("/api/orders", **wish(world, token)).status_code == 409


def test_a_rep_who_buys_at_a_colleagues_counter_earns_nothing(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    customer.bind(world.alice_id)
    line = line_of(ordered(customer, world, token_of(offered(carol, world))))
    assert line.developer_rep_id != world.alice_id


def test_what_is_forged_expired_or_taken_is_refused(
    carol: RepPhone, customer: RepPhone, world: World, phone_of: Phones
) -> None:
    offer_id = offered(carol, world)
    token = token_of(offer_id)
    for forged in (
        one_letter_off(token, -2),
        one_letter_off(token, 0),
        "1",
        "字" * 20,
    ):
        answer = customer.get(f"/counter/{forged}")
        assert answer.status_code == 409
        assert "开单已失效" in answer.text
    assert customer.post("/api/orders", **wish(world, token)).status_code == 409  # not confirmed
    customer.send(f"/counter/{token}")
    other = phone_of("Alice")
    assert other.get(f"/counter/{token}").status_code == 409
    assert other.post("/api/orders", **wish(world, token)).status_code == 409
    with transaction():
        db.session.execute(
            update(CounterOffer).values(expires_at=clock.now() - timedelta(seconds=1))
        )
    assert customer.post("/api/orders", **wish(world, token)).status_code == 409
    assert "已过期" in carol.get(f"/terminal/counter/{offer_id}").text
    assert db.session.scalar(select(func.count()).select_from(CounterOffer)) == 1


def test_an_offer_is_one_order_however_often_it_is_sent(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    token = token_of(offered(carol, world))
    number = ordered(customer, world, token)
    again = customer.post("/api/orders", **wish(world, token))
    assert again.get_json()["number"] == number
    other = customer.post("/api/orders", **wish(world, token, key="fedcba9876543210"))
    assert other.status_code == 409
    assert "已经下单" in other.get_json()["error"]["message"]
    assert "已经下单" in customer.get(f"/counter/{token}").text


def test_only_what_was_offered_is_ordered(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    token = token_of(offered(carol, world))
    customer.send(f"/counter/{token}")
    line = {"sku": world.wares.phone, "quantity": 2, "expected_price_fen": PRICE_FEN}
    assert customer.post("/api/orders", **wish(world, token, lines=[line])).status_code == 409


def test_of_several_who_confirm_at_once_one_does(app: Flask, carol: RepPhone, world: World) -> None:
    token = token_of(offered(carol, world))
    people = [known(f"P{n}") for n in range(6)]

    def try_it(n: int) -> bool:
        who = people[n]
        try:
            retried(
                lambda: confirm_counter_offer(
                    token, member_id=who.member_id, identity_id=who.identity_id, now=clock.now()
                )
            )
        except OfferGone:
            return False
        return True

    assert race(app, try_it, times=6).count(True) == 1


def test_a_double_tap_makes_one_offer_and_a_colleague_sees_none(
    carol: RepPhone, world: World, phone_of: Phones
) -> None:
    offer_id = offered(carol, world)
    assert offered(carol, world) == offer_id
    alice = phone_of("Alice")
    alice.bind(world.alice_id)
    assert alice.get(f"/terminal/counter/{offer_id}").status_code == 404
    assert carol.send("/terminal/counter", sku="none", client_key="k" * 16).status_code in (
        404,
        409,
        422,
    )
