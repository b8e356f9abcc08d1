"""Merchant transfers to a person, who confirms within a day: the pay-out of commissions.

Create answers are not proof of anything but acceptance; only SUCCESS, FAIL and CANCELLED are
final, and until one is seen no other bill may take this one's place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

from wechat.caller import typed
from wechat.pay.calls import Calls
from wechat.pay.client import shown
from wechat.pay.facts import Transfer
from wechat.reading import rfc3339, string
from wx_backend.errors import PlatformError

COMMISSION_SCENE: Final = "1005"
LEAST_FEN: Final = 10
NAME_FROM_FEN: Final = 200_000
_API: Final = "/v3/fund-app/mch-transfer/transfer-bills"
_OUT_BILL_NO: Final = re.compile(r"[0-9A-Za-z]{1,32}")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A bill the platform took; the person's page confirms it with `package_info`."""

    out_bill_no: Annotated[str, string("out_bill_no")]
    transfer_bill_no: Annotated[str, string("transfer_bill_no")]
    state: Annotated[str, string("state")]
    package_info: Annotated[str, string("package_info")] = field(default="", repr=False)
    created_at: Annotated[datetime | None, rfc3339("create_time")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """A commission to be paid out: whole fen, at least ten; `duty` is the person's kind of work.

    From 2,000 yuan the person's real name is needed, encrypted by `Merchant.seal` and named with
    its serial. Raises ValueError for what the platform would refuse.
    """

    appid: str
    out_bill_no: str
    openid: str
    transfer_fen: int
    remark: str
    duty: str
    reason: str
    notify_url: str
    sealed_name: str | None = field(default=None, repr=False)
    name_serial: str | None = None

    def __post_init__(self) -> None:
        if not _OUT_BILL_NO.fullmatch(self.out_bill_no):
            raise ValueError("out_bill_no is 1 to 32 letters and digits")
        if self.transfer_fen < LEAST_FEN:
            raise ValueError("a transfer is of at least ten fen")
        if self.transfer_fen >= NAME_FROM_FEN and not (self.sealed_name and self.name_serial):
            raise ValueError("a transfer of 2,000 yuan or more names the person")

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {
            "appid": self.appid,
            "out_bill_no": self.out_bill_no,
            "transfer_scene_id": COMMISSION_SCENE,
            "openid": self.openid,
            "transfer_amount": self.transfer_fen,
            "transfer_remark": shown(self.remark)[:32],
            "notify_url": self.notify_url,
            "transfer_scene_report_infos": [
                {"info_type": "岗位类型", "info_content": self.duty},
                {"info_type": "报酬说明", "info_content": self.reason},
            ],
        }
        if self.sealed_name:
            body["user_name"] = self.sealed_name
        return body


def create_transfer(calls: Calls, payout: Payout) -> Accepted:
    """Ask for a transfer; the same number again asks for the same one.

    Raises PlatformError; when its `unknown` is set, query this number and use no other.
    """
    serial = payout.name_serial if payout.sealed_name else None
    sent = calls.call("POST", _API, api=_API, body=payout.as_json(), sealed_under=serial)
    return typed(Accepted, _API, sent, unknown=True)


def query_transfer(calls: Calls, out_bill_no: str) -> Transfer | None:
    """A transfer as WeChat Pay knows it; None if it knows none. Raises PlatformError."""
    api = f"{_API}/out-bill-no"
    try:
        sent: Mapping[str, Any] = calls.call("GET", f"{api}/{quote(out_bill_no, safe='')}", api=api)
    except PlatformError as refusal:
        if refusal.code in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"):
            return None
        raise
    return typed(Transfer, api, sent)


def cancel_transfer(calls: Calls, out_bill_no: str) -> str:
    """Ask to cancel a transfer that is not final; returns its state. Raises PlatformError."""
    path = f"{_API}/out-bill-no/{quote(out_bill_no, safe='')}/cancel"
    api = f"{_API}/out-bill-no/cancel"
    state = calls.call("POST", path, api=api).get("state")
    if not isinstance(state, str):
        raise PlatformError(api, "unreadable_answer", permanent=False, unknown=True)
    return state
