"""The check-list of a month: a new check is one function and one line in CHECKS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select

from flows.period.clearing import clearing_accounts
from flows.period.findings import FINE, Finding, none_of
from ledger.balances import compare_balances
from ledger.queries import trial_balance, unbalanced_postings
from payments.models import ExceptionItem, Payment
from payments.open_items import end_of, unsettled_since
from reconciliation.queries import unreconciled_days
from referral.models import Receipt
from settlement.payouts.models import BatchStatus, PayoutBatch
from settlement.periods import overrides_of
from settlement.statements.models import AccountingPeriod, PeriodOverride
from wx_backend import backlog, platform
from wx_backend.clock import SHANGHAI
from wx_backend.db import db
from wx_backend.money import yuan
from wx_backend.outbox import Job

EXCEPTION_FROM_FEN: Final = 100
"""Open exceptions about smaller payments do not hold a month up."""

UNSETTLED_AFTER: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Month:
    """What a check is told: the month's days, and the moment it is made."""

    first: date
    last: date
    now: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """One question about a month."""

    name: str
    title: str
    ask: Callable[[Month], Finding]


@dataclass(frozen=True, slots=True)
class Checked:
    """A check with what it found, and who let it pass if somebody did."""

    check: Check
    finding: Finding
    override: PeriodOverride | None

    @property
    def passes(self) -> bool:
        """Whether the month may be closed as far as this goes."""
        is_let_pass = self.override is not None and self.override.approved_by is not None
        return self.finding.is_ok or is_let_pass


def trial(_month: Month) -> Finding:
    """Debit and credit are equal, over all accounts and in each posting; balances are what they are stored as."""
    lines = trial_balance()
    odd, wrong = unbalanced_postings(), compare_balances(mend=False)
    rows = [(str(line.kind), yuan(line.debit_fen), yuan(line.credit_fen)) for line in lines]
    rows += [(f"不平的凭证 {posting_id}", "", "") for posting_id in odd]
    if wrong:
        rows.append(("余额与分录不符的账户", str(wrong), ""))
    is_even = sum(line.balance_fen for line in lines) == 0
    return Finding(is_even and not odd and not wrong, ("科目", "借方（元）", "贷方（元）"), rows)


def clearing(month: Month) -> Finding:
    """What is on the accounts that come back to zero is explained."""
    return clearing_accounts(month.first, month.last)


def exceptions(month: Month) -> Finding:
    """Nothing about money waits for a person that came up within the month."""
    rows = db.session.execute(
        select(ExceptionItem, Payment.amount_fen)
        .outerjoin(Payment, Payment.id == ExceptionItem.payment_id)
        .where(
            ExceptionItem.closed_at.is_(None),
            ExceptionItem.opened_at < end_of(month.last),
            or_(Payment.id.is_(None), Payment.amount_fen >= EXCEPTION_FROM_FEN),
        )
        .order_by(ExceptionItem.id)
    )
    found = [
        (
            item.kind,
            item.key.partition(":")[2],
            yuan(fen) if fen is not None else "—",
            _day(item.opened_at),
        )
        for item, fen in rows
    ]
    return none_of(("类型", "编号", "金额（元）", "发现时间"), found)


def bills(month: Month) -> Finding:
    """Every day of the month was compared with WeChat Pay's bills and closed by a person."""
    if platform.config().pay is None:
        return FINE  # nothing is taken through WeChat Pay, so there are no bills
    days = unreconciled_days(month.first)
    return none_of(("未对账的日期",), [(str(day),) for day in days])


def receipts(month: Month) -> Finding:
    """Every proof of the month stands in the chain."""
    waiting = db.session.scalar(
        select(func.count(Receipt.id)).where(
            Receipt.position.is_(None), Receipt.created_at < end_of(month.last)
        )
    )
    return none_of(("未入链凭证数",), [(str(waiting),)]) if waiting else FINE


def unsettled(month: Month) -> Finding:
    """No payment or refund whose outcome nobody knows for hours."""
    found = unsettled_since(min(month.now - UNSETTLED_AFTER, end_of(month.last)))
    rows = [(each.number, each.what, yuan(each.amount_fen)) for each in found]
    return none_of(("编号", "情况", "金额（元）"), rows)


def batches(month: Month) -> Finding:
    """No pay-out of the month waits for a decision or for its money."""
    still = (BatchStatus.PROPOSED, BatchStatus.APPROVED, BatchStatus.PAUSED)
    rows = db.session.scalars(
        select(PayoutBatch)
        .where(PayoutBatch.status.in_(still), PayoutBatch.proposed_at < end_of(month.last))
        .order_by(PayoutBatch.id)
    )
    found = [(each.number, each.status, _day(each.proposed_at)) for each in rows]
    return none_of(("批次", "状态", "提出时间"), found)


def failed_work(_month: Month) -> Finding:
    """No work has given up: each may be a commission not accrued or a refund not booked."""
    dead = backlog.dead_rows(Job)
    return none_of(
        ("任务", "编号", "原因"), [(row.name, str(row.id), row.last_error or "") for row in dead]
    )


CHECKS: Final[Sequence[Check]] = (
    Check("trial_balance", "试算平衡", trial),
    Check("clearing", "过渡科目为零或已说明", clearing),
    Check("exceptions", "没有未处理的资金异常", exceptions),
    Check("bills", "每日账单均已对账", bills),
    Check("receipts", "归属凭证全部入链", receipts),
    Check("unsettled", "没有结果未明的收付", unsettled),
    Check("batches", "发放批次均已处理", batches),
    Check("failed_work", "没有失败的任务", failed_work),
)


def check_list(period: AccountingPeriod, now: datetime) -> list[Checked]:
    """Every check of a month, asked this moment."""
    month = Month(period.first_on, period.last_on, now)
    passed = {(each.check_name, each.finding): each for each in overrides_of(period.id)}
    found = [(check, check.ask(month)) for check in CHECKS]
    return [
        Checked(check, finding, passed.get((check.name, finding.digest)))
        for check, finding in found
    ]


def _day(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
