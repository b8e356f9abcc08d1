"""From the bytes of a pay notice to its effect: verified, stored once, worked off by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2s

from flows.payment.settle import settle
from flows.payout.settle import settle_transfer
from flows.refund.settle import settle_refund
from payments.exceptions import open_exception
from payments.facts import payment_fact, refund_fact
from payments.models import ExceptionKind, NoticeKind, PayNotice
from payments.notices import receive_notice
from payments.operations import Source
from wechat.pay.facts import Paid, Refund, Transfer
from wechat.pay.merchant import Undecryptable
from wechat.pay.notices import OtherNotice, PaymentNotice, RefundNotice, TransferNotice, notice
from wechat.reading import read
from wx_backend import clock, platform, strict
from wx_backend.strict import Malformed

_KINDS = {
    PaymentNotice: NoticeKind.PAYMENT,
    RefundNotice: NoticeKind.REFUND,
    TransferNotice: NoticeKind.TRANSFER,
    OtherNotice: NoticeKind.OTHER,
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """An authentic notice: `raw` is its plaintext, or the whole body if that made no sense."""

    notice_id: str
    kind: NoticeKind
    raw: str


def read_notice(headers: Mapping[str, str], raw: bytes, *, now: datetime) -> Arrived:
    """Authenticate the very bytes and decrypt them; touches no database.

    Raises NotAuthentic (401, nothing stored) and Undecryptable (5xx: our key is wrong, let it
    come again). An authentic notice that cannot be read is kept for a person, not refused: the
    platform would only repeat it.
    """
    try:
        said = notice(platform.merchant(), headers, raw, now=now)
    except Undecryptable:
        raise
    except Malformed:
        return Arrived(blake2s(raw).hexdigest(), NoticeKind.OTHER, raw.decode("utf-8", "replace"))
    return Arrived(said.notice_id, _KINDS[type(said)], said.plain)


def store_notice(arrived: Arrived, *, now: datetime) -> bool:
    """Keep a notice; False when a repeat of it was kept before. Answer 204 either way."""
    return receive_notice(notice_id=arrived.notice_id, kind=arrived.kind, raw=arrived.raw, now=now)


def work_off(kept: PayNotice) -> None:
    """Apply one stored notice; the work of `payments.notices.run`."""
    now = clock.now()
    content = strict.fields(kept.raw or "")
    if kept.kind == NoticeKind.PAYMENT:
        settle(payment_fact(read(Paid, content)), source=Source.NOTICE, now=now)
    elif kept.kind == NoticeKind.REFUND:
        said = read(Refund, {**content, "status": content.get("refund_status")})
        settle_refund(refund_fact(said), now=now)
    elif kept.kind == NoticeKind.TRANSFER:
        settle_transfer(read(Transfer, content), now=now)
    else:
        open_exception(
            kind=ExceptionKind.UNREADABLE_NOTICE,
            key=str(kept.id),
            details={"notice": kept.id, "kind": kept.kind},
            now=now,
        )
