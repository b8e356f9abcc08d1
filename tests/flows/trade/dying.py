"""A story of trade told by a process of its own, up to a crash point."""

from typing import Any

from flask import Flask

from tests.catalog.shelf import Wares
from tests.dying import Deed
from tests.flows.trade.market import Market
from tests.flows.trade.perils import STORIES
from tests.orders.buyers import Buyer
from tests.simulator.stage import Stage
from wx_backend import outbox, worker

Given = tuple[str, Wares, Buyer, int, str, dict[str, Any], bool]


def deed_of(
    market: Market, story: str, told: dict[str, Any], point: str, *, one_by_one: bool = False
) -> Deed:
    """The act of a story in this market, up to a crash point.

    `one_by_one`: who stands at the point is the only one of his process who is at anything.
    """
    given: Given = (
        *(market.stage.base_url, market.wares, market.bob, market.alice_id),
        *(story, told, one_by_one),
    )
    return Deed(market.app.extensions["wx_config"], point, _act, given)


def _act(app: Flask, given: Given) -> None:
    base_url, wares, bob, alice_id, story, told, one_by_one = given
    if one_by_one:
        worker.AT_ONCE[outbox.CALL] = 1
    STORIES[story].act(Market(app, Stage(base_url), wares, bob, alice_id), told)
