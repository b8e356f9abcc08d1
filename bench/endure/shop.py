"""A shop that trades with a pretend WeChat Pay, outside of any test."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from bench.endure.ground import Ground, configured, expect, migrated, serving
from bench.endure.lapse import lapse
from catalog.stock_by_hand import receive_stock
from simulator import paykeys
from simulator.server import Running, start
from tests.catalog.shelf import NOON, put_on_shelf
from tests.flows.trade.conftest import trading
from tests.flows.trade.letters import bind_alice, set_up_templates, template_messages
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    open_kinds,
    open_market,
    order_status,
)
from tests.flows.trade.perils import unfinished
from tests.flows.trade.test_refund import agree_all
from tests.simulator.conftest import Keys, set_accounts
from tests.simulator.receiver import Receiver
from tests.simulator.stage import Stage
from wx_backend.db import transaction

ROUNDS_MAX: Final = 40
RICH_FEN: Final = 10**12
CHECKED_EVERY: Final = 10
"""Rounds between two looks at everything: it takes longer with every order."""


@dataclass(frozen=True)
class Shop:
    """A market, the pretend WeChat with its WeChat Pay, and who takes what is sent from there."""

    market: Market
    platform: Running
    receiver: Receiver


@contextmanager
def trading_shop(ground: Ground) -> Iterator[Shop]:
    """Goods, a rep with a buyer, both written to; notices reach the door of this process."""
    receiver = Receiver()
    try:
        with migrated(ground) as url, start(seed=ground.seed) as platform:
            stage = Stage(platform.base_url)
            set_accounts(stage, receiver)
            keys = Keys(*(paykeys.new_private_key() for _ in range(3)))
            sample = configured(url, ground.folder)
            with serving(trading(sample, stage, receiver.url, keys, ground.folder)) as app:
                market = open_market(app, stage, put_on_shelf())
                stage.control("PUT", "/people/Bob", balance_fen=RICH_FEN)
                set_up_templates(stage)
                bind_alice(market, stage)
                with receiver.answered_by(market.door):
                    yield Shop(market, platform, receiver)
            stage.close()
    finally:
        receiver.stop()


class Trade:
    """Orders of the shop, and how each has to end."""

    def __init__(self, ground: Ground, market: Market) -> None:
        self.ground, self.market = ground, market
        self.paid: list[int] = []
        self.taken_back: list[int] = []

    def buy(self, count: int) -> list[int]:
        """So many orders are placed and paid; what follows is left to others."""
        with transaction():
            sku_id = self.market.wares.phone_id
            receive_stock(sku_id=sku_id, quantity=count, actor="staff:1", now=NOON)
        bought = []
        for _ in range(count):
            order_id = self.market.order(key=f"endure-{len(self.paid)}")
            said = self.market.pay(self.market.sheet(order_id))
            expect("WeChat's sheet", said.rpartition(":")[2], "ok")
            self.paid.append(order_id)
            bought.append(order_id)
        self.ground.counts["orders"] += count
        return bought

    def take_back(self, order_ids: list[int]) -> None:
        """These orders are to be refunded whole."""
        for order_id in order_ids:
            agree_all(order_id, key=f"back-{order_id}")
            self.taken_back.append(order_id)
        self.ground.counts["refunds"] += len(order_ids)

    def finish(self) -> None:
        """Everything that was begun comes to its end."""
        for _ in range(ROUNDS_MAX):
            self.market.work()
            if not unfinished() and self._is_settled():
                return
            lapse()
        expect("work left", unfinished(), 0)
        expect("orders that are not what they have to be", self._wrong(), {})

    def hold(self) -> None:
        """Nothing happened twice, nothing is missing; everything is looked at now and then."""
        expect("orders that are not what they have to be", self._wrong(), {})
        expect("what waits for a person", open_kinds(), [])
        if self.ground.counts["rounds"] % CHECKED_EVERY == 0:
            self.hold_everything()

    def hold_everything(self) -> None:
        """Books, witness, stock and histories agree; buyer and rep have heard of each order once."""
        assert_books_and_witness_agree(self.market.stage)
        heard = [template_messages(self.market.stage, name) for name in ("Bob", "Alice")]
        expect("messages to buyer and rep", heard, [len(self.paid)] * 2)

    def _is_settled(self) -> bool:
        return not self._wrong()

    def _wrong(self) -> dict[int, str]:
        """Of the latest orders: those that are neither paid nor taken back as they have to be."""
        latest = self.paid[-100:]
        wanted = {each: "refunded" if each in self.taken_back else "paid" for each in latest}
        found = {each: order_status(each) for each in latest}
        return {each: status for each, status in found.items() if status != wanted[each]}
