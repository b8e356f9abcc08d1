"""What the account at WeChat Pay held before and after its fund flows, and what they add up to."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, select

from reconciliation.chain import Movement, closings, likeliest, openings
from reconciliation.models import Bill, BillStatus, BusinessDay, FundLine
from wx_backend.db import db

FEW: Final = 3
"""How many fund flows are asked, on either side of one that does not tell."""
PAGE: Final = 500


class _FundFlow(NamedTuple):
    bill_id: int
    on: date


def last_balance(on: date) -> tuple[date, int] | None:
    """What the account held at the end of the last fund flow up to a day, and that day."""
    last = next(_fund_flows(Bill.business_on <= on, Bill.business_on.desc()), None)
    if last is None:
        return None
    closing = likeliest(_closings(last), _beside(last))
    return None if closing is None else (last.on, closing)


def _first_balance(until: date) -> int | None:
    """What the account held before the first fund flow there is, if that is not after a day."""
    first = next(_fund_flows(Bill.business_on <= until, Bill.business_on), None)
    return None if first is None else likeliest(_openings(first), _beside(first))


def _fund_flows(which: ColumnElement[bool], order: Any) -> Iterator[_FundFlow]:
    """Some fund flows that moved anything, in some order, the first few only."""
    moved = select(FundLine.id).where(FundLine.bill_id == Bill.id).exists()
    query = select(Bill.id, Bill.business_on).where(which, Bill.status == BillStatus.READ, moved)
    rows = db.session.execute(query.order_by(order).limit(FEW)).all()
    return map(_FundFlow._make, rows)


def _beside(flow: _FundFlow) -> Iterator[int]:
    """What was held when a fund flow began that ended with the same: as those before and after it tell."""
    before = _fund_flows(Bill.business_on < flow.on, Bill.business_on.desc())
    after = _fund_flows(Bill.business_on > flow.on, Bill.business_on)
    for held in (map(_closings, before), map(_openings, after)):
        yield from next((maybe for maybe in held if len(maybe) == 1), ())


def _openings(flow: _FundFlow) -> set[int]:
    return openings(_movements(flow, FundLine.booked_at, FundLine.line))


def _closings(flow: _FundFlow) -> set[int]:
    return closings(_movements(flow, FundLine.booked_at.desc(), FundLine.line.desc()))


def _movements(flow: _FundFlow, *order: Any) -> Iterator[Movement]:
    """The rows of a fund flow in some order, some at a time: as many as whoever reads them takes."""
    before_fen = FundLine.balance_fen - FundLine.amount_fen
    query = select(FundLine.booked_at, before_fen, FundLine.balance_fen)
    query = query.where(FundLine.bill_id == flow.bill_id).order_by(*order).limit(PAGE)
    for at in count(step=PAGE):
        rows = db.session.execute(query.offset(at)).all()
        yield from map(Movement._make, rows)
        if len(rows) < PAGE:
            return


@dataclass(frozen=True, slots=True)
class MovedSoFar:
    """What the bills up to a day add up to: where the account began, fees, and what was not ours."""

    opening_fen: int
    fees_e5: int
    other_fen: int
    foreign_fen: int


def moved_until(on: date) -> MovedSoFar:
    """All fund flows up to a day together, and what the compared days say about their rows."""
    days = db.session.scalars(select(BusinessDay).where(BusinessDay.business_on <= on))
    sums = [day.sums for day in days if day.sums]
    return MovedSoFar(
        opening_fen=_first_balance(on) or 0,
        fees_e5=sum(day["fees"]["fen"] for day in sums),
        other_fen=sum(day["other_moves"]["fen"] for day in sums),
        foreign_fen=sum(day["foreign"]["fen"] for day in sums),
    )
