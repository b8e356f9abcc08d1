"""From the raw bytes of a notice to what it says: verified, decrypted, checked against itself.

Comparing it with our own order is the caller's part; nothing here is proof that it fits one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeAlias

from msgspec import UNSET

from wechat.pay import wire
from wechat.pay.facts import Paid, Refund, Transfer
from wechat.pay.merchant import Merchant
from wechat.reading import read, reader, rfc3339, string
from wx_backend import strict
from wx_backend.strict import Malformed


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What every notice says; `notice_id` is the same in every repeat.

    `plain` is its decrypted content, letter for letter.
    """

    notice_id: Annotated[str, string("id")]
    created_at: Annotated[datetime, rfc3339("create_time")]
    event_type: Annotated[str, string("event_type")]
    plain: str = field(repr=False)


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

Sent: TypeAlias = Mapping[str, Any]

# Nearly every notice is a payment.
_read_paid: Final = reader(Paid)
_read_payment: Final = reader(PaymentNotice)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_moment: Final = datetime.fromisoformat
_paid: Final = wire.builder(Paid)
_payment_notice: Final = wire.builder(PaymentNotice)

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
    return usual(merchant, raw) or spelled_out(merchant, raw)


def usual(merchant: Merchant, raw: bytes) -> PaymentNotice | None:
    """A payment in the very form nearly all have, in less than half the time, or None.

    Only faster: `spelled_out` gives the same and raises the same, and decides what this leaves.
    """
    envelope = wire.envelope(raw)
    if envelope is None:
        return None
    sealed = envelope.resource
    plain = merchant.opened(
        sealed.nonce.encode(), sealed.associated_data.encode(), sealed.ciphertext
    )
    content = wire.content(plain)
    if content is None:
        return None
    try:
        success_at = _EPOCH + (_moment(content.success_time) - _EPOCH)
        created_at = _EPOCH + (_moment(envelope.create_time) - _EPOCH)
    except (TypeError, ValueError, OverflowError):
        return None
    return _payment_notice(
        notice_id=envelope.id,
        created_at=created_at,
        event_type=envelope.event_type,
        plain=plain.decode(),
        paid=_usual_paid(content, success_at),
    )


def _usual_paid(content: wire.Content, success_at: datetime) -> Paid:
    amount = content.amount
    return _paid(
        content.appid,
        content.mchid,
        content.out_trade_no,
        content.transaction_id,
        content.trade_state,
        success_at,
        content.payer.openid,
        amount.total,
        amount.currency,
        amount.payer_total,
        amount.payer_currency,
        content.trade_type,
        content.bank_type,
        "" if content.attach is UNSET else content.attach,
    )


def spelled_out(merchant: Merchant, raw: bytes) -> AnyNotice:
    """Any notice whose sender was verified. Raises Malformed and Undecryptable, as `notice` does."""
    envelope = strict.fields(raw)
    resource = envelope.get("resource")
    if envelope.get("resource_type") != "encrypt-resource" or not isinstance(resource, dict):
        raise Malformed("no encrypted resource")
    opened = merchant.decrypt(resource)
    content = strict.fields(opened)
    plain = opened.decode()
    event_type = str(envelope.get("event_type"))
    interpret = _INTERPRETERS.get(event_type.partition(".")[0], _other)
    return interpret(event_type, envelope, content, plain)


def _payment(event_type: str, envelope: Sent, content: Sent, plain: str) -> PaymentNotice:
    paid = _read_paid(content)
    if event_type != "TRANSACTION.SUCCESS" or paid.trade_state != "SUCCESS":
        raise Malformed("a payment notice that does not say SUCCESS")
    return _read_payment(envelope, plain=plain, paid=paid)


def _refund(event_type: str, envelope: Sent, content: Sent, plain: str) -> RefundNotice:
    status = content.get("refund_status")
    if event_type != f"REFUND.{status}":
        raise Malformed("a refund notice that contradicts its type")
    mchid = content.get("mchid")
    if not isinstance(mchid, str):
        raise Malformed("mchid is missing")
    refund = read(Refund, {**content, "status": status})
    return read(RefundNotice, envelope, plain=plain, mchid=mchid, refund=refund)


def _transfer(event_type: str, envelope: Sent, content: Sent, plain: str) -> AnyNotice:
    if event_type != "MCHTRANSFER.BILL.FINISHED":
        return _other(event_type, envelope, content, plain)
    transfer = read(Transfer, content)
    if transfer.state not in _FINAL_TRANSFERS:
        raise Malformed("a finished transfer without a final state")
    return read(TransferNotice, envelope, plain=plain, transfer=transfer)


def _other(_event_type: str, envelope: Sent, content: Sent, plain: str) -> OtherNotice:
    return read(OtherNotice, envelope, plain=plain, content=content)


_INTERPRETERS: Final[dict[str, Callable[[str, Sent, Sent, str], AnyNotice]]] = {
    "TRANSACTION": _payment,
    "REFUND": _refund,
    "MCHTRANSFER": _transfer,
}
