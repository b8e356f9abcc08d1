"""Verbs on bills: note what was fetched, take its rows in batches, say how reading ended.

Rows are taken in the order of the file. The same file read again, from the start or from where a
process died, adds nothing: a row counts as a copy only when it comes from a later line.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, select

from reconciliation.models import Bill, BillStatus, FundLine, TradeKind, TradeLine
from wechat.pay.bill_rows import FundRow, TradeRow
from wechat.pay.bills import BillKind
from wx_backend.db import db, upsert_all

_E5 = Decimal(100_000)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A bill as it lies in the archive: its digests and size."""

    sha1: str
    sha256: str
    unpacked_bytes: int


@dataclass(frozen=True, slots=True)
class WhichBill:
    """Which bill is meant."""

    mchid: str
    on: date
    kind: BillKind


def bill_of(which: WhichBill) -> Bill | None:
    """The bill as we have it; None before it was fetched."""
    return db.session.scalars(
        select(Bill).where(
            Bill.mchid == which.mchid,
            Bill.business_on == which.on,
            Bill.kind == which.kind,
        )
    ).one_or_none()


def note_absent(*, which: WhichBill, now: datetime) -> None:
    """WeChat Pay says that there was no trade: nothing to read."""
    bill = _bill(which, now)
    if bill.status != BillStatus.READ:
        bill.status, bill.read_at = BillStatus.ABSENT, now


def note_fetched(*, which: WhichBill, fetched: Fetched, now: datetime) -> bool:
    """The file is in the archive; False when this very file was read before.

    Another file for the same day takes the place of the first: its rows are read anew.
    """
    bill = _bill(which, now)
    if bill.status == BillStatus.READ and bill.sha256 == fetched.sha256:
        return False
    if bill.sha256 != fetched.sha256:
        _forget_lines(bill.id)
    bill.status, bill.fetched_at, bill.reason = BillStatus.FETCHED, now, None
    bill.sha1, bill.sha256 = fetched.sha1, fetched.sha256
    bill.unpacked_bytes = fetched.unpacked_bytes
    return True


def add_trades(*, bill_id: int, rows: Iterable[tuple[int, TradeRow]]) -> None:
    """Take some rows of a trade bill with the lines they stand on."""
    _add(TradeLine, [_trade(bill_id, line, row) for line, row in rows], "platform_id", "kind")


def add_funds(*, bill_id: int, rows: Iterable[tuple[int, FundRow]]) -> None:
    """Take some rows of a fund-flow bill with the lines they stand on."""
    _add(FundLine, [_fund(bill_id, line, row) for line, row in rows], "fund_id")


def finish_reading(*, bill_id: int, row_count: int, now: datetime) -> None:
    """The bill was read to its end and adds up."""
    bill = db.session.get_one(Bill, bill_id)
    bill.status, bill.row_count, bill.read_at = BillStatus.READ, row_count, now


def refuse_bill(*, bill_id: int, reason: str) -> None:
    """The bill contradicts itself: none of its rows counts."""
    _forget_lines(bill_id)
    bill = db.session.get_one(Bill, bill_id)
    bill.status, bill.reason = BillStatus.REFUSED, reason[:200]


def _bill(which: WhichBill, now: datetime) -> Bill:
    found = bill_of(which)
    if found is None:
        found = Bill(
            mchid=which.mchid,
            business_on=which.on,
            kind=which.kind,
            status=BillStatus.FETCHED,
            fetched_at=now,
        )
        db.session.add(found)
        db.session.flush()
    return found


def _forget_lines(bill_id: int) -> None:
    for table in (TradeLine, FundLine):
        db.session.execute(delete(table).where(table.bill_id == bill_id))


def _add(table: Any, rows: Sequence[Mapping[str, Any]], *names: str) -> None:
    """Insert rows; one that is there from an earlier line is a copy."""
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in names)
        first = known.setdefault(key, {**row, "copies": 0})
        first["copies"] += 1
        first["line"] = row["line"]
    upsert_all(
        table,
        list(known.values()),
        key=("bill_id", *names),
        change=lambda old, new: {"copies": old.copies + new.copies, "line": new.line},
        where=lambda old, new: old.line < new.line,
    )


def _trade(bill_id: int, line: int, row: TradeRow) -> dict[str, Any]:
    return {
        "bill_id": bill_id,
        "kind": TradeKind.REFUND if row.is_refund else TradeKind.PAYMENT,
        "platform_id": row.refund_id if row.is_refund else row.transaction_id,
        "number": row.out_refund_no if row.is_refund else row.out_trade_no,
        "payment_number": row.out_trade_no,
        "appid": row.appid,
        "currency": row.currency,
        "state": row.refund_state if row.is_refund else row.trade_state,
        "amount_fen": row.refund_fen if row.is_refund else row.order_fen,
        "fee_e5": None if row.fee_yuan is None else int(row.fee_yuan * _E5),
        "traded_at": row.traded_at,
        "line": line,
    }


def _fund(bill_id: int, line: int, row: FundRow) -> dict[str, Any]:
    return {
        "bill_id": bill_id,
        "fund_id": row.fund_id,
        "platform_id": row.transaction_id,
        "business": row.business[:40],
        "amount_fen": row.amount_fen if row.is_income else -row.amount_fen,
        "balance_fen": row.balance_fen,
        "booked_at": row.booked_at,
        "line": line,
    }
