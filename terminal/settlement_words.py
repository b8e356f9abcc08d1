"""The words of statements and pay-outs on the rep's phone."""

from collections.abc import Mapping
from typing import Any, Final

from settlement.payouts.models import PayoutStatus
from settlement.statements.models import Movement

MOVEMENTS: Final[Mapping[str, str]] = {
    Movement.ACCRUED: "新增佣金",
    Movement.VESTED: "转为可发",
    Movement.TAKEN_BACK: "退款扣回",
    Movement.PAID: "发放",
    Movement.OTHER: "其他",
}
PAYOUTS: Final[Mapping[str, str]] = {
    PayoutStatus.READY: "付款中",
    PayoutStatus.ASKING: "付款中",
    PayoutStatus.UNKNOWN: "付款中",
    PayoutStatus.SENT: "付款中",
    PayoutStatus.PAID: "已到账",
    PayoutStatus.FAILED: "未成功，已退回可发余额",
    PayoutStatus.CANCELLED: "已撤销，已退回可发余额",
}
PAGE_VALUES: Final[Mapping[str, Any]] = {
    "movement_name": MOVEMENTS.get,
    "payout_name": PAYOUTS.get,
}
