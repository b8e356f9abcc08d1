"""Verbs of earning: commission is held when a line is paid, and free some time after a milestone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from ledger.models import AccountKind
from ledger.values import credit, debit, of_company, of_rep
from settlement import queries
from settlement.books import accrual_under_lock, accruals_under_lock, parts_of, record
from settlement.models import Accrual, Commission, Milestone, VestingRule
from settlement.refunds import follow_refunds
from settlement.rules import LineFacts, Rate, Share, commission_of, parts, rate_of
from wx_backend import clock
from wx_backend.db import db, upsert
from wx_backend.errors import Conflict
from wx_backend.outbox import defer, job

PAID = "paid"
EXPENSE = of_company(AccountKind.COMMISSION_EXPENSE)


class NoVestingTerms(Conflict):
    """Nobody said when commission on this kind of product is free: nothing can be accrued."""

    code, message = "no_vesting_terms", "该类商品尚未设定佣金结算条件"


def accrue(*, line: LineFacts, shares: Sequence[Share], now: datetime, event: str = PAID) -> bool:
    """Hold for each rep his part of what a line brings; False when nothing new is earned.

    A line brings nothing without shares (own purchase, the outlet's pool) or without a rate.
    Decided once per line and event, by the rate of the day the line was paid; refunds that came
    before are counted. The caller holds the lock of the order, so that a refund and a late
    accrual see each other. Raises NoVestingTerms.
    """
    shares = [share for share in shares if share.share_bp]
    rate = rate_of(line, queries.rates_for(line)) if shares else None
    if rate is None or not commission_of(line, rate):
        return False
    accrual = _decide(line, rate, event, now)
    if accrual is None:
        return False
    _divide(accrual, shares, now)
    refunded_fen = queries.refunded_so_far(line.order_line_id)
    follow_refunds(accrual, refunded_fen, key="earlier", now=now)
    return True


def start_vesting(*, order_line_id: int, milestone: Milestone, reached_at: datetime) -> list[int]:
    """A line reached a milestone: the days count from here, and a job waits for their end.

    The accruals this started it for; a milestone reached again starts nothing.
    """
    started = []
    for accrual in accruals_under_lock(order_line_id):
        if accrual.milestone == milestone and accrual.due_at is None:
            due_at = reached_at + timedelta(days=accrual.hold_days)
            accrual.due_at = due_at
            defer(vest_when_due, key=str(accrual.id), due_at=due_at, accrual_id=accrual.id)
            started.append(accrual.id)
    return started


def vest(*, accrual_id: int, now: datetime) -> bool:
    """Set free what refunds have left of an accrual; False when it is not due or free already."""
    accrual = accrual_under_lock(accrual_id)
    if accrual is None or accrual.vested_at or accrual.due_at is None or accrual.due_at > now:
        return False
    accrual.vested_at = now
    legs = []
    for part in parts_of(accrual):
        left_fen = part.amount_fen - part.taken_back_fen
        legs.append(debit(of_rep(AccountKind.COMMISSION_HELD, part.rep_id), left_fen))
        legs.append(credit(of_rep(AccountKind.COMMISSION_PAYABLE, part.rep_id), left_fen))
    record("vest", accrual, legs, now=now)
    return True


@job("commission.vest")
def vest_when_due(*, accrual_id: int) -> None:
    """The days are over: what is left of the commission is free."""
    vest(accrual_id=accrual_id, now=clock.now())


def _decide(line: LineFacts, rate: Rate, event: str, now: datetime) -> Accrual | None:
    """Write down what this line brings and by which terms; None when that was done before."""
    terms = _terms(line)
    values = {
        "order_line_id": line.order_line_id,
        "event": event,
        "rate_rule_id": rate.id,
        "paid_fen": line.paid_fen,
        "commission_fen": commission_of(line, rate),
        "refunded_fen": 0,
        "milestone": terms.milestone,
        "hold_days": terms.hold_days,
        "accrued_at": now,
    }
    if not upsert(Accrual, values, key=("order_line_id", "event")):
        return None
    query = select(Accrual).where(
        Accrual.order_line_id == line.order_line_id, Accrual.event == event
    )
    return db.session.scalars(query).one()


def _terms(line: LineFacts) -> VestingRule:
    terms = queries.vesting_of(line)
    if terms is None:
        raise NoVestingTerms
    return terms


def _divide(accrual: Accrual, shares: Sequence[Share], now: datetime) -> None:
    """Give each rep his part, held for him."""
    legs = []
    for share, amount_fen in parts(accrual.commission_fen, shares).items():
        db.session.add(
            Commission(
                accrual_id=accrual.id,
                rep_id=share.rep_id,
                role=share.role,
                share_bp=share.share_bp,
                amount_fen=amount_fen,
                taken_back_fen=0,
            )
        )
        legs.append(debit(EXPENSE, amount_fen))
        legs.append(credit(of_rep(AccountKind.COMMISSION_HELD, share.rep_id), amount_fen))
    db.session.flush()
    record("accrue", accrual, legs, now=now)
