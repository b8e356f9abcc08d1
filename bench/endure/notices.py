"""Pay notices at a constant rate, a fifth of them repeats, a tenth out of turn, through the web server: each has one effect.

Orders are paid at the pretend WeChat Pay first, whose notices are kept back; then they go out together, signed
anew each time as WeChat Pay does, while a worker does what follows. Among those of refunds are repeats of those of
payments. In the end ledger, orders and messages are compared with the witness.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat
from random import Random
from typing import Final

from bench.callback.__main__ import production_server, serving
from bench.callback.load import posted
from bench.callback.paced import Paced, keep_pace
from bench.endure.duplicates import Post, notices_kept
from bench.endure.ground import Ground, expect
from bench.endure.hands import Working, a_worker
from bench.endure.pickled import keep_config
from bench.endure.shop import Shop, Trade, trading_shop
from flows.payment.address import NOTICE_PATH
from simulator.pay.notices import notice_serial, signed_headers
from tests.simulator.receiver import Answer, Received
from tests.simulator.stage import MCHID

RATE: Final = 100
ORDERS, BACK = 400, 80
"""Of one round: orders, and how many of them are refunded."""
REPEATED: Final = 4  # one repeat to so many first ones: a fifth of all
MOVED: Final = 20  # one pair of so many changes places: a tenth of all
WARM: Final = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
SERVER: Final = (*production_server(), "bench.endure.site:app")
Send = Callable[[Sequence[Received]], Paced]


def play(ground: Ground) -> None:
    """Round after round: pay and tell, refund and tell."""
    with trading_shop(ground) as shop, _outside(ground, shop) as (send, working):
        market, trade, post = shop.market, Trade(ground, shop.market), Withheld(shop)
        while not ground.is_over:
            bought = trade.buy(ORDERS)
            market.stage.settle()
            paid = post.new()
            expect("notices of payments", len(paid), ORDERS)
            with working():
                _hold(ground, send(mixed(paid, paid, ground.random)))
            trade.finish()
            trade.take_back(bought[:BACK])
            market.work()
            market.stage.settle()
            with working():
                _hold(ground, send(mixed(post.new(), paid, ground.random)))
            trade.finish()
            trade.hold()
            expect("notices kept", notices_kept(), len(post.known))
            ground.counts["rounds"] += 1
        ground.counts["notices"] = len(post.known)
        trade.hold_everything()


class Withheld(Post):
    """Notices that are answered and kept, to be told later."""

    def __init__(self, shop: Shop) -> None:
        self._new: list[Received] = []
        super().__init__(shop)

    def new(self) -> list[Received]:
        """What came since this was asked last."""
        came, self._new = self._new, []
        return came

    def _take(self, request: Received) -> Answer:
        if request.path == NOTICE_PATH:
            self._new.append(request)
        return super()._take(request)


def mixed(first: Sequence[Received], known: Sequence[Received], random: Random) -> list[Received]:
    """All of `first` once, repeats of what is known by then among them, and some that change places."""
    going = [*first]
    for letter in random.choices([*known], k=len(first) // REPEATED):
        going.insert(random.randrange(len(going) + 1), letter)
    for place in random.sample(range(len(going) - 1), len(going) // MOVED):
        other = random.randrange(len(going))
        going[place], going[other] = going[other], going[place]
    return going


def _hold(ground: Ground, sent: Paced) -> None:
    """Every notice was taken."""
    expect("notices that were refused", sent.bad, 0)
    ground.least("a_second", sent.rate)
    ground.counts["delivered"] += sent.sent
    ground.most("p50_ms", math.ceil(sent.percentile(0.5)))
    ground.most("p99_ms", math.ceil(sent.percentile(0.99)))
    ground.most("slowest_ms", sent.slowest)


@contextmanager
def _outside(ground: Ground, shop: Shop) -> Iterator[tuple[Send, Working]]:
    """The production server and a worker, each in processes of its own: how notices get there."""
    config = keep_config(shop.market.app.extensions["wx_config"], ground.folder)
    told = {"ENDURE_CONFIG": str(config)}
    with (
        serving("pages", NOTICE_PATH, SERVER, "--port", told) as pages,
        a_worker(config) as working,
    ):

        def send(letters: Sequence[Received]) -> Paced:
            rate, requests = ground.rate or RATE, (_signed(shop, each) for each in letters)
            seconds = (len(letters) + 0.5) / rate
            return keep_pace(("127.0.0.1", pages.port), requests, rate=rate, seconds=seconds)

        keep_pace(("127.0.0.1", pages.port), repeat(WARM), rate=50, seconds=1.0)
        yield send, working


def _signed(shop: Shop, letter: Received) -> bytes:
    """A notice as it would come at this moment."""
    world = shop.platform.world
    with world.acting():
        merchant = world.merchants.rows[MCHID]
        headers = signed_headers(world, merchant, notice_serial(merchant), letter.body, {})
    return posted(NOTICE_PATH, {**headers, "Content-Type": "application/json"}, letter.body)
