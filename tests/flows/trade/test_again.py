"""A payment nobody wanted whose refund WeChat Pay closed goes back once more, once, when a person says so."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from flows.refund.agree import refund_whole_order
from flows.refund.desk import decide, give_back_again, withdraw
from ledger.models import AccountKind
from orders.operations import close_order
from orders.values import Item
from org.models import OrgNode
from payments.again import NotClosed
from payments.errors import RefundTooSoon
from payments.models import RefundProposal
from payments.proposals import ProposalDecided, SecondPersonNeeded
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    open_kinds,
    order_status,
    payments,
    refunds,
    total,
)
from tests.racing import race
from tests.simulator.stage import MCHID, Stage
from wx_backend import clock, platform
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotTheAsker

REFUNDS = "/v3/refund/domestic/refunds"
CAROL, DAVE = "staff:1", "staff:2"


def outlet_id() -> int:
    db.session.rollback()
    return db.session.scalars(select(OrgNode.id).where(OrgNode.code == "O1")).one()


def pay_late(market: Market, code: str) -> int:
    """Bob pays what was closed meanwhile."""
    order_id = market.order(Item(code, 1))
    sheet = market.sheet(order_id)
    with transaction():
        close_order(order_id=order_id, actor="staff:1", cause="by hand", now=clock.now())
    assert market.pay(sheet).endswith(":ok")
    return order_id


def refused(market: Market, stage: Stage, code: str) -> int:
    """WeChat Pay takes no refunds of us just now."""
    stage.chaos(REFUNDS, "fail_before", status=403, code="NO_AUTH")
    order_id = pay_late(market, code)
    market.work()
    assert open_kinds() == ["paid_after_close", "refund_closed"]
    return order_id


def closed_later(market: Market, stage: Stage, code: str) -> int:
    """Our balance there stayed too small for a week."""
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="CLOSED")
    order_id = pay_late(market, code)
    market.work()
    market.work()
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="SUCCESS")
    assert open_kinds() == ["paid_after_close", "refund_closed"]
    return order_id


def again(node_id: int, *, actor: str = CAROL, key: str = "form-1") -> bool:
    """A person sends the form about the refund that failed first."""
    number = refunds()[0].out_refund_no
    return retried(
        lambda: give_back_again(
            out_refund_no=number, key=key, node_id=node_id, actor=actor, now=clock.now()
        )
    )


def proposals() -> list[RefundProposal]:
    db.session.rollback()
    return list(db.session.scalars(select(RefundProposal).order_by(RefundProposal.id)))


def agree(proposal_id: int, node_id: int, *, actor: str = DAVE) -> str:
    return retried(
        lambda: decide(
            proposal_id=proposal_id, is_agreed=True, node_id=node_id, actor=actor, now=clock.now()
        )
    )


@pytest.mark.parametrize("closed", [refused, closed_later])
def test_it_goes_back_under_a_new_number_once_however_often_it_is_asked_for(
    market: Market, stage: Stage, closed: Callable[[Market, Stage, str], int]
) -> None:
    order_id, node_id = closed(market, stage, market.wares.plan), outlet_id()
    assert total(AccountKind.REFUND_CLEARING) == -10_000
    with pytest.raises(RefundTooSoon):
        again(node_id)
    market.pass_time(minutes=2)
    assert [again(node_id), again(node_id), again(node_id, key="form-2", actor=DAVE)] == [True] * 3
    assert open_kinds() == ["paid_after_close"]
    market.work()
    market.work()
    first, second = refunds()
    assert (first.status, second.status) == ("closed", "succeeded")
    assert first.out_refund_no != second.out_refund_no
    assert again(node_id)
    market.work()
    assert len(stage.facts("refund")) == 1
    assert payments(order_id)[0].refunded_fen == 10_000
    assert order_status(order_id) == "closed"
    assert open_kinds() == []
    assert total(AccountKind.REFUND_CLEARING) == total(AccountKind.WECHAT_CLEARING) == 0
    assert_books_and_witness_agree(stage)


def test_people_at_once_give_it_back_once(app: Flask, market: Market, stage: Stage) -> None:
    refused(market, stage, market.wares.plan)
    node_id = outlet_id()
    market.pass_time(minutes=2)
    assert race(app, lambda n: again(node_id, key=f"form-{n}"), times=4) == [True] * 4
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == ["closed", "succeeded"]
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_what_fails_once_more_may_go_back_after_that(market: Market, stage: Stage) -> None:
    refused(market, stage, market.wares.plan)
    node_id = outlet_id()
    market.pass_time(minutes=2)
    stage.chaos(REFUNDS, "fail_before", status=403, code="RULE_LIMIT")
    assert again(node_id)
    market.work()
    assert open_kinds() == ["paid_after_close", "refund_closed"]
    market.pass_time(minutes=2)
    number = refunds()[-1].out_refund_no
    assert retried(
        lambda: give_back_again(
            out_refund_no=number, key="form-2", node_id=node_id, actor=CAROL, now=clock.now()
        )
    )
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == ["closed", "closed", "succeeded"]
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


def test_above_the_limit_a_second_person_agrees(market: Market, stage: Stage) -> None:
    refused(market, stage, market.wares.phone)
    node_id = outlet_id()
    market.pass_time(minutes=2)
    assert [again(node_id), again(node_id), again(node_id, key="form-2")] == [False] * 3
    [proposal] = proposals()
    assert (proposal.amount_fen, proposal.amounts) == (199_900, {})
    with pytest.raises(SecondPersonNeeded):
        agree(proposal.id, node_id, actor=CAROL)
    assert len(refunds()) == 1
    agree(proposal.id, node_id)
    with pytest.raises(ProposalDecided):
        agree(proposal.id, node_id)
    assert again(node_id)
    market.work()
    market.work()
    assert [refund.actor for refund in refunds()] == ["system", CAROL]
    assert proposals()[0].refund_id == refunds()[1].id
    assert len(stage.facts("refund")) == 1
    assert open_kinds() == []
    assert_books_and_witness_agree(stage)


def test_who_proposed_it_may_take_it_back_and_propose_it_anew(market: Market, stage: Stage) -> None:
    refused(market, stage, market.wares.phone)
    node_id = outlet_id()
    market.pass_time(minutes=2)
    assert not again(node_id)
    proposal_id = proposals()[0].id

    def take_back(actor: str) -> str:
        return retried(
            lambda: withdraw(proposal_id=proposal_id, node_id=node_id, actor=actor, now=clock.now())
        )

    with pytest.raises(NotTheAsker):
        take_back(DAVE)
    assert take_back(CAROL) == ""
    with pytest.raises(ProposalDecided):
        again(node_id)
    assert not again(node_id, key="form-2")
    agree(proposals()[-1].id, node_id)
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_what_somebody_gave_back_at_wechat_pay_is_not_given_twice(
    market: Market, stage: Stage
) -> None:
    """It refuses the second one, whatever is asked of it here."""
    order_id = refused(market, stage, market.wares.plan)
    node_id = outlet_id()
    give_back_there(payments(order_id)[0].out_trade_no)
    market.pass_time(minutes=2)
    assert again(node_id)
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == ["closed", "closed"]
    assert open_kinds() == ["paid_after_close", "refund_closed"]
    assert len(stage.facts("refund")) == 1


def give_back_there(out_trade_no: str, *, refund_fen: int = 10_000) -> None:
    """Somebody returns a payment of 100 yuan, or part of it, in WeChat Pay's own console."""
    db.session.rollback()
    platform.pay_client().refund(
        out_trade_no=out_trade_no, out_refund_no="BYHAND1", refund_fen=refund_fen, total_fen=10_000
    )


def test_only_a_closed_refund_of_a_whole_payment_is_followed_by_another(
    market: Market,
) -> None:
    pay_late(market, market.wares.plan)
    market.work()
    node_id = outlet_id()
    with pytest.raises(NotClosed):
        again(node_id)
    market.work()
    market.pass_time(minutes=2)
    assert [refund.status for refund in refunds()] == ["succeeded"]
    with pytest.raises(NotClosed):
        again(node_id)
    assert len(refunds()) == 1


def test_a_refund_of_lines_is_asked_for_by_its_form(market: Market, stage: Stage) -> None:
    order_id = market.buy()
    stage.chaos(REFUNDS, "fail_before", status=403, code="NO_AUTH")
    retried(
        lambda: refund_whole_order(
            order_id=order_id, reason="不想要了", actor=CAROL, key="all", now=clock.now()
        )
    )
    market.work()
    market.pass_time(minutes=2)
    assert open_kinds() == ["refund_closed"]
    node_id = outlet_id()
    with pytest.raises(NotClosed):
        again(node_id)
