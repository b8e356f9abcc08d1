"""A counter sale taken back by its rep: before it is paid only, and whoever is first wins."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import select

from catalog.models import Stock
from flows.counter import OfferPaid, withdraw_counter_offer
from orders.counter_models import CounterOffer
from orders.handing import hand_order
from orders.models import OrderStatus, SalesOrder
from orders.moves import locked_order
from tests.console.world import World, pay
from tests.racing import kept_waiting, race
from tests.terminal.conftest import Phones
from tests.terminal.phone import RepPhone
from tests.terminal.test_counter import (
    carol,
    carol_id,
    customer,
    line_of,
    offered,
    ordered,
    token_of,
    wish,
)
from wx_backend import clock
from wx_backend.db import db, retried, transaction

__all__ = ["carol", "carol_id", "customer"]


def withdrawn(phone: RepPhone, offer_id: int) -> str:
    """She takes it back; what her page says then."""
    answer = phone.send(f"/terminal/counter/{offer_id}/withdraw")
    assert answer.status_code == 302, answer.text
    return phone.get(f"/terminal/counter/{offer_id}").text


def promised(world: World) -> int:
    """How many phones are kept for somebody."""
    db.session.rollback()
    query = select(Stock.reserved).where(Stock.sku_id == world.wares.phone_id)
    return sum(db.session.scalars(query))


def status_of(order_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(SalesOrder, order_id).status


def test_what_was_taken_back_is_neither_read_nor_confirmed(
    carol: RepPhone, customer: RepPhone, world: World, phone_of: Phones, carol_id: int
) -> None:
    offer_id = offered(carol, world)
    token = token_of(offer_id)
    assert "确认撤回" in carol.get(f"/terminal/counter/{offer_id}").text
    page = withdrawn(carol, offer_id)
    assert "已撤回" in page
    assert 'class="qr"' not in page
    assert "确认撤回" not in page
    for answer in (customer.get(f"/counter/{token}"), customer.send(f"/counter/{token}")):
        assert answer.status_code == 409
        assert "开单已失效" in answer.text
    assert "已撤回" in withdrawn(carol, offer_id), "a second tap changes nothing"

    alice = phone_of("Alice")
    alice.bind(world.alice_id)
    other = offered(carol, world, key="counter-key-0002")
    assert alice.send(f"/terminal/counter/{other}/withdraw").status_code == 404
    db.session.rollback()
    row = db.session.get_one(CounterOffer, other)
    assert (row.acceptor_rep_id, row.withdrawn_at) == (carol_id, None)


def test_who_confirmed_before_it_was_taken_back_orders_nothing(
    carol: RepPhone, customer: RepPhone, world: World
) -> None:
    before = promised(world)
    offer_id = offered(carol, world)
    token = token_of(offer_id)
    customer.send(f"/counter/{token}")
    withdrawn(carol, offer_id)
    refused = customer.post("/api/orders", **wish(world, token))
    assert refused.status_code == 409
    assert promised(world) == before


def test_an_unpaid_order_is_closed_with_it_and_its_stock_is_free(
    carol: RepPhone, customer: RepPhone, world: World, run_jobs: Callable[[], None]
) -> None:
    before = promised(world)
    offer_id = offered(carol, world)
    line = line_of(ordered(customer, world, token_of(offer_id)))
    order_id = line.order_id
    assert promised(world) == before + 1
    assert "已撤回" in withdrawn(carol, offer_id)
    run_jobs()
    assert status_of(order_id) == OrderStatus.CLOSED
    assert promised(world) == before
    assert "已撤回" in carol.get(f"/terminal/counter/{offer_id}").text


def test_what_is_paid_is_not_taken_back(
    carol: RepPhone, customer: RepPhone, world: World, run_jobs: Callable[[], None]
) -> None:
    offer_id = offered(carol, world)
    order_id = line_of(ordered(customer, world, token_of(offer_id))).order_id
    pay(order_id)
    page = withdrawn(carol, offer_id)
    assert "客户已付款，不能撤回" in page
    assert "已付款" in page
    run_jobs()
    assert status_of(order_id) == OrderStatus.PAID
    db.session.rollback()
    assert db.session.get_one(CounterOffer, offer_id).withdrawn_at is None


def test_money_that_comes_before_the_order_is_closed_wins(
    carol: RepPhone, customer: RepPhone, world: World, run_jobs: Callable[[], None]
) -> None:
    offer_id = offered(carol, world)
    order_id = line_of(ordered(customer, world, token_of(offer_id))).order_id
    withdrawn(carol, offer_id)
    pay(order_id)
    run_jobs()
    assert status_of(order_id) == OrderStatus.PAID
    assert "已付款" in carol.get(f"/terminal/counter/{offer_id}").text


def test_of_taking_back_and_ordering_at_once_one_wins(
    app: Flask, carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    for turn in range(3):
        before = promised(world)
        offer_id = offered(carol, world, key=f"counter-key-1{turn:03d}")
        token = token_of(offer_id)
        customer.send(f"/counter/{token}")
        sent = wish(world, token, key=f"race-{turn:011d}")

        def act(n: int, offer_id: int = offer_id, sent: dict[str, Any] = sent) -> int:
            if n:
                return customer.post("/api/orders", **sent).status_code
            now = clock.now()
            retried(lambda: withdraw_counter_offer(offer_id, rep_id=carol_id, now=now))
            return 0

        _, answer = race(app, act, times=2)
        db.session.rollback()
        row = db.session.get_one(CounterOffer, offer_id, populate_existing=True)
        assert row.withdrawn_at is not None
        if row.order_id is None:
            assert answer == 409
            assert promised(world) == before
        else:
            assert answer == 201
            assert promised(world) == before + 1
            assert status_of(row.order_id) == OrderStatus.PLACED


def test_whoever_gives_its_order_to_another_member_meanwhile_is_not_in_the_way(
    app: Flask, carol: RepPhone, customer: RepPhone, world: World, carol_id: int
) -> None:
    """Both lock the order, then the offer."""
    offer_id = offered(carol, world)
    order_id = line_of(ordered(customer, world, token_of(offer_id))).order_id

    def withdraw() -> None:
        with transaction():
            withdraw_counter_offer(offer_id, rep_id=carol_id, now=clock.now())

    with kept_waiting(app, withdraw, by=lambda: locked_order(order_id)):
        hand_order(locked_order(order_id), world.nora.member_id)
    db.session.rollback()
    row = db.session.get_one(CounterOffer, offer_id)
    assert row.withdrawn_at is not None
    assert row.member_id == world.nora.member_id


def test_of_taking_back_and_paying_at_once_one_wins(
    app: Flask,
    *,
    carol: RepPhone,
    customer: RepPhone,
    world: World,
    carol_id: int,
    run_jobs: Callable[[], None],
) -> None:
    offer_id = offered(carol, world)
    order_id = line_of(ordered(customer, world, token_of(offer_id))).order_id

    def act(n: int) -> str:
        if n:
            pay(order_id)
            return ""
        try:
            retried(lambda: withdraw_counter_offer(offer_id, rep_id=carol_id, now=clock.now()))
        except OfferPaid:
            return "paid"
        return "withdrawn"

    said, _ = race(app, act, times=2)
    run_jobs()
    assert status_of(order_id) == OrderStatus.PAID
    db.session.rollback()
    row = db.session.get_one(CounterOffer, offer_id)
    assert (row.withdrawn_at is None) == (said == "paid")
