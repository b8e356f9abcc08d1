"""Once an order is paid, buyer and rep hear of it once, and the purchase renews the protection."""

from sqlalchemy import select

from flows.thanks import TO_BUYER, TO_REP
from orders.values import Item
from referral.models import Touch
from templates_msg.models import Message
from tests.flows.trade.letters import bind_alice, set_up_templates, template_messages
from tests.flows.trade.market import Market
from tests.simulator.stage import Stage
from wx_backend.db import db


def test_buyer_and_rep_each_hear_of_a_paid_order_once(market: Market, stage: Stage) -> None:
    set_up_templates(stage)
    bind_alice(market, stage)
    stage.chaos("notice:TRANSACTION.SUCCESS", "duplicate", n=3, spacing=0.02)

    market.buy(Item(market.wares.phone, 1))
    market.work()

    assert template_messages(stage, "Bob") == 1
    assert template_messages(stage, "Alice") == 1
    db.session.rollback()
    assert {m.purpose for m in db.session.scalars(select(Message))} == {TO_BUYER, TO_REP}


def test_a_purchase_is_a_touch_of_the_share_that_won(market: Market) -> None:
    market.buy(Item(market.wares.phone, 1))

    db.session.rollback()
    kinds = {touch.kind: touch.share_id for touch in db.session.scalars(select(Touch))}
    assert kinds["paid"] == kinds["link_opened"]
