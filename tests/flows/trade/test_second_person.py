"""A large refund that several people decide on, or its maker takes back, at one moment ends once."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from flows.refund.desk import RefundAsk, ask_refund, decide, withdraw
from ledger.models import AccountKind
from org.models import OrgNode
from payments.models import RefundProposal
from payments.proposals import ProposalDecided, SecondPersonNeeded
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    order_row,
    order_status,
    refunds,
    total,
)
from tests.racing import race
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.config import Config
from wx_backend.db import db, retried
from wx_backend.errors import NotTheAsker

CAROL = "staff:1"


@pytest.fixture
def order_id(market: Market) -> int:
    """A phone of 1,999 yuan, paid; Carol wants all of it to go back."""
    order_id = market.buy()
    assert not ask(order_id)
    return order_id


def ask(order_id: int, key: str = "form-1") -> bool:
    """Carol's form is sent; whether the money goes back at once."""
    wish = RefundAsk(order_row(order_id).number, {1: 199_900}, "不想要了", CAROL, key)
    return retried(lambda: ask_refund(wish, node_id=outlet_id(), now=clock.now()))


def take_back(proposal_id: int, node_id: int) -> bool:
    """Carol thinks better of it; False when somebody has decided."""
    try:
        retried(
            lambda: withdraw(proposal_id=proposal_id, node_id=node_id, actor=CAROL, now=clock.now())
        )
    except ProposalDecided:
        return False
    return True


def outlet_id() -> int:
    db.session.rollback()
    return db.session.scalars(select(OrgNode.id).where(OrgNode.code == "O1")).one()


def proposal() -> RefundProposal:
    db.session.rollback()
    return db.session.scalars(select(RefundProposal)).one()


def say(*, is_agreed: bool, actor: str, proposal_id: int, node_id: int) -> bool:
    """Somebody decides; False when somebody else has."""

    def work() -> str:
        return decide(
            proposal_id=proposal_id,
            is_agreed=is_agreed,
            node_id=node_id,
            actor=actor,
            now=clock.now(),
        )

    try:
        retried(work)
    except ProposalDecided:
        return False
    return True


def test_of_many_who_agree_at_once_one_does(
    app: Flask, market: Market, stage: Stage, order_id: int
) -> None:
    asked_id, node_id = proposal().id, outlet_id()
    db.session.rollback()

    def agree(n: int) -> bool:
        return say(is_agreed=True, actor=f"staff:{n + 2}", proposal_id=asked_id, node_id=node_id)

    won = race(app, agree, times=6)
    market.work()
    market.work()

    assert won.count(True) == 1
    assert proposal().decided_by == f"staff:{won.index(True) + 2}"
    assert [refund.amount_fen for refund in refunds()] == [199_900]
    assert len(stage.facts("refund")) == 1
    assert order_status(order_id) == "refunded"
    assert_books_and_witness_agree(stage)


def test_agreeing_and_declining_at_once_leaves_one_decision(
    app: Flask, market: Market, stage: Stage, order_id: int
) -> None:
    asked_id, node_id = proposal().id, outlet_id()
    db.session.rollback()

    def speak(n: int) -> bool:
        actor = f"staff:{n + 2}"
        return say(is_agreed=n % 2 == 0, actor=actor, proposal_id=asked_id, node_id=node_id)

    won = race(app, speak, times=6)
    market.work()
    market.work()

    assert won.count(True) == 1
    is_agreed = won.index(True) % 2 == 0
    assert proposal().status == ("approved" if is_agreed else "declined")
    assert len(stage.facts("refund")) == is_agreed
    assert order_status(order_id) == ("refunded" if is_agreed else "paid")
    assert total(AccountKind.REVENUE) == (0 if is_agreed else -199_900)
    assert_books_and_witness_agree(stage)


@pytest.mark.usefixtures("order_id")
def test_who_asked_neither_agrees_nor_declines() -> None:
    for is_agreed in (True, False):
        with pytest.raises(SecondPersonNeeded):
            say(is_agreed=is_agreed, actor=CAROL, proposal_id=proposal().id, node_id=outlet_id())
    assert refunds() == []


def test_agreeing_and_taking_back_at_once_moves_the_money_once_or_never(
    app: Flask, market: Market, stage: Stage, order_id: int
) -> None:
    asked_id, node_id = proposal().id, outlet_id()
    db.session.rollback()

    def speak(n: int) -> bool:
        if n % 2:
            return take_back(asked_id, node_id)
        return say(is_agreed=True, actor=f"staff:{n + 2}", proposal_id=asked_id, node_id=node_id)

    won = race(app, speak, times=6)
    market.work()
    market.work()

    assert won.count(True) == 1
    is_agreed = won.index(True) % 2 == 0
    assert proposal().status == ("approved" if is_agreed else "withdrawn")
    assert len(stage.facts("refund")) == is_agreed
    assert order_status(order_id) == ("refunded" if is_agreed else "paid")
    assert_books_and_witness_agree(stage)


def test_what_was_taken_back_moves_no_money_however_often_it_is_sent(
    app: Flask, market: Market, stage: Stage, order_id: int
) -> None:
    """Not even when one person may give so much back alone by now: it takes another form."""
    assert take_back(proposal().id, outlet_id())
    app.extensions["wx_config"] = with_limit(app, fen=1_000_000)
    for _ in range(2):
        with pytest.raises(ProposalDecided):
            ask(order_id)
    market.work()
    assert (refunds(), stage.facts("refund")) == ([], [])
    assert ask(order_id, "form-2")
    assert [refund.amount_fen for refund in refunds()] == [199_900]


@pytest.mark.usefixtures("order_id")
def test_nobody_else_takes_it_back() -> None:
    asked_id, node_id = proposal().id, outlet_id()
    with pytest.raises(NotTheAsker):
        retried(
            lambda: withdraw(
                proposal_id=asked_id, node_id=node_id, actor="staff:2", now=clock.now()
            )
        )
    assert proposal().status == "proposed"


def with_limit(app: Flask, *, fen: int) -> Config:
    """The configuration under which one person gives so much back alone."""
    config: Config = app.extensions["wx_config"]
    assert config.pay
    return replace(config, pay=replace(config.pay, second_person_above_fen=fen))
