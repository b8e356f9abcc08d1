"""Two stores of one variant: what is fetched comes from the outlet's shelf, else from the central store."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from catalog.availability import Left, is_from_central, left_of, left_together, on_shelves
from catalog.models import Stock, StockPlace
from catalog.stock import (
    SoldOut,
    book_at,
    place_of_outlet,
    put_back,
    release,
    release_expired,
    reserve,
    take,
)
from catalog.stock_by_hand import receive_stock
from tests.catalog.shelf import NOON, Wares, assert_stock_conserved, put_on_shelf
from tests.org.cast import Tree, plant
from tests.racing import race
from wx_backend.db import db, retried, transaction

SOON = NOON + timedelta(minutes=30)


@pytest.fixture
def tree(app: Flask) -> Tree:
    assert app.testing
    return plant()


@pytest.fixture
def wares(tree: Tree) -> Wares:
    """Two in the central store, one on the shelf of the hall."""
    assert tree
    wares = put_on_shelf(units=2)
    lay(wares.phone_id, tree.hall, 1)
    return wares


def lay(sku_id: int, outlet_id: int, quantity: int) -> None:
    """Units delivered to an outlet's own shelf."""
    with transaction():
        place_id = place_of_outlet(outlet_id=outlet_id, name=f"网点{outlet_id}")
        receive_stock(
            sku_id=sku_id, quantity=quantity, actor="staff:1", now=NOON, place_id=place_id
        )


def stores(sku_id: int) -> dict[int | None, tuple[int, int]]:
    """On hand and reserved by outlet; the central store's is None."""
    db.session.rollback()
    rows = db.session.execute(
        select(StockPlace.outlet_id, Stock.on_hand, Stock.reserved)
        .join(Stock, Stock.place_id == StockPlace.id)
        .where(Stock.sku_id == sku_id)
    )
    return {outlet_id: (on_hand, reserved) for outlet_id, on_hand, reserved in rows}


def hold(wares: Wares, key: str, outlet_id: int | None = None, quantity: int = 1) -> None:
    with transaction():
        reserve(
            key=key,
            sku_id=wares.phone_id,
            quantity=quantity,
            expires_at=SOON,
            now=NOON,
            outlet_id=outlet_id,
        )


def test_the_own_shelf_first_then_the_central_store(tree: Tree, wares: Wares) -> None:
    hold(wares, "a", tree.hall)
    assert stores(wares.phone_id) == {None: (2, 0), tree.hall: (1, 1)}
    hold(wares, "b", tree.hall)
    assert stores(wares.phone_id) == {None: (2, 1), tree.hall: (1, 1)}
    hold(wares, "c", tree.corner)  # which keeps none itself
    with pytest.raises(SoldOut):
        hold(wares, "d", tree.hall)
    assert stores(wares.phone_id) == {None: (2, 2), tree.hall: (1, 1)}
    assert [is_from_central(key) for key in "abcd"] == [False, True, True, False]
    assert_stock_conserved()


def test_a_courier_brings_nothing_from_a_counter(tree: Tree, wares: Wares) -> None:
    hold(wares, "a", quantity=2)
    with pytest.raises(SoldOut):
        hold(wares, "b")
    assert stores(wares.phone_id) == {None: (2, 2), tree.hall: (1, 0)}


def test_one_line_is_never_of_two_stores(tree: Tree, wares: Wares) -> None:
    hold(wares, "a", tree.hall, quantity=2)
    assert stores(wares.phone_id) == {None: (2, 2), tree.hall: (1, 0)}
    with pytest.raises(SoldOut):
        hold(wares, "b", tree.hall, quantity=2)


def test_a_repeat_stays_where_the_first_one_was(tree: Tree, wares: Wares) -> None:
    hold(wares, "a", tree.hall)
    lay(wares.phone_id, tree.hall, 5)
    for outlet_id in (tree.hall, None, tree.corner):
        hold(wares, "a", outlet_id)
    assert stores(wares.phone_id) == {None: (2, 0), tree.hall: (6, 1)}


def test_what_lies_at_a_counter_alone_is_counted_everywhere(tree: Tree) -> None:
    """Without a row of the central store it used to be endless for a courier."""
    wares = put_on_shelf(units=0)
    hold(wares, "uncounted")
    lay(wares.phone_id, tree.hall, 1)
    with pytest.raises(SoldOut):
        hold(wares, "a")
    with pytest.raises(SoldOut):
        hold(wares, "b", tree.corner)
    hold(wares, "c", tree.hall)
    assert left_of([wares.phone_id, wares.plan_id]) == {wares.phone_id: Left(0, 0, 0)}


@pytest.mark.parametrize("store", ["hall", None])
def test_units_go_back_to_the_store_they_are_of(
    tree: Tree, wares: Wares, store: str | None
) -> None:
    outlet_id = tree.hall if store else None
    before = stores(wares.phone_id)
    hold(wares, "released", outlet_id)
    with transaction():
        assert release(key="released", now=NOON)
    assert stores(wares.phone_id) == before
    hold(wares, "expired", outlet_id)
    with transaction():
        assert release_expired(now=SOON) == 1
    assert stores(wares.phone_id) == before
    hold(wares, "sold", outlet_id)
    with transaction():
        assert take(key="sold", now=NOON)
    assert stores(wares.phone_id) != before
    with transaction():
        assert put_back(key="sold", now=NOON)
        assert not put_back(key="sold", now=NOON)
    assert stores(wares.phone_id) == before
    assert_stock_conserved()


def test_a_late_payment_takes_from_the_store_it_was_promised_of(tree: Tree, wares: Wares) -> None:
    hold(wares, "late", tree.hall)
    with transaction():
        release(key="late", now=NOON)
    hold(wares, "other", tree.hall)
    with transaction():
        assert not take(key="late", now=NOON)
    assert stores(wares.phone_id) == {None: (2, 0), tree.hall: (1, 1)}
    assert_stock_conserved()


def test_what_is_left_is_told_per_store(tree: Tree, wares: Wares) -> None:
    assert left_of([wares.phone_id]) == {wares.phone_id: Left(2, 0, 2)}
    assert left_of([wares.phone_id], outlet_id=tree.hall) == {wares.phone_id: Left(2, 1, 2)}
    lay(wares.phone_id, tree.hall, 4)
    left = left_of([wares.phone_id, wares.plan_id], outlet_id=tree.hall)
    assert left == {wares.phone_id: Left(2, 5, 5)}
    assert on_shelves([wares.phone_id], [tree.hall, tree.corner]) == {
        tree.hall: {wares.phone_id: 5},
        tree.corner: {},
    }
    assert left_together([(wares.phone_id, 2), (wares.plan_id, 1)], left) == Left(1, 2, 2)
    assert left_together([(wares.plan_id, 1)], left) is None


def test_sold_units_are_booked_at_another_counter_once(tree: Tree, wares: Wares) -> None:
    hold(wares, "a", tree.hall)
    with transaction():
        assert not book_at(key="a", outlet_id=tree.corner, now=NOON)  # not sold yet
        take(key="a", now=NOON)
        assert not book_at(key="a", outlet_id=tree.corner, now=NOON)  # which has none
        assert not book_at(key="a", outlet_id=tree.hall, now=NOON)  # where it is booked
    lay(wares.phone_id, tree.corner, 1)
    for expected in (True, False):
        with transaction():
            assert book_at(key="a", outlet_id=tree.corner, now=NOON) is expected
        assert stores(wares.phone_id) == {None: (2, 0), tree.hall: (1, 0), tree.corner: (0, 0)}
    with transaction():
        assert put_back(key="a", now=NOON)
    assert stores(wares.phone_id)[tree.corner] == (1, 0)
    assert_stock_conserved()


def test_twenty_for_the_last_one_at_a_counter(app: Flask, tree: Tree, wares: Wares) -> None:
    """Twenty want it at once, by courier and at the hall: one lies there, two in the central store."""

    def want(n: int) -> bool:
        try:
            retried(
                lambda: reserve(
                    key=f"k{n}",
                    sku_id=wares.phone_id,
                    quantity=1,
                    expires_at=SOON,
                    now=NOON,
                    outlet_id=tree.hall if n % 2 else None,
                )
            )
        except SoldOut:
            return False
        return True

    got = race(app, want, times=20, threads=20)
    assert sum(got) == 3
    found = stores(wares.phone_id)
    assert found[None] == (2, 2)
    assert found[tree.hall] == (1, 1)
    assert_stock_conserved()
