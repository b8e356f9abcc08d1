"""Verbs of earning: commission is held when a line is paid, and free some time after milestones."""

from collections.abc import Sequence
from datetime import datetime

from ledger.models import AccountKind
from ledger.values import Leg, credit, debit
from settlement import queries
from settlement.books import (
    EXPENSE,
    account_of,
    accrual_under_lock,
    accruals_under_lock,
    parts_of,
    record,
)
from settlement.cascade import NOBODY_ABOVE, Above, Award, awards_of, rates_on
from settlement.following import follow, note_reached
from settlement.milestones import Step, Terms
from settlement.models import Accrual, Commission, Milestone, MilestoneEvent
from settlement.refunds import follow_refunds
from settlement.rules import LineFacts, Share
from settlement.volumes import Volumes
from wx_backend import clock
from wx_backend.db import db, inserted, upsert
from wx_backend.errors import Conflict
from wx_backend.money import split
from wx_backend.outbox import defer, job

PAID = "paid"


class NoVestingTerms(Conflict):
    """Nobody said when commission on this kind of product is free: nothing can be accrued."""

    code, message = "no_vesting_terms", "该类商品尚未设定佣金结算条件"


def accrue(
    *,
    line: LineFacts,
    shares: Sequence[Share],
    now: datetime,
    event: str = PAID,
    above: Above = NOBODY_ABOVE,
) -> bool:
    """Hold for everybody his part of what a line brings; False when nothing new is earned.

    Without shares (own purchase, the outlet's pool) it brings the reps nothing, and the nodes
    above them the whole of their rates. Decided once per line and event, by the rates of the day
    the line was paid; refunds and milestones that came before are counted. The caller holds the
    lock of the order, so that a refund and a late accrual see each other. Raises NoVestingTerms.
    """
    shares = [share for share in shares if share.share_bp]
    rates = rates_on(line, queries.rates_for(line), shares, above)
    if not rates or queries.is_accrued(line.order_line_id, event):
        return False
    volumes = Volumes.under_lock(line, rates, shares)
    awards = awards_of(line, rates, shares, above, volumes.before)
    if not any(award.amount_fen for award in awards) and not volumes.are_counted:
        return False
    terms = queries.vesting_of(line)
    if terms is None:
        raise NoVestingTerms
    accrual = _decide(line, rates[0].id, awards, terms, event, now)
    if accrual is None:
        return False
    volumes.count()
    _divide(accrual, awards, terms, now)
    _catch_up(accrual, now)
    return any(award.amount_fen for award in awards)


def start_vesting(
    *,
    order_line_id: int,
    milestone: Milestone,
    reached_at: datetime,
    month: int = 0,
    now: datetime | None = None,
) -> list[int]:
    """A line reached a milestone: the days count from here, and jobs wait for their end.

    The accruals of which it started a part; a milestone reached again starts nothing. One that is
    told before the commission is known is kept for it; `now` is when it is told, if later. What
    an early end took for want of this milestone comes back.
    """
    event = {
        "order_line_id": order_line_id,
        "milestone": milestone,
        "month": month,
        "happened_at": reached_at,
    }
    if not upsert(MilestoneEvent, event, key=("order_line_id", "milestone", "month")):
        return []
    started = []
    for accrual in accruals_under_lock(order_line_id):
        if _wait(accrual):
            started.append(accrual.id)
        follow("reach", accrual, key=f"{milestone}:{month}", now=now or reached_at)
    return started


def vest(*, accrual_id: int, now: datetime) -> bool:
    """Set free what is due and left of an accrual; False when nothing of it is.

    What belongs to a disabled rep stays where it is until he is enabled.
    """
    accrual = accrual_under_lock(accrual_id)
    if accrual is None:
        return False
    due = queries.parts_due(accrual_id, now=now)
    for part in parts_of(accrual):
        if part.id in due:
            part.vested_at = now
            record("vest", accrual, _freed(part), now=now, key=str(part.id))
    return bool(due)


@job("commission.vest")
def vest_when_due(*, accrual_id: int) -> None:
    """The days are over: what is left of the commission is free."""
    vest(accrual_id=accrual_id, now=clock.now())


def vest_due(*, now: datetime, limit: int = 200) -> int:
    """Set free whatever is due, also what no job waits for; how many accruals had something."""
    return sum(
        vest(accrual_id=accrual_id, now=now)
        for accrual_id in queries.due_accruals(now=now, limit=limit)
    )


@job("commission.unblock")
def unblock(*, rep_id: int) -> None:
    """A rep is enabled again: set free what waited for it, and come back while there is more."""
    now = clock.now()
    found = queries.due_accruals(now=now, limit=200, rep_id=rep_id)
    freed = [vest(accrual_id=accrual_id, now=now) for accrual_id in found]
    if any(freed):
        defer(unblock, rep_id=rep_id)


def _decide(
    line: LineFacts,
    rate_id: int,
    awards: Sequence[Award],
    terms: Terms,
    event: str,
    now: datetime,
) -> Accrual | None:
    """Write down what this line brings and by which terms; None when that was done before."""
    values = {
        "order_line_id": line.order_line_id,
        "event": event,
        "rate_rule_id": rate_id,
        "paid_fen": line.paid_fen,
        "commission_fen": sum(award.amount_fen for award in awards),
        "refunded_fen": 0,
        "term_months": terms.term_months,
        "accrued_at": now,
    }
    return inserted(Accrual, values, key=("order_line_id", "event"))


def _divide(accrual: Accrual, awards: Sequence[Award], terms: Terms, now: datetime) -> None:
    """Give everybody his part, held for him, cut up by what it waits for."""
    legs: list[Leg] = []
    for award in awards:
        cut = split(award.amount_fen, [step.part_bp for step in terms.steps])
        for step, amount_fen in zip(terms.steps, cut, strict=True):
            part = _part(accrual, award, step, amount_fen)
            db.session.add(part)
            legs.append(debit(EXPENSE, amount_fen))
            legs.append(credit(account_of(AccountKind.COMMISSION_HELD, part), amount_fen))
    db.session.flush()
    record("accrue", accrual, legs, now=now)


def _part(accrual: Accrual, award: Award, step: Step, amount_fen: int) -> Commission:
    return Commission(
        accrual_id=accrual.id,
        rate_rule_id=award.rate_id,
        rep_id=award.rep_id,
        node_id=award.node_id,
        role=award.role,
        share_bp=award.share_bp,
        milestone=step.milestone,
        month=step.month,
        part_bp=step.part_bp,
        hold_days=step.hold_days,
        amount_fen=amount_fen,
        taken_back_fen=0,
    )


def _catch_up(accrual: Accrual, now: datetime) -> None:
    """Refunds and milestones may have been told before the commission was known; mostly none was."""
    refunded_fen = queries.refunded_so_far(accrual.order_line_id)
    if not refunded_fen and not queries.events_of(accrual.order_line_id):
        return
    _wait(accrual)
    follow_refunds(accrual, refunded_fen, key="earlier", now=now)
    follow("end", accrual, key="earlier", now=now)


def _wait(accrual: Accrual) -> bool:
    """Have jobs wait for the days that begin now; whether any do."""
    due = note_reached(accrual)
    for due_at in set(due):
        key = f"{accrual.id}:{due_at:%Y%m%dT%H%M%S}"
        defer(vest_when_due, key=key, due_at=due_at, accrual_id=accrual.id)
    db.session.flush()
    return bool(due)


def _freed(part: Commission) -> list[Leg]:
    left_fen = part.amount_fen - part.taken_back_fen
    return [
        debit(account_of(AccountKind.COMMISSION_HELD, part), left_fen),
        credit(account_of(AccountKind.COMMISSION_PAYABLE, part), left_fen),
    ]
