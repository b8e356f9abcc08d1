"""The legs of one day: bill, payments and refunds, billing, ledger; each pair compared as streams."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from flows.billing import FOR_BILLING
from ledger.legs import entries_of
from ledger.models import AccountKind
from ledger.values import of_merchant
from orders.acknowledgement import count_due, unacknowledged
from payments import legs as ours
from reconciliation.models import DifferenceClass, TradeKind
from reconciliation.queries import (
    billed_around,
    chunks,
    has_ended,
    moves,
    trades,
    trades_by_platform,
)
from reconciliation.rules import (
    E5_OF_FEN,
    duplicates,
    fund_findings,
    ledger_findings,
    missing_here,
    missing_there,
    needs_settling,
    side_by_side,
    trade_findings,
)
from reconciliation.values import Booked, Finding, Here, LegSum, Moved, There
from wechat.pay.bills import BillKind
from wx_backend import numbers
from wx_backend.clock import SHANGHAI

# What we asked for late in the evening may stand on the next day's bill.
LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Day:
    """Which day of which merchant; `prefix` is what our numbers begin with."""

    on: date
    mchid: str
    prefix: str = ""

    @property
    def since(self) -> datetime:
        return datetime.combine(self.on, time(), SHANGHAI)

    @property
    def until(self) -> datetime:
        return self.since + timedelta(days=1)

    def is_foreign(self, row: There) -> bool:
        """Whether neither number is of this installation: another system sells on the same account."""
        return not (
            numbers.is_of_kind(row.payment_number, numbers.PAYMENT, prefix=self.prefix)
            or numbers.is_of_kind(row.number, numbers.REFUND, prefix=self.prefix)
        )


@dataclass(slots=True)
class Sums:
    """What each leg has on the day, rows and fen."""

    bill_payments: LegSum = field(default_factory=LegSum)
    bill_refunds: LegSum = field(default_factory=LegSum)
    foreign: LegSum = field(default_factory=LegSum)
    our_payments: LegSum = field(default_factory=LegSum)
    our_refunds: LegSum = field(default_factory=LegSum)
    ledger_payments: LegSum = field(default_factory=LegSum)
    ledger_refunds: LegSum = field(default_factory=LegSum)
    billing_due: LegSum = field(default_factory=LegSum)
    billing_open: LegSum = field(default_factory=LegSum)
    fees: LegSum = field(default_factory=LegSum)
    other_moves: LegSum = field(default_factory=LegSum)

    def as_json(self) -> dict[str, Any]:
        """For the day's row."""
        return asdict(self)


Numbered = Callable[[Sequence[str]], list[ours.Row]]
BY_NUMBER: Final[dict[TradeKind, Numbered]] = {
    TradeKind.PAYMENT: ours.payments_numbered,
    TradeKind.REFUND: ours.refunds_numbered,
}
# By WeChat Pay's own numbers, and which way the money went.
AT_PLATFORM: Final[dict[TradeKind, tuple[int, Numbered]]] = {
    TradeKind.PAYMENT: (1, ours.payments_at_platform),
    TradeKind.REFUND: (-1, ours.refunds_at_platform),
}


def told_by_bill(day: Day) -> list[int]:
    """The rows of the day's bill that say something our books do not say yet, by id."""
    return [
        row.id
        for kind in TradeKind
        for there, here in _bill_beside_books(day, kind)
        for row in there[:1]
        if needs_settling(row, here) and not (here is None and day.is_foreign(row))
    ]


def findings(day: Day, sums: Sums) -> Iterator[Finding]:
    """Everything the legs of a day disagree about; counts them in `sums`."""
    for kind in TradeKind:
        yield from _bill_and_books(day, kind, sums)
    yield from _funds(day, sums)
    yield from _billing(day, sums)
    yield from _ledger(day, sums)


def _bill_and_books(day: Day, kind: TradeKind, sums: Sums) -> Iterator[Finding]:
    bill = sums.bill_payments if kind is TradeKind.PAYMENT else sums.bill_refunds
    books = sums.our_payments if kind is TradeKind.PAYMENT else sums.our_refunds
    for there, here in _bill_beside_books(day, kind):
        if here is not None:
            books.add(here.amount_fen)
        for row in there:
            bill.add(row.amount_fen, row.copies)
            sums.fees.add(row.fee_e5 or 0)
        if there and here is not None:
            yield from trade_findings(there, here)
        elif there and day.is_foreign(there[0]):
            sign = 1 if kind is TradeKind.PAYMENT else -1
            sums.foreign.add(sign * there[0].amount_fen)
        elif there:
            yield missing_here(there[0])
            yield from duplicates(there)
        elif here is not None:
            yield missing_there(kind, here)


Beside = tuple[list[There], Here | None]


def _bill_beside_books(day: Day, kind: TradeKind) -> Iterator[Beside]:
    """Every number of the day's bill with what we have under it, then what the bill lacks.

    What stands on one side of this day only is looked up on the other side by number: midnight
    may lie between the two.
    """
    only_there: list[list[There]] = []
    only_here: list[Here] = []
    for _, there, here in side_by_side(trades(day.on, kind), _books(day, kind)):
        if there and here:
            yield there, here[0]
        elif there:
            only_there.append(there)
        else:
            only_here.extend(here)
    yield from _looked_up(kind, only_there)
    yield from _not_billed(day, kind, only_here)


def _books(day: Day, kind: TradeKind) -> Iterable[Here]:
    rows = ours.payments_of if kind is TradeKind.PAYMENT else ours.refunds_of
    return map(Here._make, rows(day.since, day.until))


def _looked_up(kind: TradeKind, only_there: Sequence[list[There]]) -> Iterator[Beside]:
    known: dict[str, Here] = {}
    for part in chunks([there[0].number for there in only_there]):
        known |= {row[0]: Here._make(row) for row in BY_NUMBER[kind](part)}
    for there in only_there:
        yield there, known.get(there[0].number)


def _not_billed(day: Day, kind: TradeKind, only_here: Sequence[Here]) -> Iterator[Beside]:
    """Ours that no bill of the days around has; the evening's wait for the next day's bill."""
    billed = billed_around(day.on, kind, {here.number for here in only_here})
    late = set() if has_ended(day.on + timedelta(days=1)) else _evening(day, kind)
    for here in only_here:
        if here.number not in billed and here.number not in late:
            yield [], here


def _evening(day: Day, kind: TradeKind) -> set[str]:
    """Refunds asked for shortly before midnight: the platform may have dated them tomorrow."""
    if kind is TradeKind.PAYMENT:
        return set()
    return {row[0] for row in ours.refunds_of(day.until - LATE, day.until)}


def _funds(day: Day, sums: Sums) -> Iterator[Finding]:
    if has_ended(day.on, BillKind.FUND_FLOW):
        pairs = side_by_side(trades_by_platform(day.on), moves(day.on))
        untraded: list[Moved] = []
        yield from fund_findings(pairs, untraded.append)
        _count_untraded(day, untraded, sums)


def _count_untraded(day: Day, untraded: Sequence[Moved], sums: Sums) -> None:
    """What moved without a row of trade is no trade at all, or ours although the bill lacks it.

    Of ours the fee is what did not arrive, unless the row stands on a bill of the days around.
    """
    known: dict[str, tuple[str, int]] = {}
    billed: set[str] = set()
    for part in chunks([moved.number for moved in untraded]):
        for kind, (sign, rows_of) in AT_PLATFORM.items():
            rows = [Here._make(row) for row in rows_of(part)]
            known |= {row.platform_id: (row.number, sign * row.amount_fen) for row in rows}
            billed |= billed_around(day.on, kind, {row.number for row in rows})
    for moved in untraded:
        number, amount_fen = known.get(moved.number, ("", 0))
        if not number:
            sums.other_moves.add(moved.amount_fen, moved.rows)
        elif number not in billed:
            sums.fees.add((amount_fen - moved.amount_fen) * E5_OF_FEN)


def _billing(day: Day, sums: Sums) -> Iterator[Finding]:
    sums.billing_due.add(0, rows=count_due(day.since, day.until, FOR_BILLING))
    for row in unacknowledged(day.since, day.until, FOR_BILLING):
        sums.billing_open.add(row.payable_fen)
        yield Finding(
            DifferenceClass.NOT_ACKNOWLEDGED,
            f"order:{row.number}",
            ours_fen=row.payable_fen,
            order_id=row.order_id,
            evidence={"hand_over": row.status, "reason": row.reason},
        )


def _ledger(day: Day, sums: Sums) -> Iterator[Finding]:
    account = of_merchant(AccountKind.WECHAT_CLEARING, day.mchid)
    for kind, posted, settled, booked in (
        (TradeKind.PAYMENT, "payment", ours.settled_payments, sums.ledger_payments),
        (TradeKind.REFUND, "refund_paid", ours.ended_refunds, sums.ledger_refunds),
    ):
        entries = _counted(map(Booked._make, entries_of(account, posted, day.on)), booked)
        pairs = side_by_side(map(Booked._make, settled(day.since, day.until)), entries)
        yield from ledger_findings(pairs, kind)


def _counted(entries: Iterable[Booked], total: LegSum) -> Iterator[Booked]:
    for entry in entries:
        total.add(entry.amount_fen)
        yield entry
