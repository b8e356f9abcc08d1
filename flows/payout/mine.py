"""A rep's own pay-outs: what came, what waits for his tap, and what WeChat shows him for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.payout.calls import ask_about_transfer
from settlement.payouts.models import Payout, PayoutBatch, PayoutStatus, Rail
from settlement.payouts.queries import payout_to_rep, payouts_to_rep
from wx_backend import platform
from wx_backend.errors import Conflict, NotFound
from wx_backend.outbox import defer

CONFIRM_WITHIN: Final = timedelta(hours=24)  # WeChat Pay's: unconfirmed money goes back after it
WAITING: Final = "WAIT_USER_CONFIRM"
SHOWN: Final = 50


class NothingToConfirm(Conflict):
    code, message = "nothing_to_confirm", "这笔款项现在不能确认收款，请刷新查看"


@dataclass(frozen=True, slots=True)
class MyPayout:
    """A payout as its receiver sees it; `until` is when his chance to confirm ends."""

    row: Payout
    batch: PayoutBatch
    waits: bool
    until: datetime | None


def my_payouts(rep_id: int) -> Sequence[MyPayout]:
    """What left for a rep, the newest first."""
    return [_mine(payout, batch) for payout, batch in payouts_to_rep(rep_id, limit=SHOWN)]


def confirm_sheet(*, number: str, rep_id: int, appid: str) -> dict[str, str]:
    """What the page hands to WeChat's `requestMerchantTransfer`.

    NotFound for a colleague's; NothingToConfirm when WeChat does not wait for it, or when the
    page was opened in another account than the money is sent through.
    """
    payout = payout_to_rep(number, rep_id)
    if payout is None:
        raise NotFound
    if payout.platform_state != WAITING or not payout.package_info:
        raise NothingToConfirm
    if payout.appid != appid:
        raise NothingToConfirm("请从发送收款通知的公众号打开本页再确认")
    return {
        "mchId": platform.merchant().mchid,
        "appId": appid,
        "package": payout.package_info,
    }


def ask_now(*, number: str, rep_id: int, now: datetime) -> None:
    """The page says that it was confirmed: have WeChat Pay asked, whose word alone counts."""
    payout = payout_to_rep(number, rep_id)
    if payout is None:
        raise NotFound
    key = f"now:{payout.id}:{int(now.timestamp()) // 10}"
    defer(ask_about_transfer, key=key, payout_id=payout.id)


def state_of(*, number: str, rep_id: int) -> str:
    """Where a rep's payout stands; NotFound for a colleague's."""
    payout = payout_to_rep(number, rep_id)
    if payout is None:
        raise NotFound
    return payout.status


def _mine(payout: Payout, batch: PayoutBatch) -> MyPayout:
    is_sent = batch.rail == Rail.TRANSFER and payout.status == PayoutStatus.SENT
    waits = is_sent and payout.platform_state == WAITING and bool(payout.package_info)
    until = payout.asked_at + CONFIRM_WITHIN if waits and payout.asked_at else None
    return MyPayout(payout, batch, waits, until)
