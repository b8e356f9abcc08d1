"""The developer's commission on a line goes to another rep: taken back from one, accrued for the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.models import AccountKind
from ledger.values import Leg
from settlement.books import EXPENSE, account_of, accruals_under_lock, parts_of, record
from settlement.models import Commission, ShareRole
from settlement.queries import commissions_of_line
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Stake:
    """Whose the developer's part of a line is now, by which rate, and what refunds have left of it."""

    rep_id: int
    rate_rule_id: int
    left_fen: int


def stake_in(order_line_id: int) -> Stake | None:
    """The developer's part of a line; None where there never was one."""
    parts = [e for e in commissions_of_line(order_line_id) if e.role is ShareRole.DEVELOPER]
    if not parts or parts[0].rep_id is None:
        return None
    return Stake(parts[0].rep_id, parts[0].rate_rule_id, sum(part.net_fen for part in parts))


def reassign(
    *, order_line_id: int, from_rep_id: int, to_rep_id: int, key: str, now: datetime
) -> int:
    """Give another rep what the developer has of a line and refunds have left; the fen moved.

    What the line brought was decided once and stays: amounts, rate, milestones, everybody else's
    part. What is free is taken from the free balance, below zero if it must, and free for the other
    at once; the rest is held for him as it was. Refunds and milestones to come are his. The caller
    holds the lock of the order; what is not the first one's (any more) moves nothing.
    """
    moved_fen = 0
    for accrual in accruals_under_lock(order_line_id):
        parts = [
            part
            for part in parts_of(accrual)
            if part.role == ShareRole.DEVELOPER and part.rep_id == from_rep_id
        ]
        moved_fen += sum(map(_left, parts))
        record("unassign", accrual, _legs(parts, 1), now=now, key=key)
        for part in parts:
            part.rep_id = to_rep_id
        record("reassign", accrual, _legs(parts, -1), now=now, key=key)
    db.session.flush()
    return moved_fen


def _legs(parts: Sequence[Commission], sign: int) -> list[Leg]:
    """What is left of parts on the accounts of whoever has them, debit positive, against the expense."""
    legs: list[Leg] = []
    for part in parts:
        is_free = part.vested_at is not None
        kind = AccountKind.COMMISSION_PAYABLE if is_free else AccountKind.COMMISSION_HELD
        legs.append(Leg(account_of(kind, part), sign * _left(part)))
        legs.append(Leg(EXPENSE, -sign * _left(part)))
    return legs


def _left(part: Commission) -> int:
    return part.amount_fen - part.taken_back_fen
