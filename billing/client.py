"""Handing paid orders over to billing: signed, idempotent by our number, never assumed done."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from billing.values import (
    Accepted,
    Answer,
    HandOver,
    Happened,
    Received,
    Refused,
    ServiceEvent,
    Unknown,
)
from wechat.reading import read
from wechat.transport import Request, Response, Transport
from wx_backend import strict
from wx_backend.errors import PlatformError
from wx_backend.strict import Malformed

API: Final = "billing/orders"
SIGNATURE_HEADER: Final = "X-Billing-Signature"
_REFUSALS: Final = frozenset({400, 409, 422})
_REASON_LENGTH: Final = 200
MONTHS_MAX: Final = 120


class NotAuthentic(Exception):
    """A receipt that billing did not sign: nothing in it may be believed."""


@dataclass(frozen=True)
class Billing:
    """The operator's billing system at `url`, sharing a secret with us (used as its UTF-8)."""

    url: str
    key: str = field(repr=False)
    transport: Transport = field(repr=False)

    def hand_over(self, order: HandOver) -> Answer:
        """Hand one order over: one remote call; make it with no transaction open.

        Raises PlatformError only when billing surely did not take it: it could not be reached,
        or does not know our signature (permanent).
        """
        raw = strict.dumps(order.as_json())
        headers = {
            "Content-Type": "application/json",
            SIGNATURE_HEADER: signature(self.key, raw),
        }
        try:
            response = self.transport.send(Request("POST", f"{self.url}/orders", API, headers, raw))
        except PlatformError as error:
            if not error.unknown:
                raise
            return Unknown(error.code)
        return _answer(order, response)

    def receipt(self, raw: bytes, signed: str) -> Accepted | Happened:
        """A receipt or an event that billing sent by itself; `signed` is the header's value.

        Raises NotAuthentic unless billing signed these very bytes, Malformed for what makes no
        sense although it did.
        """
        if not hmac.compare_digest(signature(self.key, raw).encode(), signed.encode()):
            raise NotAuthentic
        sent = strict.fields(raw)
        return _happened(sent) if "event" in sent else _accepted(raw)


def signature(key: str, raw: bytes) -> str:
    """Hex HMAC-SHA256 over the raw body."""
    return hmac.new(key.encode(), raw, sha256).hexdigest()


def _answer(order: HandOver, response: Response) -> Answer:
    if response.status == 401:
        raise PlatformError(API, "signature_refused", permanent=True)
    if response.status in _REFUSALS:
        return Refused(_reason(response))
    if response.status == 202:
        return Received()
    if response.status != 200:
        return Unknown(f"http_{response.status}")
    try:
        receipt = _accepted(response.body)
    except Malformed:
        return Unknown("unreadable_answer")
    if receipt.order_number != order.order_number:
        return Unknown("receipt_of_another_order")
    return receipt


def _accepted(raw: bytes) -> Accepted:
    sent = strict.fields(raw)
    if sent.get("status") != "accepted":
        raise Malformed("not a receipt")
    return read(Accepted, sent)


def _happened(sent: Mapping[str, Any]) -> Happened:
    if sent.get("event") not in set(ServiceEvent):
        raise Malformed("no such event")
    said = read(Happened, sent, event=ServiceEvent(sent["event"]))
    is_counted = 1 <= said.month <= MONTHS_MAX
    if is_counted != (said.event is ServiceEvent.MONTH_ALIVE) or (said.month and not is_counted):
        raise Malformed("a month belongs to month_alive alone")
    return said


def _reason(response: Response) -> str:
    try:
        reason = strict.fields(response.body).get("error")
    except Malformed:
        reason = None
    return str(reason or f"http_{response.status}")[:_REASON_LENGTH]
