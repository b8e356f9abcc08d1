"""Kill -9, again and again, of who does the work of paid and refunded orders: everything happens once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from bench.endure.ground import Ground, expect
from bench.endure.listening import listening
from bench.endure.pickled import keep_config
from bench.endure.shop import Trade, trading_shop
from wx_backend.config import Config

ORDERS, BACK, KILLS = 24, 6, 30
"""Of one round; kills are twice as many: while orders are paid, and while some are refunded."""
ANSWER_SECONDS: Final = 300.0
Killing = Callable[[int, str], dict[str, int]]


def play(ground: Ground) -> None:
    """Trade, and kill whoever does what follows."""
    with (
        trading_shop(ground) as shop,
        _nursery(ground, shop.market.app.extensions["wx_config"]) as kill,
    ):
        trade = Trade(ground, shop.market)
        while not ground.is_over:
            bought = trade.buy(ORDERS)
            shop.market.stage.settle()
            _kill(ground, kill, "paid")
            trade.finish()
            trade.take_back(bought[:BACK])
            _kill(ground, kill, "refunded")
            trade.finish()
            trade.hold()
            ground.counts["rounds"] += 1
        trade.hold_everything()


def _kill(ground: Ground, kill: Killing, when: str) -> None:
    told = kill(KILLS, f"{ground.seed}/{ground.counts['rounds']}/{when}")
    expect("processes that ended by themselves", told.pop("by_itself"), 0)
    ground.counts.update(told)


@contextmanager
def _nursery(ground: Ground, config: Config) -> Iterator[Killing]:
    """Whoever brings up those that are to be killed: a process of its own, without threads."""
    path = keep_config(config, ground.folder)
    with listening("bench.endure.nursery", path, end_seconds=ANSWER_SECONDS) as (said, heard):

        def kill(count: int, seed: str) -> dict[str, int]:
            said.write(f"{json.dumps([count, seed])}\n")
            said.flush()
            answer: dict[str, int] = json.loads(heard.readline())
            return answer

        yield kill
