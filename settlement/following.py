"""Bringing a line's commission to what the facts ask for: what waits, what is due, what is lost."""

from datetime import datetime, timedelta

from ledger.models import AccountKind
from ledger.values import Leg
from settlement import queries
from settlement.books import CLAWBACK, EXPENSE, account_of, parts_of, record
from settlement.milestones import Fate
from settlement.models import Accrual, Commission, Milestone


def fate_of(accrual: Accrual) -> Fate:
    """Everything known about the line of a locked accrual."""
    return Fate(
        paid_fen=accrual.paid_fen,
        refunded_fen=accrual.refunded_fen,
        term_months=accrual.term_months,
        events=queries.events_of(accrual.order_line_id),
    )


def note_reached(accrual: Accrual) -> list[datetime]:
    """Let the days of parts whose milestone was reached run; the instants when they are over."""
    fate, due = fate_of(accrual), []
    for part in parts_of(accrual):
        reached_at = fate.reached_at(_milestone(part), part.month)
        if reached_at is not None and part.due_at is None:
            part.due_at = reached_at + timedelta(days=part.hold_days)
            due.append(part.due_at)
    return due


def follow(verb: str, accrual: Accrual, *, key: str, now: datetime) -> int:
    """Take back what is lost beyond what was taken, or restore what was taken too much; in fen.

    What is free is taken from the receiver's free balance, below zero if it must; the rest from
    what is held. Computed from facts alone, so that their order makes no difference in the end.
    """
    fate = fate_of(accrual)
    legs: list[Leg] = []
    taken_fen = 0
    for part in parts_of(accrual):
        more_fen = fate.lost_of(part.amount_fen, _milestone(part), part.month) - part.taken_back_fen
        part.taken_back_fen += more_fen
        taken_fen += more_fen
        legs += _taken(part, more_fen)
    record(verb, accrual, legs, now=now, key=key)
    return taken_fen


def _taken(part: Commission, fen: int) -> list[Leg]:
    """What moves when a part loses so much; a negative amount comes back."""
    if part.vested_at is None:
        return [Leg(account_of(AccountKind.COMMISSION_HELD, part), fen), Leg(EXPENSE, -fen)]
    return [Leg(account_of(AccountKind.COMMISSION_PAYABLE, part), fen), Leg(CLAWBACK, -fen)]


def _milestone(part: Commission) -> Milestone:
    return Milestone(part.milestone)
