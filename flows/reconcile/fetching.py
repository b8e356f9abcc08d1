"""Yesterday's bills: fetched after ten, kept, read row by row, then compared; by the clock."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

from flows.reconcile import archive
from flows.reconcile.comparing import compare_day, mchid
from reconciliation.bills import (
    Fetched,
    WhichBill,
    add_funds,
    add_trades,
    bill_of,
    finish_reading,
    note_absent,
    note_fetched,
    refuse_bill,
)
from reconciliation.days import ask_day, note_waiting
from reconciliation.queries import has_ended, unclosed_days
from wechat.pay.bill_rows import fund_rows, trade_rows
from wechat.pay.bills import NOT_YET, BillFile, BillKind, fetch_bill
from wx_backend import clock, platform
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import retried
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.strict import Malformed

READY_AT: Final = time(10)
TRY_AGAIN: Final = timedelta(minutes=15)
LOOKS_BACK: Final = timedelta(days=7)
BATCH: Final = 1_000
BATCHES_PER_STEP: Final = 20

Reader = tuple[Callable[[Iterable[str]], Iterator[Any]], Callable[..., None]]
READERS: Final[dict[BillKind, Reader]] = {
    BillKind.TRADE: (trade_rows, add_trades),
    BillKind.FUND_FLOW: (fund_rows, add_funds),
}


def fetch_bills(*, now: datetime) -> int:
    """Have yesterday's bills fetched once they may be there, and days not closed compared again.

    How many days there were to do; each is compared once a day until somebody has closed it.
    """
    if platform.config().pay is None or now.astimezone(SHANGHAI).time() < READY_AT:
        return 0
    today = business_on(now)
    yesterday = today - timedelta(days=1)
    days = {yesterday, *unclosed_days(since=yesterday - LOOKS_BACK, until=yesterday)}
    due = [on for on in sorted(days) if ask_day(on=on, today=today)]
    for on in due:
        start_day(on, key=f"{on}:{today}")
    return len(due)


def start_day(on: date, *, key: str) -> None:
    """Fetch what is missing of a day's bills, then compare the day; once per key."""
    defer(fetch_bill_of, key=key, day=on.isoformat(), kind=BillKind.TRADE, run=key)


@remote_job("bill.fetch")
def fetch_bill_of(*, day: str, kind: str, run: str) -> Steps:
    """Fetch one bill and take its rows; then the other one; then compare."""
    which = WhichBill(mchid(), date.fromisoformat(day), BillKind(kind))
    if not has_ended(which.on, which.kind):
        try:
            file: BillFile | None = yield partial(_ask, which)
        except PlatformError as error:
            if error.code != NOT_YET:
                raise
            note_waiting(on=which.on, note="微信支付账单还在生成")
            defer(fetch_bill_of, due_at=clock.now() + TRY_AGAIN, day=day, kind=kind, run=run)
            return
        yield from _take(which, file)
    if which.kind is BillKind.TRADE:
        defer(fetch_bill_of, key=f"{run}:fund", day=day, kind=BillKind.FUND_FLOW, run=run)
    else:
        defer(compare_day, key=run, day=day)


def _take(which: WhichBill, file: BillFile | None) -> Steps:
    """Keep the file and read it, in steps short enough for the lease."""
    now = clock.now()
    if file is None:
        note_absent(which=which, now=now)
        return
    sha256 = archive.keep(file.packed)
    fetched = Fetched(file.sha1, sha256, file.unpacked_bytes)
    if note_fetched(which=which, fetched=fetched, now=now):
        bill = bill_of(which)
        assert bill is not None  # noqa: S101 - noted above
        bill_id = bill.id
        yield from read_bill(bill_id, which.kind, sha256)


def read_bill(bill_id: int, kind: BillKind, sha256: str) -> Steps:
    """Take the rows of a kept bill in batches; a bill that contradicts itself is refused."""
    rows, add = READERS[kind]
    count = 0
    with archive.unpacked(sha256) as lines:
        numbered = enumerate(rows(lines), start=1)
        while taken := (yield partial(_take_some, numbered, partial(add, bill_id=bill_id))):
            if isinstance(taken, Malformed):
                refuse_bill(bill_id=bill_id, reason=str(taken))
                return
            count += taken
    finish_reading(bill_id=bill_id, row_count=count, now=clock.now())


def _take_some(numbered: Iterator[tuple[int, Any]], add: Callable[..., None]) -> int | Malformed:
    """Some batches, each in a transaction of its own, so that nobody waits for long."""
    count = 0
    for _ in range(BATCHES_PER_STEP):
        try:
            batch = list(islice(numbered, BATCH))
        except Malformed as fault:
            return fault
        if not batch:
            break
        retried(partial(add, rows=batch))
        count += len(batch)
    return count


def _ask(which: WhichBill) -> BillFile | None:
    """The remote call; a file that is not the promised one is asked for again."""
    try:
        return fetch_bill(platform.pay_client().calls, which.kind, which.on)
    except Malformed as fault:
        raise PlatformError("bill", "not_as_promised", str(fault), permanent=False) from fault
