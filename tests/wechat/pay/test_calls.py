"""Calls are signed over the bytes sent; an answer counts when its signature holds."""

import json
import logging
import re
from base64 import b64decode
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from wechatpayv3.utils import rsa_verify

from tests.wechat.doubles import ScriptedTransport, json_of
from tests.wechat.pay.platform import (
    APPID,
    KEY_ID,
    MCHID,
    NOW,
    PAYMENT,
    REFUND,
    SERIAL,
    answer,
    certificate,
    key,
    merchant,
)
from wechat.pay.calls import Calls
from wechat.pay.client import Order, PayClient, shown
from wechat.pay.error_codes import meaning
from wechat.transport import Request, Response
from wx_backend.errors import PlatformError

BASE = "http://127.0.0.1:9"
JSAPI = "/v3/pay/transactions/jsapi"
REFUNDS = "/v3/refund/domestic/refunds"
ORDER = Order(
    appid=APPID,
    out_trade_no="P2611210000000000001",
    description="小米 15 手机😀\n",
    total_fen=9900,
    notify_url="https://m.example.com/pay/notify",
)


@pytest.fixture
def transport() -> ScriptedTransport:
    return ScriptedTransport()


@pytest.fixture
def pay(transport: ScriptedTransport) -> PayClient:
    return PayClient(Calls(merchant(), transport, BASE, lambda: NOW))


def authorization(request: Request) -> dict[str, str]:
    """The parts of a request's Authorization header, its signature checked as the platform does."""
    scheme, _, rest = request.headers["Authorization"].partition(" ")
    parts = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    path = request.url.removeprefix(BASE)
    body = (request.body or b"").decode()
    lines = (request.method, path, parts["timestamp"], parts["nonce_str"], body)
    message = "".join(f"{line}\n" for line in lines).encode()
    key("merchant").public_key().verify(
        b64decode(parts["signature"]), message, PKCS1v15(), SHA256()
    )
    return {"scheme": scheme, **parts}


def test_a_prepay_call_is_signed_over_the_bytes_sent(
    pay: PayClient, transport: ScriptedTransport
) -> None:
    transport.on(JSAPI, answer({"prepay_id": "wx201410272009395522657a690389285100"}))
    assert pay.jsapi_prepay(ORDER, openid="oBob").startswith("wx2014")
    [request] = transport.sent
    parts = authorization(request)
    assert (parts["scheme"], parts["mchid"]) == ("WECHATPAY2-SHA256-RSA2048", MCHID)
    assert (parts["serial_no"], parts["timestamp"]) == (SERIAL, str(int(NOW.timestamp())))
    assert request.headers["Wechatpay-Serial"] == KEY_ID
    assert request.headers["Accept"] == "application/json"
    assert json_of(request) == {
        "appid": APPID,
        "mchid": MCHID,
        "description": "小米 15 手机",
        "out_trade_no": "P2611210000000000001",
        "notify_url": "https://m.example.com/pay/notify",
        "amount": {"total": 9900, "currency": "CNY"},
        "payer": {"openid": "oBob"},
    }


def test_in_certificate_mode_no_key_is_asked_for(transport: ScriptedTransport) -> None:
    serial, pem = certificate("old platform")
    calls = Calls(merchant(public_keys=None, certificates=[pem]), transport, BASE, lambda: NOW)
    transport.on(JSAPI, answer({"prepay_id": "p"}, signer="old platform", serial=serial))
    assert PayClient(calls).jsapi_prepay(ORDER, openid="oBob") == "p"
    assert "Wechatpay-Serial" not in transport.sent[0].headers


def test_a_code_to_scan_can_be_paid_too(pay: PayClient, transport: ScriptedTransport) -> None:
    transport.on("/v3/pay/transactions/native", answer({"code_url": "weixin://wxpay/1"}))
    order = Order(
        appid=APPID,
        out_trade_no="P26112",
        description="d",
        total_fen=1,
        notify_url="https://m/n",
        attach="a",
        expires_at=NOW + timedelta(minutes=15),
    )
    assert pay.native_prepay(order) == "weixin://wxpay/1"
    assert json_of(transport.sent[0])["time_expire"] == "2026-11-21T20:15:00+08:00"
    assert json_of(transport.sent[0])["attach"] == "a"


@pytest.mark.parametrize(
    "changes",
    [
        {"out_trade_no": "short"},
        {"out_trade_no": "P-2611210000"},
        {"out_trade_no": "P" * 33},
        {"total_fen": 0},
        {"notify_url": "https://m.example.com/n?a=1"},
        {"notify_url": "https://m.example.com/" + "n" * 255},
        {"attach": "x" * 129},
    ],
)
def test_an_order_the_platform_would_refuse_is_not_sent(changes: dict[str, Any]) -> None:
    given: dict[str, Any] = {name: getattr(ORDER, name) for name in ORDER.__slots__}
    with pytest.raises(ValueError, match=r"out_trade_no|fen|notify_url|attach"):
        Order(**(given | changes))


def test_the_page_gets_a_signature_wechatpayv3_confirms(pay: PayClient) -> None:
    shown_to_page = pay.pay_sign(appid=APPID, prepay_id="wx1", timestamp=1414561699)
    message = "\n".join((APPID, "1414561699", shown_to_page["nonceStr"], "prepay_id=wx1")) + "\n"
    key("merchant").public_key().verify(
        b64decode(shown_to_page["paySign"]), message.encode(), PKCS1v15(), SHA256()
    )
    # The same four lines, as the library's own three-line check sees them.
    timestamp, nonce, body = f"{APPID}\n1414561699", shown_to_page["nonceStr"], "prepay_id=wx1"
    assert rsa_verify(
        timestamp, nonce, body, shown_to_page["paySign"], key("merchant").public_key()
    )
    assert shown_to_page["signType"] == "RSA"
    assert shown_to_page["package"] == "prepay_id=wx1"


def test_a_paid_order_is_read_as_a_notice_would_say_it(
    pay: PayClient, transport: ScriptedTransport
) -> None:
    path = "/v3/pay/transactions/out-trade-no/P2611210000000000001"
    transport.on(
        path,
        answer({**PAYMENT, "new_key": [1]}),
        answer({**PAYMENT, "trade_state": "REFUND"}),
        answer(
            {"mchid": MCHID, "out_trade_no": "P1", "trade_state": "NOTPAY", "amount": {"total": 1}}
        ),
        Response(404, {}, b'{"code": "ORDERNOTEXIST", "message": ""}'),
    )
    found = pay.query("P2611210000000000001")
    assert found is not None
    assert found.paid is not None
    assert (found.paid.total_fen, found.paid.transaction_id) == (9900, PAYMENT["transaction_id"])
    assert authorization(transport.sent[0])
    assert transport.sent[0].url.endswith(f"?mchid={MCHID}")
    refunded = pay.query("P2611210000000000001")
    assert refunded is not None
    assert refunded.paid is not None
    unpaid = pay.query("P2611210000000000001")
    assert unpaid is not None
    assert (unpaid.trade_state, unpaid.paid) == ("NOTPAY", None)
    assert pay.query("P2611210000000000001") is None


def test_closing_is_done_or_says_why_not(pay: PayClient, transport: ScriptedTransport) -> None:
    path = "/v3/pay/transactions/out-trade-no/P26112/close"
    transport.on(
        path,
        answer(b"", status=204),
        Response(400, {}, b'{"code": "ORDERPAID"}'),
        Response(429, {}, b'{"code": "FREQUENCY_LIMITED"}'),
        answer({"code": "USERPAYING"}, status=202),
    )
    pay.close("P26112")
    assert json_of(transport.sent[0]) == {"mchid": MCHID}
    codes = []
    for _ in range(3):
        with pytest.raises(PlatformError) as caught:
            pay.close("P26112")
        codes.append((caught.value.code, caught.value.permanent))
    assert codes == [("ORDER_PAID", True), ("FREQUENCY_LIMITED", False), ("USER_PAYING", False)]


def test_a_refund_is_asked_for_and_queried(pay: PayClient, transport: ScriptedTransport) -> None:
    processing = {
        **{
            name: value
            for name, value in REFUND.items()
            if name not in ("refund_status", "success_time")
        },
        "status": "PROCESSING",
        "amount": {**REFUND["amount"], "currency": "CNY"},
    }
    transport.on(REFUNDS, answer(processing))
    transport.on(
        f"{REFUNDS}/R1",
        answer({**processing, "status": "SUCCESS"}),
        Response(404, {}, b'{"code":"RESOURCE_NOT_EXISTS"}'),
    )
    asked = pay.refund(
        out_trade_no="P2611210000000000001",
        out_refund_no="R1",
        refund_fen=100,
        total_fen=9900,
        reason="退一件",
        notify_url="https://m.example.com/pay/refund",
    )
    assert (asked.status, asked.refund_fen, asked.success_at) == ("PROCESSING", 100, None)
    assert json_of(transport.sent[0])["amount"] == {"refund": 100, "total": 9900, "currency": "CNY"}
    known = pay.query_refund("R1")
    assert known is not None
    assert known.status == "SUCCESS"
    assert pay.query_refund("R1") is None
    for number, fen in (("", 1), ("R/1", 1), ("R1", 0), ("R1", 9901)):
        with pytest.raises(ValueError, match="refund"):
            pay.refund(out_trade_no="P", out_refund_no=number, refund_fen=fen, total_fen=9900)


SENT = b'{"status":"PROCESSING"}'


@pytest.mark.parametrize(
    ("response", "code", "permanent", "unknown"),
    [
        (Response(200, {}, SENT), "unverified_answer", False, True),
        (answer(SENT, signer="mallory"), "unverified_answer", False, True),
        (answer(SENT, at=NOW - timedelta(minutes=6)), "unverified_answer", False, True),
        (answer(b"<xml/>"), "unverified_answer", False, True),
        (answer(SENT), "unreadable_answer", False, True),
        (Response(500, {}, b'{"code":"SYSTEMERROR"}'), "SYSTEM_ERROR", False, True),
        (Response(500, {}, b"<html>"), "HTTP_500", False, True),
        (Response(502, {}, b""), "HTTP_502", False, True),
        (Response(503, {}, b'{"code":"SERVICE_UNAVAILABLE"}'), "SERVICE_UNAVAILABLE", False, False),
        (Response(500, {}, b'{"code":"OPENID_MISMATCH"}'), "OPENID_MISMATCH", True, False),
        (Response(403, {}, b'{"code":"NOTENOUGH"}'), "NOT_ENOUGH", False, False),
        (Response(429, {}, b'{"code":"RATELIMIT_EXCEEDED"}'), "FREQUENCY_LIMITED", False, False),
        (Response(400, {}, b'{"code":"PARAM_ERROR"}'), "PARAM_ERROR", True, False),
        (Response(401, {}, b'{"code":"SIGN_ERROR"}'), "SIGN_ERROR", False, False),
        (Response(418, {}, b'{"code":"NEW_ONE"}'), "NEW_ONE", True, False),
        (Response(302, {}, b""), "HTTP_302", True, False),
    ],
)
def test_when_money_may_have_moved_the_outcome_is_unknown(
    pay: PayClient,
    transport: ScriptedTransport,
    response: Response,
    code: str,
    permanent: bool,
    unknown: bool,
) -> None:
    transport.on(REFUNDS, response)
    with pytest.raises(PlatformError) as caught:
        pay.refund(out_trade_no="P", out_refund_no="R1", refund_fen=1, total_fen=1)
    error = caught.value
    assert (error.code, error.permanent, error.unknown) == (code, permanent, unknown)
    assert error.api == REFUNDS


def test_a_question_leaves_nothing_unknown(pay: PayClient, transport: ScriptedTransport) -> None:
    transport.on(f"{REFUNDS}/R1", Response(200, {}, SENT))
    with pytest.raises(PlatformError) as caught:
        pay.query_refund("R1")
    assert (caught.value.code, caught.value.unknown) == ("unverified_answer", False)


def test_an_answer_without_a_prepay_id_is_unreadable(
    pay: PayClient, transport: ScriptedTransport
) -> None:
    transport.on(JSAPI, answer({"prepay_id": ""}))
    with pytest.raises(PlatformError, match="unreadable_answer"):
        pay.jsapi_prepay(ORDER, openid="oBob")


@pytest.mark.parametrize("code", ["ORDERCLOSED", "ORDER_CLOSED", "order_closed"])
def test_both_spellings_of_a_code_mean_the_same(code: str) -> None:
    assert meaning(code, 400).code == "ORDER_CLOSED"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-372, "签名时间戳已过期 (our clock is 372 s ahead)"),
        (900, "签名时间戳已过期 (our clock is 900 s behind)"),
        (30, "签名时间戳已过期"),
        (None, "签名时间戳已过期"),
    ],
)
def test_a_refused_signature_is_tried_again_and_says_how_far_the_clocks_are_apart(
    pay: PayClient, transport: ScriptedTransport, seconds: int | None, said: str
) -> None:
    there = {"date": "soon"} if seconds is None else {"date": _http_date(seconds)}
    body = json.dumps({"code": "SIGN_ERROR", "message": "签名时间戳已过期"}).encode()
    transport.on(JSAPI, Response(401, there, body))
    with pytest.raises(PlatformError) as refusal:
        pay.jsapi_prepay(ORDER, openid="oBob")
    assert (refusal.value.code, refusal.value.message) == ("SIGN_ERROR", said)
    assert not refusal.value.permanent
    assert not refusal.value.unknown, "nothing was done"


def _http_date(seconds: int) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


def test_a_description_is_what_every_phone_can_show() -> None:
    assert shown("A😀B\x00C\ud800" + "中" * 200) == "ABC" + "中" * 124


def test_no_secret_reaches_an_error_a_log_or_a_repr(
    pay: PayClient, transport: ScriptedTransport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    transport.on(
        JSAPI, Response(401, {}, json.dumps({"code": "SIGN_ERROR", "message": "签名错误"}).encode())
    )
    with pytest.raises(PlatformError, match="签名错误") as caught:
        pay.jsapi_prepay(ORDER, openid="openid-canary")
    signature = transport.sent[0].headers["Authorization"]
    for told in (str(caught.value), repr(pay), repr(transport.sent), caplog.text):
        assert "canary" not in told
        assert signature not in told
