"""A day is compared: first the bill tells what notices and queries did not, then the legs are held together.

Reading streams through one unchanging look at the database and keeps no lock; what the bill tells
and what was found is written in short transactions. The day may be compared as often as one
likes: the same difference is the same row.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Final, TypeVar

from flows.payment.settle import settle
from flows.reconcile.legs import Day, Sums, findings, told_by_bill
from flows.refund.settle import settle_refund
from orders.acknowledgement import outlets_of_orders
from payments.facts import BILLED_STATES
from payments.operations import Source
from payments.rules import PaymentFact, RefundFact
from reconciliation.days import is_open_day, note_compared, note_waiting
from reconciliation.differences import end_vanished, record
from reconciliation.models import BillStatus, TradeKind, TradeLine
from reconciliation.queries import bills_of, is_day_reconciled, trade_by_id
from reconciliation.values import Finding
from wechat.pay.bills import BillKind
from wx_backend import clock, platform
from wx_backend.db import reading
from wx_backend.outbox import Steps, remote_job

Thing = TypeVar("Thing")
PART: Final = 50
WAITS: Final = {
    None: "还没有取到微信支付账单",
    BillStatus.FETCHED: "账单正在读取",
    BillStatus.REFUSED: "账单无法读取",
}


@remote_job("reconcile.compare")
def compare_day(*, day: str) -> Steps:
    """Settle what only the bill knows, compare all legs, note the differences.

    A person may close the day meanwhile: nothing is written into a closed day.
    """
    legs = the_day(date.fromisoformat(day))
    if is_day_reconciled(legs.on):
        return
    if (waits := _waits_for(legs.on)) is not None:
        note_waiting(on=legs.on, note=waits)
        return
    told: list[int] = yield partial(_told, legs)
    for part in _parts(told):
        for line_id in part:
            settle_by_bill(line_id, now=clock.now())
        yield _nothing  # ends the transaction and renews the lease
    found, sums = yield partial(_findings, legs)
    seen: set[int] = set()
    for some in _parts(found):
        if not is_open_day(legs.on):
            return
        seen |= _record(legs.on, some, clock.now())
        yield _nothing
    if not is_open_day(legs.on):
        return
    end_vanished(on=legs.on, seen=seen, now=clock.now())
    note_compared(on=legs.on, sums=sums.as_json(), now=clock.now())


def the_day(on: date) -> Day:
    """A day of the configured merchant."""
    return Day(on, mchid(), platform.config().service.number_prefix)


def mchid() -> str:
    """The configured merchant. Raises PayNotConfigured without one."""
    pay = platform.config().pay
    if pay is None:
        raise platform.PayNotConfigured
    return pay.mchid


def settle_by_bill(line_id: int, *, now: datetime) -> None:
    """What a row of the bill says is applied by the same functions as notices and queries."""
    line, mchid = trade_by_id(line_id)
    if line.kind == TradeKind.PAYMENT:
        settle(_payment(line, mchid), source=Source.BILL, now=now)
    elif line.state in BILLED_STATES:
        settle_refund(_refund(line), now=now)


def _payment(line: TradeLine, mchid: str) -> PaymentFact:
    """Only what was paid stands on a bill."""
    return PaymentFact(
        mchid=mchid,
        appid=line.appid,
        out_trade_no=line.number,
        trade_state="SUCCESS",
        transaction_id=line.platform_id,
        amount_fen=line.amount_fen,
        currency=line.currency,
        success_at=line.traded_at,
    )


def _refund(line: TradeLine) -> RefundFact:
    return RefundFact(
        out_refund_no=line.number,
        out_trade_no=line.payment_number,
        refund_id=line.platform_id,
        status=BILLED_STATES[line.state],
        amount_fen=line.amount_fen,
        asked_at=line.traded_at,
    )


def _waits_for(on: date) -> str | None:
    """What has to come before the day can be compared; None when all is there."""
    bill = bills_of(on).get(BillKind.TRADE)
    status = BillStatus(bill.status) if bill else None
    waits = WAITS.get(status)
    return f"{waits}：{bill.reason}" if waits and bill and bill.reason else waits


def _told(day: Day) -> list[int]:
    with reading():
        return told_by_bill(day)


def _findings(day: Day) -> tuple[list[Finding], Sums]:
    sums = Sums()
    with reading():
        return list(findings(day, sums)), sums


def _record(on: date, found: Sequence[Finding], now: datetime) -> set[int]:
    outlets = outlets_of_orders({each.order_id for each in found if each.order_id is not None})
    return {
        record(on=on, finding=each, owner_node_id=outlets.get(each.order_id or 0), now=now)
        for each in found
    }


def _parts(items: Sequence[Thing]) -> list[Sequence[Thing]]:
    return [items[at : at + PART] for at in range(0, len(items), PART)]


def _nothing() -> None:
    """No call at all."""
