"""A bill counts when it is the promised file and its rows add up to its own summary."""

import gzip
import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.wechat.doubles import ScriptedTransport
from tests.wechat.pay.platform import APPID, MCHID, NOW, answer, merchant
from tests.wechat.pay.test_calls import authorization
from wechat.pay.bill_rows import FundRow, TradeRow, fen, fund_rows, trade_rows
from wechat.pay.bills import NOT_YET, BillFile, BillKind, fetch_bill, opened
from wechat.pay.calls import Calls
from wechat.transport import Response
from wx_backend.errors import PlatformError
from wx_backend.strict import Malformed

BASE = "http://127.0.0.1:9"
TRADE_HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,"
    "货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,"
    "商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
TRADE_SUMMARY = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
FUND_HEADER = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),"
    "资金变更提交申请人,备注,业务凭证号"
)
FUND_SUMMARY = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


def ticked(*values: str) -> str:
    return "`" + ",`".join(values)


def file(*lines: str) -> bytes:
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def trade(state: str = "SUCCESS", refund: str = "0.00", product: str = "手机, 套餐") -> str:
    return ticked(
        "2026-11-20 23:59:59", APPID, MCHID, "0", "", "4200001", "P1", "oBob", "JSAPI", state,
        "OTHERS", "CNY", "99.00", "0.00", "503" if state == "REFUND" else "0", "R1", refund, "0.00",
        "", "SUCCESS", product, "attach", "0.59400", "0.60%", "99.00", refund, "",
    )  # fmt: skip


def fund(direction: str = "收入", amount: str = "99.00", balance: str = "99.00") -> str:
    return ticked(
        "2026-11-20 12:00:00", "4200001", "F1", "交易", "交易", direction, amount, balance,
        "system", "note", "V1",
    )  # fmt: skip


TRADES = file(
    TRADE_HEADER, trade(), trade("REFUND", "1.00"), TRADE_SUMMARY,
    ticked("2.0", "99.00", "1.00", "0.00", "0.59400", "99.00", "1.00"),
)  # fmt: skip
FUNDS = file(
    FUND_HEADER, fund(), fund("支出", "0.60", "98.40"), FUND_SUMMARY,
    ticked("2", "1", "99.00", "1", "0.60"),
)  # fmt: skip


def trades_of(packed: bytes) -> list[TradeRow]:
    with opened(BytesIO(packed)) as lines:
        return list(trade_rows(lines))


def funds_of(packed: bytes) -> list[FundRow]:
    with opened(BytesIO(packed)) as lines:
        return list(fund_rows(lines))


def fetched(calls: Calls, kind: BillKind = BillKind.TRADE) -> BillFile | None:
    return fetch_bill(calls, kind, date(2026, 11, 20))


@pytest.fixture
def transport() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def calls(transport: ScriptedTransport) -> Calls:
    return Calls(merchant(), transport, BASE, lambda: NOW)


def offered(raw: bytes, **changes: Any) -> Response:
    return answer(
        {
            "hash_type": "SHA1",
            "hash_value": hashlib.sha1(raw).hexdigest().upper(),  # noqa: S324 - the platform's choice
            "download_url": "https://api.mch.weixin.qq.com/v3/billdownload/file?token=6XIv%2B&tartype=gzip",
            **changes,
        }
    )


def downloaded(raw: bytes) -> Response:
    return Response(200, {}, gzip.compress(raw))


def test_a_trade_bill_is_fetched_checked_and_read(
    calls: Calls, transport: ScriptedTransport
) -> None:
    transport.on("/v3/bill/tradebill", offered(TRADES))
    transport.on("/v3/billdownload/file", downloaded(TRADES))
    bill = fetched(calls)
    assert bill is not None
    assert bill.unpacked_bytes == len(TRADES)
    payment, refund = trades_of(bill.packed)
    assert (payment.is_refund, refund.is_refund) == (False, True)
    assert payment.traded_at == datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC)
    assert (payment.order_fen, payment.refund_fen, payment.fee_yuan) == (9900, 0, Decimal("0.594"))
    assert (payment.product, payment.out_trade_no) == ("手机, 套餐", "P1")
    assert (refund.trade_state, refund.refund_fen, refund.refund_id) == ("REFUND", 100, "503")
    assert transport.sent[0].url.endswith("?bill_date=2026-11-20&bill_type=ALL&tar_type=GZIP")
    assert transport.sent[1].url == f"{BASE}/v3/billdownload/file?token=6XIv%2B&tartype=gzip"
    assert authorization(transport.sent[1])


def test_a_fund_flow_bill_is_fetched_and_read(calls: Calls, transport: ScriptedTransport) -> None:
    transport.on("/v3/bill/fundflowbill", offered(FUNDS))
    transport.on("/v3/billdownload/file", downloaded(FUNDS))
    file = fetched(calls, BillKind.FUND_FLOW)
    assert file is not None
    bill = funds_of(file.packed)
    assert [(row.is_income, row.amount_fen, row.balance_fen) for row in bill] == [
        (True, 9900, 9900),
        (False, 60, 9840),
    ]


def test_a_day_without_trade_has_no_bill(calls: Calls, transport: ScriptedTransport) -> None:
    transport.on(
        "/v3/bill/tradebill",
        Response(400, {}, b'{"code":"NO_STATEMENT_EXIST"}'),
        Response(400, {}, b'{"code":"STATEMENT_CREATING"}'),
    )
    assert fetched(calls) is None
    with pytest.raises(PlatformError, match=NOT_YET) as caught:
        fetched(calls)
    assert not caught.value.permanent


@pytest.mark.parametrize(
    "download",
    [
        downloaded(TRADES.replace(b"99.00", b"98.00")),
        Response(200, {}, TRADES),
        Response(200, {}, gzip.compress(TRADES)[:-9]),
        Response(200, {}, gzip.compress(TRADES)[:40]),
    ],
)
def test_a_file_that_is_not_the_promised_one_is_refused(
    calls: Calls, transport: ScriptedTransport, download: Response
) -> None:
    transport.on("/v3/bill/tradebill", offered(TRADES))
    transport.on("/v3/billdownload/file", download)
    with pytest.raises(Malformed):
        fetched(calls)


@pytest.mark.parametrize(
    "changes", [{"hash_type": "MD5"}, {"hash_value": 1}, {"download_url": None}]
)
def test_an_offer_of_another_shape_is_refused(
    calls: Calls, transport: ScriptedTransport, changes: dict[str, Any]
) -> None:
    transport.on("/v3/bill/tradebill", offered(TRADES, **changes))
    with pytest.raises(PlatformError, match="unreadable_answer"):
        fetched(calls)
    transport.on("/v3/bill/tradebill", offered(TRADES))
    transport.on("/v3/billdownload/file", Response(401, {}, b'{"code":"SIGN_ERROR"}'))
    with pytest.raises(PlatformError, match="SIGN_ERROR"):
        fetched(calls)


@pytest.mark.parametrize(
    "url",
    [
        "@evil.example/v3/billdownload/file?token=1",
        ".evil.example/v3/billdownload/file?token=1",
        ":1@evil.example/v3/billdownload/file?token=1",
        "https://api.mch.weixin.qq.com",
        "https://[evil/v3/billdownload/file?token=1",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_link_that_could_lead_elsewhere_is_refused_and_nobody_hears_a_signature(
    calls: Calls, transport: ScriptedTransport, url: str
) -> None:
    transport.on("/v3/bill/tradebill", offered(TRADES, download_url=url))
    with pytest.raises(PlatformError, match="unreadable_answer"):
        fetched(calls)
    assert [urlsplit(sent.url).path for sent in transport.sent] == ["/v3/bill/tradebill"]


@pytest.mark.parametrize(
    "host",
    [
        "https://api2.mch.weixin.qq.com",
        "https://evil.example",
        "http://169.254.169.254",
        "https://api.mch.weixin.qq.com@evil.example",
        "//evil.example",
        "",
    ],
)
def test_whatever_host_a_link_names_our_base_url_alone_is_asked(
    calls: Calls, transport: ScriptedTransport, host: str
) -> None:
    url = f"{host}/v3/billdownload/file?token=1"
    transport.on("/v3/bill/tradebill", offered(TRADES, download_url=url))
    transport.on("/v3/billdownload/file", downloaded(TRADES))
    assert fetched(calls)
    assert transport.sent[1].url == f"{BASE}/v3/billdownload/file?token=1"


WRONG_TRADES: dict[str, bytes] = {
    "count": TRADES.replace(b"`2.0", b"`3.0"),
    "count as words": TRADES.replace(b"`2.0", b"`two"),
    "refunds": TRADES.replace(b"`1.00,`0.00,`,`SUCCESS", b"`2.00,`0.00,`,`SUCCESS"),
    "no summary": file(TRADE_HEADER, trade()),
    "half a summary": file(TRADE_HEADER, trade(), TRADE_SUMMARY),
    "more after it": TRADES + b"`1\r\n",
    "a field too many": TRADES.replace(b"attach", b"att,`ach"),
    "a field too few": TRADES.replace(b",`attach", b""),
    "no backticks": TRADES.replace(b"`", b""),
    "amount": TRADES.replace(b"`99.00,`0.00,`0,", b"`99.001,`0.00,`0,"),
    "fee": TRADES.replace(b"`0.59400,`0.60%", b"`a lot,`0.60%"),
    "time": TRADES.replace(b"2026-11-20", b"2026-13-20"),
    "not UTF-8": TRADES + b"\xff",
    "no column for the number": TRADES.replace("商户订单号".encode(), "订单号".encode()),
    "nothing": b"",
}


@pytest.mark.parametrize("raw", WRONG_TRADES.values(), ids=WRONG_TRADES.keys())
def test_a_bill_that_does_not_add_up_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        trades_of(gzip.compress(raw))


@pytest.mark.parametrize(
    "raw",
    [
        FUNDS.replace(b"`2,`1", b"`3,`1"),
        FUNDS.replace(b"`1,`99.00,", b"`1,`98.00,"),
        FUNDS.replace("支出,".encode(), b"?,"),
        FUNDS.replace("`支出".encode(), "`借出".encode()),
    ],
)
def test_a_fund_flow_that_does_not_add_up_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        funds_of(gzip.compress(raw))


def test_columns_are_found_by_name_in_other_layouts() -> None:
    raw = file(
        "交易时间,商户号,微信订单号,商户订单号,订单金额,新的一列",
        ticked("2026-11-20 12:00:00", MCHID, "42", "P1", "0.01", "x"),
        "总交易单数",
        ticked("1"),
    )
    [row] = trades_of(gzip.compress(raw))
    assert (row.order_fen, row.refund_fen, row.appid, row.fee_yuan) == (1, 0, "", None)


def test_the_layout_of_older_accounts_is_read_too() -> None:
    header = TRADE_HEADER.removesuffix(",订单金额,申请退款金额,费率备注")
    raw = file(
        header.replace("应结订单金额", "总金额"),
        trade("REFUND", "1.00").removesuffix(",`99.00,`1.00,`"),
        "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额",
        ticked("1", "99.00", "1.00", "0.00", "0.59400"),
    )
    [row] = trades_of(gzip.compress(raw))
    assert (row.order_fen, row.refund_fen) == (9900, 100)


def test_full_width_brackets_in_a_header_mean_the_same() -> None:
    raw = FUNDS.replace("(元)".encode(), "（元）".encode())
    assert funds_of(gzip.compress(raw)) == funds_of(gzip.compress(FUNDS))


@pytest.mark.parametrize(
    "raw",
    [
        TRADES.replace(",订单金额,".encode(), ",甲,".encode()),
        TRADES.replace(",退款金额,".encode(), ",甲,".encode()),
        FUNDS.replace("收支金额(元)".encode(), "甲".encode()),
        TRADES.replace(b"`0.60%,`99.00,", b"`0.60%,`,"),
    ],
)
def test_an_amount_that_is_not_there_is_not_zero(raw: bytes) -> None:
    for rows in (trades_of, funds_of):
        with pytest.raises(Malformed):
            rows(gzip.compress(raw))


@pytest.mark.parametrize("text", ["", "1.001", "NaN", "Infinity", "1e99", "一元"])
def test_an_amount_is_exact_or_refused(text: str) -> None:
    with pytest.raises(Malformed):
        fen(text)
