"""The two ways out of an abnormal refund: to another bank card of the payer, or to the merchant.

A refund is ABNORMAL when the card it was paid with is gone or frozen; it stays so until this call
is made (WeChat Pay, refund guide).
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from wechat.caller import typed
from wechat.pay.calls import Calls
from wechat.pay.facts import Refund

_API: Final = "/v3/refund/domestic/refunds/apply-abnormal-refund"


class Way(StrEnum):
    """Where the money goes instead, in the platform's words."""

    PAYER_CARD = "USER_BANK_CARD"
    MERCHANT = "MERCHANT_BANK_CARD"


@dataclass(frozen=True, slots=True)
class Card:
    """A bank card of the payer: account and name are encrypted by `Merchant.seal`, under `serial`."""

    bank_type: str
    account: str = field(repr=False)
    name: str = field(repr=False)
    serial: str


def apply_abnormal(
    calls: Calls, *, refund_id: str, out_refund_no: str, way: Way, card: Card | None = None
) -> Refund:
    """Send an abnormal refund another way; accepted is not refunded. Raises PlatformError.

    A card of the payer needs `card`. The same call again asks for the same.
    """
    body: dict[str, Any] = {"out_refund_no": out_refund_no, "type": way}
    if way is Way.PAYER_CARD:
        if card is None:
            raise ValueError("the payer's card is needed")
        body |= {
            "bank_type": card.bank_type,
            "bank_account": card.account,
            "real_name": card.name,
        }
    path = f"/v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund"
    sent = calls.call("POST", path, api=_API, body=body, sealed_under=card.serial if card else None)
    return typed(Refund, _API, sent, unknown=True)
