"""The rows of a bill: typed, in exact fen, read one after the other and held against the summary.

A bill is a header line, rows whose every field begins with a backtick, and a summary of two
lines. Columns are found by name; layouts of older accounts name some of them differently.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from wx_backend.money import fen_from_yuan
from wx_backend.strict import Malformed

_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")
_BRACKETS: Final = str.maketrans("（）", "()")
REFUND_STATES: Final = frozenset({"REFUND", "REVOKED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One payment or refund. A refund row is dated when it began and keeps its first state.

    `order_fen` and `refund_fen` are what was asked for, coupons of the platform included, and
    `settlement_fen` what is ours of it; `fee_yuan` is None in a layout without it.
    """

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
    refund_state: str
    product: str
    attach: str
    fee_yuan: Decimal | None

    @property
    def is_refund(self) -> bool:
        return self.trade_state in REFUND_STATES


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


class Row(dict[str, str]):
    """One line by column name; a column that must be there is asked for by `need`."""

    def need(self, *names: str) -> str:
        """The value of the first of these columns there is. Raises Malformed without any."""
        for name in names:
            if name in self:
                return self[name]
        raise Malformed(f"the bill has no column {names[0]}")

    def fen(self, *names: str) -> int:
        """The amount in the first of these columns there is. Raises Malformed."""
        return fen(self.need(*names))


def trade_rows(lines: Iterable[str]) -> Iterator[TradeRow]:
    """The rows of a trade bill as they are read.

    Raises Malformed where a line is wrong, at the end when count or refunds do not add up.
    """
    count = refunded = 0
    table = _Table(lines)
    for row in table:
        trade = _trade_row(row)
        count, refunded = count + 1, refunded + _cash_back(row)
        yield trade
    if _count(table.summary, "总交易单数") != count:
        raise Malformed("the bill's count is not that of its rows")
    told = {"退款总金额", "总退款金额"} & set(table.summary)
    if told and fen(table.summary[told.pop()]) != refunded:
        raise Malformed("the bill's refunds do not add up")


def fund_rows(lines: Iterable[str]) -> Iterator[FundRow]:
    """The rows of a fund-flow bill as they are read; its counts and sums are checked at the end."""
    count, fens = {True: 0, False: 0}, {True: 0, False: 0}
    table = _Table(lines)
    for row in table:
        fund = _fund_row(row)
        count[fund.is_income] += 1
        fens[fund.is_income] += fund.amount_fen
        yield fund
    told = tuple(_count(table.summary, name) for name in ("资金流水总笔数", "收入笔数", "支出笔数"))
    if told != (sum(count.values()), count[True], count[False]):
        raise Malformed("the bill's counts are not those of its rows")
    if (table.summary.fen("收入金额"), table.summary.fen("支出金额")) != (fens[True], fens[False]):
        raise Malformed("the bill's amounts do not add up")


def fen(text: str) -> int:
    """A bill's yuan with decimals as whole fen, exactly. Raises Malformed."""
    try:
        return fen_from_yuan(text)
    except ValueError:
        raise Malformed("not an amount") from None


class _Table:
    """The detail rows of a bill; `summary` is there once they have all been read."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.summary = Row()
        self._lines = _plain(lines)

    def __iter__(self) -> Iterator[Row]:
        names = _names(next(self._lines, ""))
        for line in self._lines:
            if not line.startswith("`"):
                self.summary = _row(_names(line), next(self._lines, ""))
                break
            yield _row(names, line)
        if not self.summary or next(self._lines, None) is not None:
            raise Malformed("the bill has no summary where it should")


def _plain(lines: Iterable[str]) -> Iterator[str]:
    try:
        for line in lines:
            if plain := line.rstrip("\r\n"):
                yield plain
    except UnicodeDecodeError:
        raise Malformed("the bill is not UTF-8") from None


def _names(header: str) -> list[str]:
    return [name.strip().lstrip("`").translate(_BRACKETS) for name in header.split(",")]


def _row(names: list[str], line: str) -> Row:
    values = line[1:].split(",`") if line.startswith("`") else []
    if len(values) != len(names):
        raise Malformed("a row does not fit its header")
    return Row(zip(names, [value.strip() for value in values], strict=True))


def _cash_back(row: Row) -> int:
    """What went back to the payer himself: the column the summary adds up; 0 without refunds."""
    return row.fen("退款金额") if "微信退款单号" in row else 0


def _trade_row(row: Row) -> TradeRow:
    return TradeRow(
        traded_at=_instant(row, "交易时间"),
        mchid=row.need("商户号"),
        appid=row.get("公众账号ID", ""),
        transaction_id=row.need("微信订单号"),
        out_trade_no=row.need("商户订单号"),
        openid=row.get("用户标识", ""),
        trade_type=row.get("交易类型", ""),
        trade_state=row.get("交易状态", "SUCCESS"),
        currency=row.get("货币种类", ""),
        order_fen=row.fen("订单金额", "总金额"),
        settlement_fen=row.fen("应结订单金额", "总金额", "订单金额"),
        refund_id=row.get("微信退款单号", ""),
        out_refund_no=row.get("商户退款单号", ""),
        refund_fen=row.fen("申请退款金额", "退款金额") if "微信退款单号" in row else 0,
        refund_state=row.get("退款状态", ""),
        product=row.get("商品名称", ""),
        attach=row.get("商户数据包", ""),
        fee_yuan=_decimal(row["手续费"]) if "手续费" in row else None,
    )


def _fund_row(row: Row) -> FundRow:
    direction = row.need("收支类型")
    if direction not in ("收入", "支出"):
        raise Malformed("neither income nor expense")
    return FundRow(
        booked_at=_instant(row, "记账时间"),
        transaction_id=row.get("微信支付业务单号", ""),
        fund_id=row.need("资金流水单号"),
        business=row.get("业务名称", ""),
        kind=row.get("业务类型", ""),
        is_income=direction == "收入",
        amount_fen=row.fen("收支金额(元)"),
        balance_fen=row.fen("账户结余(元)"),
        note=row.get("备注", ""),
        voucher=row.get("业务凭证号", ""),
    )


def _decimal(text: str) -> Decimal:
    """A fee, which has five decimals and can be negative."""
    try:
        fee = Decimal(text)
    except InvalidOperation:
        raise Malformed("not a fee") from None
    if not fee.is_finite():
        raise Malformed("not a fee")
    return fee


def _count(summary: Row, name: str) -> int:
    """A count, which can read `45.0`."""
    text = summary.need(name).removesuffix(".0")
    if not (text.isascii() and text.isdigit()):
        raise Malformed("not a count")
    return int(text)


def _instant(row: Row, name: str) -> datetime:
    try:
        local = datetime.fromisoformat(row.need(name))
    except ValueError:
        raise Malformed("not a time") from None
    return local.replace(tzinfo=_SHANGHAI).astimezone(UTC)
