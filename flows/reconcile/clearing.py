"""Accounts that must be zero or explained: what is on each now, and the rows that explain it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flows.period.clearing import CLEARING
from flows.reconcile.comparing import mchid
from ledger.models import AccountKind
from ledger.queries import balance, balance_of_kind
from ledger.values import of_merchant
from payments import legs
from payments.open_items import accepted_refunds
from reconciliation.balances import last_balance, moved_until
from reconciliation.rules import E5_OF_FEN
from wx_backend import platform
from wx_backend.clock import SHANGHAI


@dataclass(frozen=True, slots=True)
class Reason:
    """One row that explains part of a balance, in fen (debit is positive)."""

    what: str
    number: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class ClearingAccount:
    """An account with what explains it; `left_fen` is what nothing explains."""

    name: str
    balance_fen: int
    reasons: tuple[Reason, ...]

    @property
    def left_fen(self) -> int:
        return self.balance_fen - sum(reason.amount_fen for reason in self.reasons)


def clearing_accounts(on: date) -> list[ClearingAccount]:
    """Every clearing account as it stands on a day, WeChat Pay's first where there is a merchant."""
    wechat = [] if platform.config().pay is None else [_wechat(on)]
    return wechat + [
        ClearingAccount(
            account.name,
            balance_of_kind(account.kind, until=on),
            tuple(
                Reason(each.what, each.number, each.amount_fen) for each in account.explained(on)
            ),
        )
        for account in CLEARING
    ]


def _wechat(on: date) -> ClearingAccount:
    """What should lie at WeChat Pay, explained by what its last fund flow says lies there."""
    account = of_merchant(AccountKind.WECHAT_CLEARING, mchid())
    last = last_balance(on)
    since = _start(last[0] + timedelta(days=1)) if last else datetime(2000, 1, 1, tzinfo=SHANGHAI)
    reasons = [*_at_wechat(last), *_after(since, _start(on + timedelta(days=1)))]
    found = tuple(reason for reason in reasons if reason.amount_fen)
    return ClearingAccount("微信支付清算", balance(account, until=on), found)


def _at_wechat(last: tuple[date, int] | None) -> list[Reason]:
    """What the fund flows up to the last one say, without what is not ours or was no trade."""
    if last is None:
        return []
    on, balance_fen = last
    moved = moved_until(on)
    return [
        Reason(f"微信账户余额（{on} 资金账单）", "", balance_fen),
        Reason("首份资金账单之前的余额", "", -moved.opening_fen),
        Reason("已扣手续费", "", moved.fees_e5 // E5_OF_FEN),
        Reason("提现、充值等非交易变动", "", -moved.other_fen),
        Reason("其他系统的交易", "", -moved.foreign_fen),
    ] + [
        Reason("已受理、未到账的退款", each.number, each.amount_fen)
        for each in accepted_refunds(_start(on + timedelta(days=1)))
    ]


def _after(since: datetime, until: datetime) -> list[Reason]:
    paid = sum(row[2] for row in legs.payments_of(since, until))
    back = sum(_succeeded(legs.refunds_of(since, until)))
    return [Reason("账单日之后的收款", "", paid), Reason("账单日之后的退款", "", -back)]


def _succeeded(rows: Iterable[legs.Row]) -> Iterable[int]:
    return (row[2] for row in rows if row[4] == "succeeded")


def _start(on: date) -> datetime:
    return datetime.combine(on, time(), SHANGHAI)
