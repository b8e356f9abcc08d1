"""Applying what WeChat Pay says about a transfer: once, in whatever order notice and answer come."""

from datetime import datetime
from typing import Final

from payments.exceptions import open_exception
from payments.models import ExceptionKind
from settlement.payouts.transfers import Applied, TransferFact, apply_fact
from wechat.pay.facts import Transfer
from wx_backend import platform

_ODD: Final = {
    Applied.UNKNOWN_NUMBER: ExceptionKind.PAYOUT_UNKNOWN,
    Applied.MISMATCH: ExceptionKind.PAYOUT_MISMATCH,
    Applied.CONTRADICTION: ExceptionKind.PAYOUT_MISMATCH,
}


def settle_transfer(said: Transfer, *, now: datetime) -> Applied:
    """Apply one fact; what does not fit changes nothing and is put before a person."""
    fact = TransferFact(
        mchid=said.mchid,
        out_bill_no=said.out_bill_no,
        state=said.state,
        amount_fen=said.transfer_fen,
        appid=said.appid,
        openid=said.openid,
        transfer_bill_no=said.transfer_bill_no,
        fail_reason=said.fail_reason,
        created_at=said.created_at,
    )
    applied = apply_fact(fact=fact, mchid=platform.merchant().mchid, now=now)
    if applied in _ODD:
        open_exception(
            kind=_ODD[applied],
            key=f"{said.out_bill_no}:{said.state}",
            details={"out_bill_no": said.out_bill_no, "state": said.state, "why": applied},
            now=now,
        )
    return applied
