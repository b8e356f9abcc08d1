"""A flash sale round by round: 500 buyers at once on 50 units; each unit is sold once, and none is left over."""

from typing import Final

from flask import Flask

from bench.endure.ground import Ground, configured, expect, migrated, serving
from catalog.stock import SoldOut
from catalog.stock_by_hand import receive_stock
from tests.catalog.shelf import NOON, Wares, assert_stock_conserved, put_on_shelf, stock_of
from tests.orders.buyers import Buyer, add_buyer, assert_histories_hold, phone, place
from tests.racing import race
from wx_backend.db import transaction

BUYERS: Final = 500
UNITS: Final = 50
THREADS: Final = 16


def play(ground: Ground) -> None:
    """Sell out again and again."""
    with migrated(ground) as url, serving(configured(url, ground.folder)) as app:
        wares = put_on_shelf(units=0)
        buyers = [add_buyer(f"B{number}") for number in range(BUYERS)]
        while not ground.is_over:
            _sell_out(ground, app, wares, buyers)
            ground.counts["rounds"] += 1
        assert_histories_hold()


def _sell_out(ground: Ground, app: Flask, wares: Wares, buyers: list[Buyer]) -> None:
    with transaction():
        receive_stock(sku_id=wares.phone_id, quantity=UNITS, actor="staff:1", now=NOON)
    on_hand, reserved = stock_of(wares.phone_id)
    expect("units on sale", on_hand - reserved, UNITS)
    turn = ground.random.sample(buyers, len(buyers))

    def buy(number: int) -> bool:
        key = f"round-{ground.counts['rounds']}"
        try:
            return place(turn[number].wishes(phone(wares), key=key)).is_new
        except SoldOut:
            return False

    bought = race(app, buy, times=BUYERS, threads=THREADS)
    expect("orders", bought.count(True), UNITS)
    expect("stock", stock_of(wares.phone_id), (on_hand, reserved + UNITS))
    assert_stock_conserved()
    ground.counts.update(buyers=BUYERS, units=UNITS, sold=bought.count(True))
