"""Daily bills: fetching with the digest checked, and typed rows in exact fen.

A day is Beijing's; files exist from about 10:00 of the next. A bill is UTF-8 with a byte order
mark, a header line, rows whose every field begins with a backtick, and a summary of two lines.
"""

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

from wechat.pay.calls import Calls
from wx_backend.errors import PlatformError
from wx_backend.money import fen_from_yuan
from wx_backend.strict import Malformed

MAX_FILE_BYTES: Final = 67_108_864
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One payment or refund. A refund row is dated when it began and keeps its first state."""

    traded_at: datetime
    mchid: str
    appid: str
    transaction_id: str
    out_trade_no: str
    openid: str
    trade_type: str
    trade_state: str
    currency: str
    order_fen: int
    settlement_fen: int
    refund_id: str
    out_refund_no: str
    refund_fen: int
    requested_refund_fen: int
    refund_state: str
    product: str
    attach: str
    fee_yuan: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRow:
    """One movement of the account's money; `amount_fen` is positive, `is_income` its direction."""

    booked_at: datetime
    transaction_id: str
    fund_id: str
    business: str
    kind: str
    is_income: bool
    amount_fen: int
    balance_fen: int
    note: str
    voucher: str


Row = dict[str, str]


def trade_bill(calls: Calls, on: date) -> list[TradeRow] | None:
    """Every payment and refund of a business day; None when there was none.

    Raises PlatformError (STATEMENT_CREATING: come back later) and Malformed for a file that
    contradicts its digest, its layout or its own summary.
    """
    raw = _fetch(calls, "/v3/bill/tradebill", {"bill_date": on.isoformat(), "bill_type": "ALL"})
    return None if raw is None else parse_trade_bill(raw)


def fund_flow_bill(calls: Calls, on: date, account: str = "BASIC") -> list[FundRow] | None:
    """Every movement of an account (BASIC, OPERATION or FEES) on a business day; as above."""
    query = {"bill_date": on.isoformat(), "account_type": account}
    raw = _fetch(calls, "/v3/bill/fundflowbill", query)
    return None if raw is None else parse_fund_flow_bill(raw)


def parse_trade_bill(raw: bytes) -> list[TradeRow]:
    """The rows of a trade bill, columns found by name. Raises Malformed."""
    rows, summary = _table(raw)
    if _count(summary, "总交易单数") != len(rows):
        raise Malformed("the bill's count is not that of its rows")
    bill = [_trade_row(row) for row in rows]
    refunded = sum(row.refund_fen for row in bill)
    if "退款总金额" in summary and fen(summary["退款总金额"]) != refunded:
        raise Malformed("the bill's refunds do not add up")
    return bill


def parse_fund_flow_bill(raw: bytes) -> list[FundRow]:
    """The rows of a fund-flow bill, its counts and sums checked. Raises Malformed."""
    rows, summary = _table(raw)
    bill = [_fund_row(row) for row in rows]
    incomes = [row.amount_fen for row in bill if row.is_income]
    expenses = [row.amount_fen for row in bill if not row.is_income]
    told = tuple(_count(summary, name) for name in ("资金流水总笔数", "收入笔数", "支出笔数"))
    if told != (len(bill), len(incomes), len(expenses)):
        raise Malformed("the bill's counts are not those of its rows")
    if (_fen(summary, "收入金额"), _fen(summary, "支出金额")) != (sum(incomes), sum(expenses)):
        raise Malformed("the bill's amounts do not add up")
    return bill


def fen(text: str) -> int:
    """A bill's yuan with decimals as whole fen, exactly. Raises Malformed."""
    try:
        return fen_from_yuan(text)
    except ValueError:
        raise Malformed("not an amount") from None


def _fetch(calls: Calls, api: str, query: Mapping[str, str]) -> bytes | None:
    path = f"{api}?{urlencode({**query, 'tar_type': 'GZIP'})}"
    try:
        sent = calls.call("GET", path, api=api)
    except PlatformError as refusal:
        if refusal.code == "NO_STATEMENT_EXIST":
            return None
        raise
    url, digest = sent.get("download_url"), sent.get("hash_value")
    if not isinstance(url, str) or not isinstance(digest, str) or sent.get("hash_type") != "SHA1":
        raise PlatformError(api, "unreadable_answer", permanent=False)
    place = urlsplit(url)  # on our own base URL: the signature covers path and query only
    file = calls.download(
        f"{place.path}?{place.query}", api="/v3/billdownload/file", max_bytes=MAX_FILE_BYTES
    )
    raw = _unzipped(file)
    if hashlib.sha1(raw, usedforsecurity=False).hexdigest() != digest.lower():
        raise Malformed("the bill is not the file its digest promised")
    return raw


def _unzipped(file: bytes) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        raw = unzip.decompress(file, MAX_FILE_BYTES)
    except zlib.error:
        raise Malformed("the bill is not gzip") from None
    if not unzip.eof:
        raise Malformed("the bill is cut off or too long")
    return raw


def _table(raw: bytes) -> tuple[list[Row], Row]:
    """Detail rows by column name, and the summary."""
    try:
        lines = raw.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError:
        raise Malformed("the bill is not UTF-8") from None
    lines = [line for line in lines if line]
    at = next((at for at, line in enumerate(lines) if at and line[0] != "`"), 0)
    if not at or len(lines) != at + 2:
        raise Malformed("the bill has no summary where it should")
    details = [_row(lines[0], line) for line in lines[1:at]]
    return details, _row(lines[at], lines[at + 1])


def _row(header: str, line: str) -> Row:
    names = [name.strip().lstrip("`") for name in header.split(",")]
    values = line[1:].split(",`") if line.startswith("`") else []
    if len(values) != len(names):
        raise Malformed("a row does not fit its header")
    return dict(zip(names, (value.strip() for value in values), strict=True))


def _trade_row(row: Row) -> TradeRow:
    return TradeRow(
        traded_at=_instant(row, "交易时间"),
        mchid=_text(row, "商户号"),
        appid=row.get("公众账号ID", ""),
        transaction_id=_text(row, "微信订单号"),
        out_trade_no=_text(row, "商户订单号"),
        openid=row.get("用户标识", ""),
        trade_type=row.get("交易类型", ""),
        trade_state=row.get("交易状态", ""),
        currency=row.get("货币种类", ""),
        order_fen=_fen(row, "订单金额"),
        settlement_fen=_fen(row, "应结订单金额"),
        refund_id=row.get("微信退款单号", ""),
        out_refund_no=row.get("商户退款单号", ""),
        refund_fen=_fen(row, "退款金额"),
        requested_refund_fen=_fen(row, "申请退款金额"),
        refund_state=row.get("退款状态", ""),
        product=row.get("商品名称", ""),
        attach=row.get("商户数据包", ""),
        fee_yuan=_decimal(row, "手续费"),
    )


def _fund_row(row: Row) -> FundRow:
    direction = _text(row, "收支类型")
    if direction not in ("收入", "支出"):
        raise Malformed("neither income nor expense")
    return FundRow(
        booked_at=_instant(row, "记账时间"),
        transaction_id=row.get("微信支付业务单号", ""),
        fund_id=_text(row, "资金流水单号"),
        business=row.get("业务名称", ""),
        kind=row.get("业务类型", ""),
        is_income=direction == "收入",
        amount_fen=_fen(row, "收支金额(元)"),
        balance_fen=_fen(row, "账户结余(元)"),
        note=row.get("备注", ""),
        voucher=row.get("业务凭证号", ""),
    )


def _text(row: Row, name: str) -> str:
    try:
        return row[name]
    except KeyError:
        raise Malformed(f"the bill has no column {name}") from None


def _fen(row: Row, name: str) -> int:
    """Some layouts lack an amount's column: it is zero then."""
    return fen(row[name]) if row.get(name) else 0


def _decimal(row: Row, name: str) -> Decimal:
    try:
        return Decimal(row.get(name) or "0")
    except InvalidOperation:
        raise Malformed("not a fee") from None


def _count(summary: Row, name: str) -> int:
    """A count, which can read `45.0`."""
    text = _text(summary, name).removesuffix(".0")
    if not (text.isascii() and text.isdigit()):
        raise Malformed("not a count")
    return int(text)


def _instant(row: Row, name: str) -> datetime:
    try:
        local = datetime.fromisoformat(_text(row, name))
    except ValueError:
        raise Malformed("not a time") from None
    return local.replace(tzinfo=_SHANGHAI).astimezone(UTC)
