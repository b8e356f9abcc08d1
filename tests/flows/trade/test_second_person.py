"""A large refund that several people decide on at the same moment is decided once."""

import pytest
from flask import Flask
from sqlalchemy import select

from flows.refund.desk import RefundAsk, ask_refund, decide
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
from wx_backend.db import db, retried

CAROL = "staff:1"


@pytest.fixture
def order_id(market: Market) -> int:
    """A phone of 1,999 yuan, paid; Carol wants all of it to go back."""
    order_id = market.buy()
    ask = RefundAsk(order_row(order_id).number, {1: 199_900}, "不想要了", CAROL, "form-1")
    assert not retried(lambda: ask_refund(ask, node_id=outlet_id(), now=clock.now()))
    return order_id


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
