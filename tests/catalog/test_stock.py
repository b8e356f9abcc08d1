"""Stock: never promised twice, conserved through every move, its history unchangeable."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from catalog.models import StockMove
from catalog.stock import SoldOut, put_back, release, release_expired, reserve, take
from catalog.stock_by_hand import Form, StockTooLow, correct_stock, receive_stock
from tests.catalog.shelf import NOON, Wares, assert_stock_conserved, put_on_shelf, stock_of
from tests.racing import race
from wx_backend.db import db, retried, transaction

SOON = NOON + timedelta(minutes=30)


@pytest.fixture
def wares(app: Flask) -> Wares:
    assert app.testing
    return put_on_shelf(units=20)


def hold(wares: Wares, key: str = "a", quantity: int = 1) -> None:
    with transaction():
        reserve(key=key, sku_id=wares.phone_id, quantity=quantity, expires_at=SOON, now=NOON)


def test_reserved_units_are_not_free_for_others(wares: Wares) -> None:
    hold(wares, "a", 15)
    with pytest.raises(SoldOut) as refusal:
        hold(wares, "b", 6)
    assert refusal.value.details == {"sku": wares.phone}
    hold(wares, "c", 5)
    assert stock_of(wares.phone_id) == (20, 20)
    assert_stock_conserved()


def test_a_refused_reservation_leaves_nothing_behind(wares: Wares) -> None:
    with transaction():
        with pytest.raises(SoldOut):
            reserve(key="a", sku_id=wares.phone_id, quantity=21, expires_at=SOON, now=NOON)
        reserve(key="a", sku_id=wares.phone_id, quantity=20, expires_at=SOON, now=NOON)
    assert stock_of(wares.phone_id) == (20, 20)
    assert_stock_conserved()


def test_one_key_reserves_once(wares: Wares) -> None:
    for _ in range(3):
        hold(wares, "a", 2)
    assert stock_of(wares.phone_id) == (20, 2)


def test_taken_units_leave_the_shelf_once_and_come_back_once(wares: Wares) -> None:
    hold(wares, "a", 3)
    for _ in range(2):
        with transaction():
            assert take(key="a", now=NOON)
    assert stock_of(wares.phone_id) == (17, 0)
    with transaction():
        assert not release(key="a", now=NOON)
        assert put_back(key="a", now=NOON)
        assert not put_back(key="a", now=NOON)
    assert stock_of(wares.phone_id) == (20, 0)
    assert_stock_conserved()


def test_released_units_can_still_be_taken_while_some_are_free(wares: Wares) -> None:
    hold(wares, "a", 3)
    hold(wares, "b", 17)
    with transaction():
        assert release(key="a", now=NOON)
        assert take(key="a", now=NOON)
    assert stock_of(wares.phone_id) == (17, 17)
    with transaction():
        release(key="b", now=NOON)
    hold(wares, "c", 1)
    with transaction():
        assert not take(key="b", now=NOON)
    assert stock_of(wares.phone_id) == (17, 1)
    assert_stock_conserved()


def test_expired_reservations_are_released_and_others_stay(wares: Wares) -> None:
    hold(wares, "a", 3)
    with transaction():
        reserve(
            key="b",
            sku_id=wares.phone_id,
            quantity=2,
            expires_at=SOON + timedelta(minutes=1),
            now=NOON,
        )
    with transaction():
        assert release_expired(now=SOON) == 1
        assert release_expired(now=SOON) == 0
    assert stock_of(wares.phone_id) == (20, 2)
    assert_stock_conserved()


def test_a_plan_has_no_stock_and_is_never_sold_out(wares: Wares) -> None:
    with transaction():
        assert (
            reserve(key="p", sku_id=wares.plan_id, quantity=99, expires_at=SOON, now=NOON) is None
        )
        assert take(key="p", now=NOON)


def test_a_correction_cannot_take_promised_units(wares: Wares) -> None:
    hold(wares, "a", 15)
    with transaction():
        stock_id = receive_stock(sku_id=wares.phone_id, quantity=1, actor="staff:1", now=NOON)
        correct_stock(stock_id=stock_id, change=-6, actor="staff:1", now=NOON)
    with pytest.raises(StockTooLow), transaction():
        correct_stock(stock_id=stock_id, change=-1, actor="staff:1", now=NOON)
    assert stock_of(wares.phone_id) == (15, 15)


def test_one_form_sent_four_times_at_once_books_its_units_once(app: Flask, wares: Wares) -> None:
    def restock(_: int) -> None:
        retried(
            lambda: receive_stock(
                sku_id=wares.phone_id, quantity=3, actor="staff:1", now=NOON, form=Form("form")
            )
        )

    race(app, restock, times=4)
    assert stock_of(wares.phone_id) == (23, 0)
    assert_stock_conserved()


@pytest.mark.parametrize(
    "statement", ["UPDATE stock_move SET kind = 'x'", "DELETE FROM stock_move"]
)
def test_the_history_of_stock_cannot_be_changed(wares: Wares, statement: str) -> None:
    hold(wares)
    with pytest.raises(DatabaseError, match="history is added to"), transaction():
        db.session.execute(text(statement))
    assert len(db.session.scalars(select(StockMove)).all()) == 2


def test_the_database_itself_refuses_overselling(wares: Wares) -> None:
    with pytest.raises(DatabaseError, match="not_oversold"), transaction():
        db.session.execute(
            text("UPDATE stock SET reserved = 21 WHERE sku_id = :sku"), {"sku": wares.phone_id}
        )


def test_sixty_buyers_race_for_twenty_units(app: Flask, wares: Wares, size: int) -> None:
    def buy(n: int) -> bool:
        try:
            retried(
                lambda: reserve(
                    key=f"buyer:{n}", sku_id=wares.phone_id, quantity=1, expires_at=SOON, now=NOON
                )
            )
        except SoldOut:
            return False
        return True

    outcomes = race(app, buy, times=60 * size)

    assert outcomes.count(True) == 20
    assert stock_of(wares.phone_id) == (20, 20)
    assert_stock_conserved()


def test_expiry_and_payment_at_once_end_each_unit_once(app: Flask, wares: Wares, size: int) -> None:
    held = 10 * size
    with transaction():
        receive_stock(sku_id=wares.phone_id, quantity=held, actor="staff:1", now=NOON)
    for n in range(held):
        hold(wares, f"k{n}")

    def end(n: int) -> bool:
        if n % 2:
            return retried(lambda: take(key=f"k{n // 2}", now=SOON))
        return bool(retried(lambda: release_expired(now=SOON, limit=3)))

    outcomes = race(app, end, times=2 * held)

    # A unit that expired first is taken from the free ones: everybody who pays has his.
    assert outcomes[1::2] == [True] * held
    assert stock_of(wares.phone_id) == (20, 0)
    assert_stock_conserved()
