"""Once an order is paid, buyer and rep hear of it once, and the purchase renews the protection."""

from sqlalchemy import select

from flows.thanks import TO_BUYER, TO_REP
from members.joining import join_member
from members.models import Identity
from orders.values import Item
from org.invites import bind_rep
from referral.models import Touch
from templates_msg.models import Message
from templates_msg.operations import set_template
from tests.flows.trade.market import Market
from tests.simulator.stage import SHOP, Stage
from wx_backend import clock
from wx_backend.db import db, transaction

FIELDS = {"number": "character_string1", "goods": "thing2", "amount": "amount3", "paid_at": "time4"}


def set_up_templates(stage: Stage) -> None:
    content = "\n".join(f"{{{{{key}.DATA}}}}" for key in FIELDS.values())
    for purpose in (TO_BUYER, TO_REP):
        stage.control(
            "PUT", f"/accounts/{SHOP}/templates/T-{purpose}", title="通知", content=content
        )
        with transaction():
            set_template(appid=SHOP, purpose=purpose, template_id=f"T-{purpose}", fields=FIELDS)


def bind_alice(market: Market, stage: Stage) -> None:
    openid = stage.act("Alice", "follow", appid=SHOP)["openid"]
    now = clock.now()
    with transaction() as session:
        identity = Identity(
            appid=SHOP, openid=openid, is_followed=True, seen_at=now, created_at=now
        )
        session.add(identity)
        session.flush()
        member_id = join_member(identity_id=identity.id, now=now)
        bind_rep(rep_id=market.alice_id, member_id=member_id, now=now)


def template_messages(stage: Stage, person: str) -> int:
    return sum(line["kind"] == "template" for line in stage.chat(person))


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
