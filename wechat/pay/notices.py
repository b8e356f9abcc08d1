"""From the raw bytes of a notice to what it says: verified, decrypted, checked against itself.

Comparing it with our own order is the caller's part; nothing here is proof that it fits one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from wechat.pay.facts import Paid, Refund, Transfer
from wechat.pay.merchant import Merchant
from wechat.reading import read, rfc3339, string
from wx_backend import strict
from wx_backend.strict import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What every notice says; `notice_id` is the same in every repeat."""

    notice_id: Annotated[str, string("id")]
    created_at: Annotated[datetime, rfc3339("create_time")]
    event_type: Annotated[str, string("event_type")]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentNotice(Notice):
    """An order was paid."""

    paid: Paid


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundNotice(Notice):
    """A refund succeeded, failed or got stuck; which is its status."""

    mchid: str
    refund: Refund


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferNotice(Notice):
    """A transfer reached a final state."""

    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherNotice(Notice):
    """Authentic, and of a type this service does not act on."""

    content: Mapping[str, Any]


AnyNotice: TypeAlias = PaymentNotice | RefundNotice | TransferNotice | OtherNotice

_FINAL_TRANSFERS: Final = frozenset({"SUCCESS", "FAIL", "CANCELLED"})


def notice(
    merchant: Merchant, headers: Mapping[str, str], raw: bytes, *, now: datetime
) -> AnyNotice:
    """Authenticate and read a notice.

    Raises NotAuthentic (answer 401, nothing stored, counted by its reason), Malformed for a body
    that is not what a notice is or contradicts itself, and its subclass Undecryptable when our
    own key is wrong (answer 5xx, so that it comes again).
    """
    merchant.verify(headers, raw, now=now)
    envelope = strict.fields(raw)
    resource = envelope.get("resource")
    if envelope.get("resource_type") != "encrypt-resource" or not isinstance(resource, dict):
        raise Malformed("no encrypted resource")
    content = strict.fields(merchant.decrypt(resource))
    common = read(Notice, envelope)
    for prefix, interpret in _INTERPRETERS.items():
        if common.event_type.startswith(prefix):
            return interpret(common, content)
    return OtherNotice(**_said(common), content=content)


def _payment(common: Notice, content: Mapping[str, Any]) -> PaymentNotice:
    paid = read(Paid, content)
    if common.event_type != "TRANSACTION.SUCCESS" or paid.trade_state != "SUCCESS":
        raise Malformed("a payment notice that does not say SUCCESS")
    return PaymentNotice(**_said(common), paid=paid)


def _refund(common: Notice, content: Mapping[str, Any]) -> RefundNotice:
    status = content.get("refund_status")
    if common.event_type != f"REFUND.{status}":
        raise Malformed("a refund notice that contradicts its type")
    mchid = content.get("mchid")
    if not isinstance(mchid, str):
        raise Malformed("mchid is missing")
    refund = read(Refund, {**content, "status": status})
    return RefundNotice(**_said(common), mchid=mchid, refund=refund)


def _transfer(common: Notice, content: Mapping[str, Any]) -> TransferNotice:
    transfer = read(Transfer, content)
    if transfer.state not in _FINAL_TRANSFERS:
        raise Malformed("a finished transfer without a final state")
    return TransferNotice(**_said(common), transfer=transfer)


_INTERPRETERS: Final[dict[str, Callable[[Notice, Mapping[str, Any]], AnyNotice]]] = {
    "TRANSACTION.": _payment,
    "REFUND.": _refund,
    "MCHTRANSFER.BILL.FINISHED": _transfer,
}


def _said(common: Notice) -> dict[str, Any]:
    return {
        "notice_id": common.notice_id,
        "created_at": common.created_at,
        "event_type": common.event_type,
    }
