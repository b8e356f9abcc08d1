"""A refund whose card is gone: a person sends it another way, and it ends once."""

import pytest
from flask import Flask

from flows.refund.abnormal import PayerCard, agree_to_way_out, send_another_way
from ledger.models import AccountKind
from payments.errors import NotAbnormal
from payments.exceptions import close_exception
from payments.models import ExceptionKind, Refund, RefundStatus
from payments.proposals import ProposalDecided, SecondPersonNeeded
from payments.ways_out import WayOutProposed, ways_out_of, withdraw_way_out
from settlement.queries import income_of
from tests.flows.trade.market import (
    Market,
    assert_books_and_witness_agree,
    open_kinds,
    order_status,
    refunds,
    total,
)
from tests.flows.trade.test_refund import agree_all
from tests.racing import race
from tests.simulator.stage import MCHID, Stage
from wx_backend import clock
from wx_backend.db import db, retried, transaction
from wx_backend.errors import BadInput, NotTheAsker
from wx_backend.outbox import Job

CARD = PayerCard("ICBC_DEBIT", "6222 0000 1111 2222", "鲍勃")


@pytest.fixture
def refund_id(market: Market, stage: Stage) -> int:
    """A phone's refund that turned out abnormal."""
    order_id = market.buy()
    stage.control("PUT", f"/merchants/{MCHID}", refund_outcome="ABNORMAL")
    agree_all(order_id)
    market.work()
    market.work()
    [refund] = refunds()
    assert refund.status == RefundStatus.ABNORMAL
    assert open_kinds() == ["refund_abnormal"]
    return refund.id


def send(refund_id: int, card: PayerCard | None) -> bool:
    return retried(
        lambda: send_another_way(refund_id=refund_id, card=card, actor="staff:7", now=clock.now())
    )


def decide(refund_id: int, *, is_agreed: bool = True, actor: str = "staff:8") -> None:
    db.session.rollback()
    waiting = ways_out_of(refund_id)[-1].id
    retried(
        lambda: agree_to_way_out(
            way_out_id=waiting, is_agreed=is_agreed, actor=actor, now=clock.now()
        )
    )


def send_together(refund_id: int, card: PayerCard | None) -> None:
    """A phone is above the limit: it takes two."""
    assert not send(refund_id, card)
    decide(refund_id)


def test_it_goes_to_another_card_of_the_payer(market: Market, stage: Stage, refund_id: int) -> None:
    send_together(refund_id, CARD)
    with pytest.raises(NotAbnormal):
        send(refund_id, CARD)
    db.session.rollback()
    kept = db.session.query(Job).filter_by(name="refund.apply_abnormal").one().arguments
    assert "6222" not in str(kept)
    assert "鲍勃" not in str(kept)
    market.work()
    market.work()
    [refund] = refunds()
    assert (refund.status, refund.way, refund.way_by) == ("succeeded", "USER_BANK_CARD", "staff:7")
    assert open_kinds() == []
    assert total(AccountKind.REFUND_CLEARING) == 0
    income = income_of(market.alice_id)
    assert income.earned_fen == income.taken_back_fen
    assert_books_and_witness_agree(stage)


def test_it_comes_to_us_and_stays_open_until_somebody_has_paid(
    market: Market, stage: Stage, refund_id: int
) -> None:
    send_together(refund_id, None)
    market.work()
    market.work()
    [refund] = refunds()
    assert refund.status == RefundStatus.SUCCEEDED
    assert open_kinds() == ["refund_abnormal"]
    with transaction():
        assert close_exception(
            kind=ExceptionKind.REFUND_ABNORMAL,
            key=refund.out_refund_no,
            by="staff:7",
            resolution="已转账付给用户，回单 881",
            now=clock.now(),
        )
    assert open_kinds() == []
    assert [fact["person"] for fact in stage.facts("refund")] == [""]
    assert_books_and_witness_agree(stage)


def test_an_unanswered_way_out_is_asked_for_again_and_ends_once(
    market: Market, stage: Stage, refund_id: int
) -> None:
    stage.chaos("/v3/refund/domestic/refunds/*/apply-abnormal-refund", "drop_after")
    send_together(refund_id, CARD)
    market.work()
    market.pass_time(minutes=2)
    market.work()
    market.work()
    assert [refund.status for refund in refunds()] == ["succeeded"]
    assert len(stage.facts("refund")) == 1


def test_above_the_limit_nothing_moves_before_another_person_agrees(
    market: Market, stage: Stage, refund_id: int
) -> None:
    assert not send(refund_id, CARD)
    [asked] = ways_out_of(refund_id)
    assert "6222" not in str(asked.card)
    assert "鲍勃" not in str(asked.card)
    with pytest.raises(WayOutProposed):
        send(refund_id, None)
    with pytest.raises(SecondPersonNeeded):
        decide(refund_id, actor="staff:7")
    market.work()
    assert (refunds()[0].status, stage.facts("refund")) == (RefundStatus.ABNORMAL, [])
    decide(refund_id, is_agreed=False)
    with pytest.raises(ProposalDecided):
        decide(refund_id)
    assert refunds()[0].status == RefundStatus.ABNORMAL
    send_together(refund_id, CARD)
    assert [(each.status, each.card) for each in ways_out_of(refund_id)] == [
        ("declined", None),
        ("approved", None),
    ]
    market.work()
    market.work()
    assert refunds()[0].status == RefundStatus.SUCCEEDED


def test_agreeing_and_taking_back_at_once_sends_it_once_or_never(
    app: Flask, market: Market, stage: Stage, refund_id: int
) -> None:
    assert not send(refund_id, CARD)
    waiting = ways_out_of(refund_id)[0].id
    db.session.rollback()
    with pytest.raises(NotTheAsker), transaction():
        withdraw_way_out(waiting, actor="staff:8", now=clock.now())

    def speak(n: int) -> bool:
        def agree() -> None:
            agree_to_way_out(
                way_out_id=waiting, is_agreed=True, actor=f"staff:{8 + n}", now=clock.now()
            )

        def take_back() -> None:
            withdraw_way_out(waiting, actor="staff:7", now=clock.now())

        try:
            retried(take_back if n % 2 else agree)
        except ProposalDecided:
            return False
        return True

    won = race(app, speak, times=6)
    market.work()
    market.work()
    assert won.count(True) == 1
    is_agreed = won.index(True) % 2 == 0
    [asked] = ways_out_of(refund_id)
    assert (asked.status, asked.card) == ("approved" if is_agreed else "withdrawn", None)
    assert len(stage.facts("refund")) == is_agreed
    assert refunds()[0].status == ("succeeded" if is_agreed else "abnormal")
    if not is_agreed:
        send_together(refund_id, CARD)
        market.work()
        market.work()
    assert_books_and_witness_agree(stage)


def test_of_many_who_agree_to_a_way_out_at_once_one_does(
    app: Flask, market: Market, stage: Stage, refund_id: int
) -> None:
    assert not send(refund_id, CARD)
    waiting = ways_out_of(refund_id)[0].id
    db.session.rollback()

    def agree(n: int) -> bool:
        try:
            retried(
                lambda: agree_to_way_out(
                    way_out_id=waiting, is_agreed=True, actor=f"staff:{8 + n}", now=clock.now()
                )
            )
        except ProposalDecided:
            return False
        return True

    assert race(app, agree, times=4).count(True) == 1
    market.work()
    market.work()
    assert len(stage.facts("refund")) == 1
    assert_books_and_witness_agree(stage)


def test_pieces_get_nobody_past_the_limit(refund_id: int) -> None:
    with transaction():
        refund = db.session.get_one(Refund, refund_id)
        more = {"reason": "", "actor": "staff:7", "status": "abnormal", "asked_at": clock.now()}
        more["payment_id"] = refund.payment_id
        small = [
            Refund(out_refund_no=f"RF{n}", key=f"k{n}", amount_fen=60_000, **more) for n in range(2)
        ]
        db.session.add_all(small)
        db.session.flush()
        ids = [each.id for each in small]
    assert send(ids[0], None)
    assert not send(ids[1], None)


@pytest.mark.parametrize(
    "card",
    [
        PayerCard("icbc", "62220000111122", "鲍勃"),
        PayerCard("ICBC_DEBIT", "6222", "鲍勃"),
        PayerCard("ICBC_DEBIT", "62220000111122", ""),
    ],
)
def test_a_card_that_cannot_be_one_is_refused(refund_id: int, card: PayerCard) -> None:
    with pytest.raises(BadInput):
        send(refund_id, card)
    assert refunds()[0].status == RefundStatus.ABNORMAL
    assert order_status(1) == "paid"
