"""Shipping management of a mini-program: until it is told of the shipment, money stays frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from wechat.caller import Caller

DESCRIPTION_LENGTH: Final = 120
PARCELS_MAX: Final = 15
ASK_FOR_PHONE: Final = frozenset({"SF"})
"""Companies whose parcels are taken with a phone only: the receiver's or the sender's."""

_UNIFIED, _SPLIT = 1, 2
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class Logistics(IntEnum):
    """How an order reaches the buyer."""

    express = 1
    same_city = 2
    virtual = 3
    pickup = 4


@dataclass(frozen=True, slots=True)
class Parcel:
    """What was sent; number and company for express only, `masked_phone` (`138****8000`) where the company asks."""

    description: str
    tracking_no: str = ""
    express_company: str = ""
    masked_phone: str = ""

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"item_desc": self.description[:DESCRIPTION_LENGTH]}
        if self.tracking_no:
            body |= {"tracking_no": self.tracking_no, "express_company": self.express_company}
        if self.masked_phone:
            body["contact"] = {"receiver_contact": self.masked_phone}
        return body


def upload_shipping_info(
    caller: Caller,
    *,
    transaction_id: str,
    payer_openid: str,
    logistics: Logistics,
    parcels: Sequence[Parcel],
    uploaded_at: datetime,
) -> None:
    """Report a payment as shipped in one go; `payer_openid` is the mini-program's.

    One parcel is a unified delivery, several are a split one, which the platform takes for express
    alone and up to `PARCELS_MAX`.
    A payment is known a minute after it was made (10060001 before, transient); a second report
    uses up the order's one correction. Raises PlatformError; 10060002 says it was done before.
    """
    is_split = len(parcels) > 1
    body: dict[str, Any] = {
        "order_key": {"order_number_type": 2, "transaction_id": transaction_id},
        "logistics_type": int(logistics),
        "delivery_mode": _SPLIT if is_split else _UNIFIED,
        "shipping_list": [parcel.as_json() for parcel in parcels],
        "upload_time": uploaded_at.astimezone(_SHANGHAI).isoformat(timespec="milliseconds"),
        "payer": {"openid": payer_openid},
    }
    if is_split:
        body["is_all_delivered"] = True
    caller.call("POST", "/wxa/sec/order/upload_shipping_info", body=body)


def is_trade_managed(caller: Caller, appid: str) -> bool:
    """Whether this mini-program's payments wait for shipping reports."""
    path = "/wxa/sec/order/is_trade_managed"
    return caller.call("POST", path, body={"appid": appid}).get("is_trade_managed") is True
