"""Pure rules of payments: what the platform stated, how it is compared with what we asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from payments.models import CNY, RefundStatus

# REFUND says that a refund exists: the payment itself succeeded.
PAID_STATES = frozenset({"SUCCESS", "REFUND"})
CLOSED_STATES = frozenset({"CLOSED", "REVOKED"})

REFUND_SPACING = timedelta(minutes=1)
REFUND_WITHIN = timedelta(days=365)

REFUND_STATES: Mapping[str, RefundStatus] = {
    "PROCESSING": RefundStatus.PROCESSING,
    "SUCCESS": RefundStatus.SUCCEEDED,
    "CLOSED": RefundStatus.CLOSED,
    "ABNORMAL": RefundStatus.ABNORMAL,
}
_UNDECIDED = frozenset({RefundStatus.REQUESTED, RefundStatus.UNKNOWN, RefundStatus.PROCESSING})
FINAL = frozenset({RefundStatus.SUCCEEDED, RefundStatus.CLOSED})


@dataclass(frozen=True, slots=True)
class PaymentFact:
    """What WeChat Pay states about one out_trade_no, in a notice, a query answer or a bill row.

    Amount, transaction id and success instant are there only once it is paid.
    """

    mchid: str
    appid: str
    out_trade_no: str
    trade_state: str
    transaction_id: str | None = None
    amount_fen: int | None = None
    payer_total_fen: int | None = None
    currency: str | None = None
    success_at: datetime | None = None

    @property
    def is_paid(self) -> bool:
        return self.trade_state in PAID_STATES

    @property
    def is_closed(self) -> bool:
        return self.trade_state in CLOSED_STATES


@dataclass(frozen=True, slots=True)
class RefundFact:
    """What WeChat Pay states about one out_refund_no; a bill says when it was asked for."""

    out_refund_no: str
    out_trade_no: str
    refund_id: str
    status: RefundStatus
    amount_fen: int
    success_at: datetime | None = None
    asked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What we asked for: the half of a comparison that is ours."""

    mchid: str
    appid: str
    out_trade_no: str
    amount_fen: int
    currency: str = CNY
    transaction_id: str | None = None


def differences(expected: Expected, fact: PaymentFact) -> dict[str, list[Any]]:
    """Where a paid fact differs from what we asked for: field -> [ours, theirs]; empty if it fits.

    A transaction id is compared once we know one.
    """
    ours = {
        "mchid": expected.mchid,
        "appid": expected.appid,
        "out_trade_no": expected.out_trade_no,
        "amount_fen": expected.amount_fen,
        "currency": expected.currency,
        "transaction_id": expected.transaction_id or fact.transaction_id,
    }
    found = {
        name: [value, getattr(fact, name)]
        for name, value in ours.items()
        if getattr(fact, name) != value
    }
    missing = [name for name in ("transaction_id", "success_at") if getattr(fact, name) is None]
    return found | {name: ["?", None] for name in missing}


def may_become(current: RefundStatus, stated: RefundStatus) -> bool:
    """Whether a stated refund state is news: states never move backwards, final ones never move."""
    if current == stated or current in FINAL:
        return False
    return stated is not RefundStatus.PROCESSING or current in _UNDECIDED


def own_first(amount_fen: int, *, paid_fen: int, collected_fen: int, own_back_fen: int) -> int:
    """How much of a refund of one line comes out of our revenue; the rest is prepaid fees.

    A line cost `paid_fen`, of which `collected_fen` are prepaid; `own_back_fen` of ours are back
    already. Our own part goes first: a price reduction is ours to give, fees go back at last.
    """
    return min(amount_fen, paid_fen - collected_fen - own_back_fen)
