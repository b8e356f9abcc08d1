"""Accounts that come back to zero: what is on them at a month's end, explained item by item."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import or_, select

from flows.period.findings import Finding
from ledger.models import AccountKind
from ledger.queries import balance_of_kind
from orders.models import OrderStatus, SalesOrder
from payments.models import Payment
from payments.open_items import end_of, owed_back_on
from settlement.payouts.queries import in_transit_on
from wx_backend.db import db
from wx_backend.money import yuan


@dataclass(frozen=True, slots=True)
class Item:
    """Something open that explains part of a balance, in fen (debit is positive)."""

    number: str
    what: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Clearing:
    """An account that must be zero or explained by open items."""

    kind: AccountKind
    name: str
    explained: Callable[[date], list[Item]]


def _owed_back(day: date) -> list[Item]:
    return [Item(each.number, each.what, -each.amount_fen) for each in owed_back_on(day)]


def _unsold(day: date) -> list[Item]:
    """Paid, and not yet booked as sold when the day ended: seconds lie between the two."""
    end = end_of(day)
    rows = db.session.execute(
        select(Payment.out_trade_no, Payment.amount_fen)
        .join(SalesOrder, SalesOrder.id == Payment.order_id)
        .where(
            Payment.is_winner,
            Payment.settled_at < end,
            or_(SalesOrder.status == OrderStatus.PLACED, SalesOrder.paid_at >= end),
        )
        .order_by(Payment.id)
    )
    return [Item(number, "已付款待记账", -fen) for number, fen in rows]


def _in_transit(day: date) -> list[Item]:
    return [Item(each.number, "发放在途", -each.net_fen) for each in in_transit_on(day)]


CLEARING: Final = (
    Clearing(AccountKind.RECEIVABLE, "应收", _unsold),
    Clearing(AccountKind.REFUND_CLEARING, "退款清算", _owed_back),
    Clearing(AccountKind.PAYOUT_TRANSIT, "发放在途", _in_transit),
)


def clearing_accounts(_first: date, last: date) -> Finding:
    """Every balance at the month's end and what explains it; fine when nothing is left over."""
    rows: list[Sequence[str]] = []
    is_ok = True
    for account in CLEARING:
        items = account.explained(last)
        on_account = balance_of_kind(account.kind, until=last)
        left_over = on_account - sum(item.amount_fen for item in items)
        is_ok = is_ok and left_over == 0
        verdict = "已说明" if left_over == 0 else f"未说明 {yuan(left_over)}"
        rows.append((account.name, "期末余额", yuan(on_account), verdict))
        rows += [
            (account.name, f"{item.what} {item.number}", yuan(item.amount_fen), "")
            for item in items
        ]
    return Finding(is_ok=is_ok, columns=("科目", "项目", "金额（元）", "说明"), rows=rows)
