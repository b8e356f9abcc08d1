"""Notices of payments and refunds come over and over, in any order, from everywhere at once: each has one effect."""

import json
from typing import Final

from sqlalchemy import func, select

from bench.endure.ground import Ground, expect
from bench.endure.shop import Shop, Trade, trading_shop
from flows.payment.address import NOTICE_PATH
from payments.models import PayNotice
from tests.racing import race
from tests.simulator.receiver import Answer, Received
from wx_backend import clock
from wx_backend.db import db
from wx_backend.outbox import WORK
from wx_backend.worker import drain_queue

ORDERS, BACK, COPIES = 12, 4, 100
"""Of one round: orders, how many of them are refunded, and how often each notice comes in each storm."""
THREADS: Final = 6
WORKED_EVERY: Final = 50
KEPT: Final = 60
BELIEVED_SECONDS: Final = 150.0  # half of what the service believes: a storm takes a while


def play(ground: Ground) -> None:
    """Storm after storm."""
    with trading_shop(ground) as shop:
        market, trade, post = shop.market, Trade(ground, shop.market), Post(shop)
        while not ground.is_over:
            bought = trade.buy(ORDERS)
            market.stage.settle()
            _storm(ground, post)
            trade.finish()
            trade.take_back(bought[:BACK])
            market.work()
            market.stage.settle()
            _storm(ground, post)
            trade.finish()
            trade.hold()
            expect("notices kept", notices_kept(), len(post.known))
            ground.counts["rounds"] += 1
        ground.counts["notices"] = len(post.known)
        trade.hold_everything()


class Post:
    """The notices as they were sent, the latest last: they reach the service in a storm first."""

    def __init__(self, shop: Shop) -> None:
        self.app = shop.market.app
        self.known: set[str] = set()
        self._letters: list[Received] = []
        shop.receiver.answer = self._take

    def fresh(self) -> list[Received]:
        """What is young enough to be believed."""
        oldest = clock.now().timestamp() - BELIEVED_SECONDS
        return [
            each for each in self._letters if int(_headers(each)["wechatpay-timestamp"]) > oldest
        ]

    def deliver(self, letter: Received) -> int:
        """Put one to the door of pay notices; how it is answered."""
        sent = self.app.test_client().post(NOTICE_PATH, data=letter.body, headers=_headers(letter))
        return sent.status_code

    def _take(self, request: Received) -> Answer:
        if request.path == NOTICE_PATH:
            self._letters = [*self._letters[1 - KEPT :], request]
            self.known.add(json.loads(request.body)["id"])
        return 204, b""


def _headers(letter: Received) -> dict[str, str]:
    lower = {name.lower(): value for name, value in letter.headers.items()}
    return {name: value for name, value in lower.items() if name.startswith("wechatpay-")}


def _storm(ground: Ground, post: Post) -> None:
    """All fresh notices a hundred times each, in disorder, while what they say is worked off."""
    letters = post.fresh() * COPIES
    ground.random.shuffle(letters)

    def deliver(number: int) -> int:
        if number % WORKED_EVERY == 0:
            drain_queue(post.app, WORK)
        return post.deliver(letters[number])

    answers = race(post.app, deliver, times=len(letters), threads=THREADS)
    expect("answers", set(answers), {204})
    ground.counts["delivered"] += len(letters)


def notices_kept() -> int:
    """How many notices the service has stored."""
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(PayNotice)) or 0
