"""Prepay, query, close and refund: the calls about one payment."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from wechat.caller import typed
from wechat.pay.calls import Calls
from wechat.pay.facts import Paid, Refund, Transaction
from wx_backend.errors import PlatformError

CURRENCY: Final = "CNY"
DESCRIPTION_LENGTH: Final = 127
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_OUT_TRADE_NO: Final = re.compile(r"[0-9A-Za-z]{6,32}")
_OUT_REFUND_NO: Final = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}")
_ABSENT: Final = frozenset({"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"})
_FOUR_BYTES: Final = re.compile("[\U00010000-\U0010ffff\ud800-\udfff\0-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be paid. The same order again returns a fresh prepay id: the way to pay again.

    `out_trade_no` is 6 to 32 letters and digits, used once for ever. `expires_at` stops payment
    and does not close the order. Raises ValueError for what the platform would refuse.
    """

    appid: str
    out_trade_no: str
    description: str
    total_fen: int
    notify_url: str
    attach: str = ""
    expires_at: datetime | None = None

    def __post_init__(self) -> None:
        if not _OUT_TRADE_NO.fullmatch(self.out_trade_no):
            raise ValueError("out_trade_no is 6 to 32 letters and digits")
        if self.total_fen < 1:
            raise ValueError("an order is for at least one fen")
        if len(self.notify_url) > 255 or "?" in self.notify_url:
            raise ValueError("notify_url has at most 255 characters and no query")
        if len(self.attach) > 128:
            raise ValueError("attach has at most 128 characters")

    def as_json(self, mchid: str) -> dict[str, Any]:
        body: dict[str, Any] = {
            "appid": self.appid,
            "mchid": mchid,
            "description": shown(self.description),
            "out_trade_no": self.out_trade_no,
            "notify_url": self.notify_url,
            "amount": {"total": self.total_fen, "currency": CURRENCY},
        }
        if self.attach:
            body["attach"] = self.attach
        if self.expires_at:
            body["time_expire"] = self.expires_at.astimezone(_SHANGHAI).isoformat(
                timespec="seconds"
            )
        return body


@dataclass(frozen=True)
class PayClient:
    """One merchant's payments and refunds.

    Every method is one remote call and raises PlatformError. When its `unknown` is set, query
    under the same number before anything is done under another.
    """

    calls: Calls

    def jsapi_prepay(self, order: Order, *, openid: str) -> str:
        """Register an order to be paid in WeChat by this person; returns the prepay id."""
        body = order.as_json(self._mchid) | {"payer": {"openid": openid}}
        return self._prepay("/v3/pay/transactions/jsapi", body, "prepay_id")

    def native_prepay(self, order: Order) -> str:
        """Register an order to be paid by scanning; returns the text of the code (two hours)."""
        return self._prepay("/v3/pay/transactions/native", order.as_json(self._mchid), "code_url")

    def pay_sign(self, *, appid: str, prepay_id: str, timestamp: int) -> dict[str, str]:
        """What the page hands to `WeixinJSBridge` or `wx.requestPayment`; signed, a millisecond."""
        nonce, package = secrets.token_hex(16), f"prepay_id={prepay_id}"
        return {
            "appId": appid,
            "timeStamp": str(timestamp),
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": self.calls.merchant.sign(appid, str(timestamp), nonce, package),
        }

    def query(self, out_trade_no: str) -> Transaction | None:
        """The order as WeChat Pay knows it; None if it knows none."""
        api = "/v3/pay/transactions/out-trade-no"
        path = f"{api}/{quote(out_trade_no, safe='')}?mchid={self._mchid}"
        sent = self._sent_or_none(path, api)
        return None if sent is None else _transaction(api, sent)

    def close(self, out_trade_no: str) -> None:
        """Stop an order from being paid. Raises PlatformError: ORDER_PAID and FREQUENCY_LIMITED
        mean that it is, or may be just now; query then, and do not take it for closed."""
        api = "/v3/pay/transactions/out-trade-no/close"
        path = f"/v3/pay/transactions/out-trade-no/{quote(out_trade_no, safe='')}/close"
        self.calls.call("POST", path, api=api, body={"mchid": self._mchid})

    def refund(
        self,
        *,
        out_trade_no: str,
        out_refund_no: str,
        refund_fen: int,
        total_fen: int,
        reason: str = "",
        notify_url: str = "",
    ) -> Refund:
        """Ask for a refund; accepted is not refunded. The same `out_refund_no` refunds once."""
        if not _OUT_REFUND_NO.fullmatch(out_refund_no) or not 1 <= refund_fen <= total_fen:
            raise ValueError("not a refund the platform would take")
        api = "/v3/refund/domestic/refunds"
        body: dict[str, Any] = {
            "out_trade_no": out_trade_no,
            "out_refund_no": out_refund_no,
            "amount": {"refund": refund_fen, "total": total_fen, "currency": CURRENCY},
        }
        if reason:
            body["reason"] = shown(reason)[:80]
        if notify_url:
            body["notify_url"] = notify_url
        return typed(Refund, api, self.calls.call("POST", api, api=api, body=body), unknown=True)

    def query_refund(self, out_refund_no: str) -> Refund | None:
        """A refund as WeChat Pay knows it; None if it knows none."""
        api = "/v3/refund/domestic/refunds"
        sent = self._sent_or_none(f"{api}/{quote(out_refund_no, safe='')}", api)
        return None if sent is None else typed(Refund, api, sent)

    @property
    def _mchid(self) -> str:
        return self.calls.merchant.mchid

    def _prepay(self, api: str, body: Mapping[str, Any], answer: str) -> str:
        value = self.calls.call("POST", api, api=api, body=body).get(answer)
        if not (value and isinstance(value, str)):
            raise PlatformError(api, "unreadable_answer", permanent=False, unknown=True)
        return value

    def _sent_or_none(self, path: str, api: str) -> dict[str, Any] | None:
        try:
            return self.calls.call("GET", path, api=api)
        except PlatformError as refusal:
            if refusal.code in _ABSENT:
                return None
            raise


def shown(text: str) -> str:
    """Text as the payer's phone may show it: no emoji or other 4-byte character, 127 at most."""
    return _FOUR_BYTES.sub("", text)[:DESCRIPTION_LENGTH]


def _transaction(api: str, sent: Mapping[str, Any]) -> Transaction:
    is_paid = sent.get("trade_state") in ("SUCCESS", "REFUND")
    return typed(Transaction, api, sent, paid=typed(Paid, api, sent) if is_paid else None)
