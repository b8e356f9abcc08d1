"""Reads of reconciliation: the legs of a bill as sorted streams, days, what is open."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from reconciliation.models import (
    Bill,
    BillStatus,
    BusinessDay,
    DayStatus,
    Difference,
    DifferenceStatus,
    FundLine,
    TradeKind,
    TradeLine,
)
from reconciliation.values import Moved, There
from wechat.pay.bills import BillKind
from wx_backend.db import db, streamed
from wx_backend.sql import byte_order

_THERE = (
    TradeLine.id,
    TradeLine.kind,
    TradeLine.platform_id,
    TradeLine.payment_number,
    TradeLine.appid,
    TradeLine.currency,
    TradeLine.state,
    TradeLine.amount_fen,
    TradeLine.fee_e5,
    TradeLine.traded_at,
    TradeLine.copies,
)
ENDED = (BillStatus.READ, BillStatus.ABSENT)
NEIGHBOURS = 3  # days around a day on whose bills one of its rows may stand
CHUNK = 500


def bills_of(on: date) -> dict[BillKind, Bill]:
    """The bills of a day by kind, however far they are."""
    rows = db.session.scalars(select(Bill).where(Bill.business_on == on))
    return {BillKind(bill.kind): bill for bill in rows}


def has_ended(on: date, kind: BillKind = BillKind.TRADE) -> bool:
    """Whether the bill of a day was read, or there is none because nothing was traded."""
    bill = bills_of(on).get(kind)
    return bill is not None and bill.status in ENDED


def trades(on: date, kind: TradeKind) -> Iterator[There]:
    """The payments or refunds of a day's bill, by our number."""
    number = byte_order(TradeLine.number)
    query = (
        select(TradeLine.number, *_THERE)
        .join(Bill, Bill.id == TradeLine.bill_id)
        .where(Bill.business_on == on, Bill.status == BillStatus.READ, TradeLine.kind == kind)
        .order_by(number, TradeLine.id)
    )
    return map(There._make, streamed(query))


def trades_by_platform(on: date) -> Iterator[There]:
    """All rows of a day's trade bill by WeChat Pay's number: it is `number`, ours `payment_number`."""
    query = (
        select(TradeLine.number, *_THERE)
        .join(Bill, Bill.id == TradeLine.bill_id)
        .where(Bill.business_on == on, Bill.status == BillStatus.READ)
        .order_by(byte_order(TradeLine.platform_id), TradeLine.id)
    )
    for row in map(There._make, streamed(query)):
        yield row._replace(number=row.platform_id, payment_number=row.number)


def moves(on: date) -> Iterator[Moved]:
    """What a day's fund flow has under each number of WeChat Pay, in their order."""
    number = byte_order(FundLine.platform_id)
    query = (
        select(
            number,
            func.sum(FundLine.amount_fen),
            func.count(FundLine.id),
            func.sum(FundLine.copies),
        )
        .join(Bill, Bill.id == FundLine.bill_id)
        .where(Bill.business_on == on, Bill.status == BillStatus.READ)
        .group_by(number)
        .order_by(number)
    )
    for number_, amount_fen, rows, copies in streamed(query):
        yield Moved(number_, int(amount_fen), rows, int(copies))


def trade_by_id(line_id: int) -> tuple[TradeLine, str]:
    """A row of a trade bill with the merchant number it was billed under."""
    row = db.session.execute(
        select(TradeLine, Bill.mchid)
        .join(Bill, Bill.id == TradeLine.bill_id)
        .where(TradeLine.id == line_id)
    ).one()
    return row[0], row[1]


def billed_around(on: date, kind: TradeKind, numbers: Collection[str]) -> set[str]:
    """Which of these numbers the bills of the days around a day have."""
    days = [on + timedelta(days=shift) for shift in range(-NEIGHBOURS, NEIGHBOURS + 1) if shift]
    found: set[str] = set()
    bills = list(db.session.scalars(select(Bill.id).where(Bill.business_on.in_(days))))
    for part in chunks(sorted(numbers)):
        query = select(TradeLine.number).where(
            TradeLine.bill_id.in_(bills), TradeLine.kind == kind, TradeLine.number.in_(part)
        )
        found |= set(db.session.scalars(query))
    return found


def trade_from(on: date, kind: TradeKind, number: str) -> TradeLine | None:
    """The row under a number of ours on the bills of a day and the days after it, if there is one."""
    days = Bill.business_on.between(on, on + timedelta(days=NEIGHBOURS))
    bills = select(Bill.id).where(days, Bill.status == BillStatus.READ)
    return db.session.scalars(
        select(TradeLine)
        .where(TradeLine.bill_id.in_(bills), TradeLine.kind == kind, TradeLine.number == number)
        .limit(1)
    ).first()


def open_about(subject: str) -> bool:
    """Whether anything is open about one subject, on whatever day."""
    query = select(Difference.id).where(
        Difference.status == DifferenceStatus.OPEN, Difference.subject == subject
    )
    return db.session.scalar(query.limit(1)) is not None


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """Parts of a list that fit into one question to the database."""
    return (items[at : at + CHUNK] for at in range(0, len(items), CHUNK))


def day_of(on: date) -> BusinessDay | None:
    """How far the reconciliation of a day is; None before it began."""
    return db.session.scalars(
        select(BusinessDay).where(BusinessDay.business_on == on)
    ).one_or_none()


def latest_days(*, after: int = 0, limit: int) -> Sequence[BusinessDay]:
    """The days known, the latest first; `after` skips that many."""
    query = select(BusinessDay).order_by(BusinessDay.business_on.desc())
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_days() -> int:
    """How many days are known."""
    return db.session.scalar(select(func.count()).select_from(BusinessDay)) or 0


def unclosed_days(*, since: date, until: date) -> list[date]:
    """Days of a span that were begun and not closed."""
    query = select(BusinessDay.business_on).where(
        BusinessDay.business_on.between(since, until), BusinessDay.status != DayStatus.CLOSED
    )
    return list(db.session.scalars(query.order_by(BusinessDay.business_on)))


def is_day_reconciled(on: date) -> bool:
    """Whether a person has closed the day: compared, and every difference explained or gone."""
    day = day_of(on)
    return day is not None and day.status == DayStatus.CLOSED


def unreconciled_days(month: date) -> list[date]:
    """The days of the month of this date that nobody has closed yet, in order."""
    first = month.replace(day=1)
    until = (first + timedelta(days=31)).replace(day=1)
    days = [first + timedelta(days=n) for n in range((until - first).days)]
    closed = set(
        db.session.scalars(
            select(BusinessDay.business_on).where(
                BusinessDay.business_on.in_(days), BusinessDay.status == DayStatus.CLOSED
            )
        )
    )
    return [day for day in days if day not in closed]
