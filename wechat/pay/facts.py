"""What WeChat Pay says about money, typed: whole fen, aware UTC, ids as text.

The same classes come out of notices and of queries, so that both feed one function.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from wechat.reading import integer, rfc3339, string


@dataclass(frozen=True, slots=True)
class Paid:
    """Money has come in. `total_fen` is the order's, `payer_total_fen` less coupons.

    `attach` is an echo anybody may have chosen: never a price or an identity.
    """

    appid: Annotated[str, string("appid")]
    mchid: Annotated[str, string("mchid")]
    out_trade_no: Annotated[str, string("out_trade_no")]
    transaction_id: Annotated[str, string("transaction_id")]
    trade_state: Annotated[str, string("trade_state")]
    success_at: Annotated[datetime, rfc3339("success_time")]
    openid: Annotated[str, string("payer.openid")]
    total_fen: Annotated[int, integer("amount.total")]
    currency: Annotated[str, string("amount.currency")]
    payer_total_fen: Annotated[int | None, integer("amount.payer_total")] = None
    payer_currency: Annotated[str, string("amount.payer_currency")] = ""
    trade_type: Annotated[str, string("trade_type")] = ""
    bank_type: Annotated[str, string("bank_type")] = ""
    attach: Annotated[str, string("attach")] = ""


@dataclass(frozen=True, slots=True)
class Transaction:
    """An order as WeChat Pay knows it. `paid` is set once paid, and stays so after refunds.

    `trade_state` is one of SUCCESS, REFUND, NOTPAY, CLOSED, REVOKED, USERPAYING, PAYERROR;
    NOTPAY is not final.
    """

    mchid: Annotated[str, string("mchid")]
    out_trade_no: Annotated[str, string("out_trade_no")]
    trade_state: Annotated[str, string("trade_state")]
    trade_state_desc: Annotated[str, string("trade_state_desc")] = ""
    paid: Paid | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund. `status`: PROCESSING, SUCCESS, CLOSED (failed: needs a new number) or ABNORMAL
    (the payer's card is dead: not final)."""

    out_trade_no: Annotated[str, string("out_trade_no")]
    transaction_id: Annotated[str, string("transaction_id")]
    out_refund_no: Annotated[str, string("out_refund_no")]
    refund_id: Annotated[str, string("refund_id")]
    status: Annotated[str, string("status")]
    refund_fen: Annotated[int, integer("amount.refund")]
    total_fen: Annotated[int, integer("amount.total")]
    payer_refund_fen: Annotated[int | None, integer("amount.payer_refund")] = None
    currency: Annotated[str, string("amount.currency")] = "CNY"
    success_at: Annotated[datetime | None, rfc3339("success_time")] = None
    account: Annotated[str, string("user_received_account")] = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer to a person. Final states: SUCCESS, FAIL, CANCELLED; any other may still pay."""

    mchid: Annotated[str, string("mch_id")]
    out_bill_no: Annotated[str, string("out_bill_no")]
    transfer_bill_no: Annotated[str, string("transfer_bill_no")]
    state: Annotated[str, string("state")]
    transfer_fen: Annotated[int, integer("transfer_amount")]
    appid: Annotated[str, string("appid")] = ""
    openid: Annotated[str, string("openid")] = ""
    fail_reason: Annotated[str, string("fail_reason")] = ""
    created_at: Annotated[datetime | None, rfc3339("create_time")] = None
    updated_at: Annotated[datetime | None, rfc3339("update_time")] = None
