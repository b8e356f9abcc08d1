"""A notice counts when the platform signed it, we can read it, and it says one thing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.wechat.pay.platform import (
    APIV3_KEY,
    APPID,
    HEADER_NAMES,
    KEY_ID,
    MCHID,
    NOW,
    PAYMENT,
    REFUND,
    SERIAL,
    TRANSFER,
    certificate,
    key,
    merchant,
    private_pem,
    public_pem,
    sealed,
    signed,
)
from wechat import codec
from wechat.pay.merchant import Merchant, NotAuthentic, PlatformKey, Reason, Undecryptable
from wechat.pay.notices import OtherNotice, PaymentNotice, RefundNotice, TransferNotice, notice
from wx_backend.strict import Malformed

PAID = sealed(PAYMENT, "TRANSACTION.SUCCESS")


def read(raw: bytes, *, by: Merchant | None = None, **options: Any) -> Any:
    return notice(by or merchant(), signed(raw, **options), raw, now=NOW)


def refused(headers: dict[str, str], raw: bytes = PAID, by: Merchant | None = None) -> Reason:
    with pytest.raises(NotAuthentic) as caught:
        notice(by or merchant(), headers, raw, now=NOW)
    assert str(caught.value) == "not authentic"
    assert isinstance(caught.value, codec.NotAuthentic)
    return caught.value.reason


def test_a_payment_notice_says_what_was_paid() -> None:
    told = read(PAID)
    assert isinstance(told, PaymentNotice)
    assert (told.notice_id, told.event_type) == ("EV-2018022511223320873", "TRANSACTION.SUCCESS")
    assert told.created_at == NOW
    paid = told.paid
    assert (paid.mchid, paid.appid, paid.openid) == (MCHID, APPID, "oBob")
    assert (paid.total_fen, paid.payer_total_fen, paid.currency) == (9900, 9000, "CNY")
    assert paid.success_at == datetime(2026, 11, 21, 11, 59, 58, tzinfo=UTC)


@pytest.mark.parametrize("fen", [0, 10**12, 2**53 - 1, 2**53 + 1, 2**63 - 1])
def test_an_amount_is_read_to_the_fen_however_large(fen: int) -> None:
    """Beyond 2**53 a float holds every second number only."""
    told = read(sealed(paying(fen), "TRANSACTION.SUCCESS"))
    assert isinstance(told, PaymentNotice)
    assert told.paid.total_fen == fen


@pytest.mark.parametrize("fen", [2**63, 10**40, -1, 9900.0, 99.5, "9900", True, None])
def test_what_is_no_whole_number_of_fen_is_refused(fen: object) -> None:
    with pytest.raises(Malformed):
        read(sealed(paying(fen), "TRANSACTION.SUCCESS"))


def paying(fen: object) -> dict[str, object]:
    """A payment of so much."""
    return {**PAYMENT, "amount": {"total": fen, "payer_total": 9000, "currency": "CNY"}}


@pytest.mark.parametrize("status", ["SUCCESS", "CLOSED", "ABNORMAL"])
def test_a_refund_notice_says_what_became_of_it(status: str) -> None:
    told = read(
        sealed({**REFUND, "refund_status": status}, f"REFUND.{status}", associated="refund")
    )
    assert isinstance(told, RefundNotice)
    assert (told.mchid, told.refund.status, told.refund.refund_fen) == (MCHID, status, 100)
    assert "0403" not in repr(told)


def test_a_transfer_notice_has_a_final_state() -> None:
    told = read(sealed(TRANSFER, "MCHTRANSFER.BILL.FINISHED", associated="mch_payment"))
    assert isinstance(told, TransferNotice)
    assert (told.transfer.out_bill_no, told.transfer.transfer_fen) == ("T1", 2000)
    with pytest.raises(Malformed):
        read(sealed({**TRANSFER, "state": "WAIT_USER_CONFIRM"}, "MCHTRANSFER.BILL.FINISHED"))


def test_a_type_nobody_told_us_about_is_kept() -> None:
    told = read(sealed({"a": 1}, "COUPON.USE"))
    assert isinstance(told, OtherNotice)
    assert told.content == {"a": 1}


def test_header_names_may_come_in_any_case() -> None:
    lower = {name.lower(): value for name, value in signed(PAID).items()}
    del lower["wechatpay-signature-type"]
    assert isinstance(notice(merchant(), lower, PAID, now=NOW), PaymentNotice)


@pytest.mark.parametrize("name", HEADER_NAMES)
def test_a_missing_header_is_refused(name: str) -> None:
    headers = signed(PAID)
    assert refused({**headers, name: ""}) is Reason.header
    del headers[name]
    assert refused(headers) is Reason.header


def test_every_other_signature_is_refused() -> None:
    good = signed(PAID)
    signature = good["Wechatpay-Signature"]
    for wrong in ("x", "é", f"{signature}=", f"{signature},{signature}", signature[:-4], "A" * 344):
        assert refused({**good, "Wechatpay-Signature": wrong}) is Reason.signature
    assert refused(signed(PAID, signer="mallory")) is Reason.signature
    assert refused(signed(PAID, signer="merchant")) is Reason.signature
    assert refused({**good, "Wechatpay-Signature-Type": "HMAC-SHA256"}) is Reason.header
    assert refused({**good, "Wechatpay-Nonce": "\ud800"}) is Reason.signature


def test_any_change_of_the_raw_bytes_is_refused() -> None:
    good = signed(PAID)
    respelled = json.dumps(json.loads(PAID)).encode()
    for raw in (PAID + b" ", PAID.replace(b": ", b":"), respelled, b"", PAID[:-1]):
        assert refused(good, raw) is Reason.signature


def test_a_probe_is_refused_like_any_wrong_signature_and_counted_apart() -> None:
    good = signed(PAID)
    probe = "WECHATPAY/SIGNTEST/" + good["Wechatpay-Signature"][19:]
    assert refused({**good, "Wechatpay-Signature": probe}) is Reason.probe
    assert isinstance(notice(merchant(), good, PAID, now=NOW), PaymentNotice)


@pytest.mark.parametrize("serial", ["", "0" * 40, SERIAL, "PUB_KEY_ID_0", KEY_ID.lower()])
def test_a_key_outside_the_closed_set_is_refused(serial: str) -> None:
    reason = refused({**signed(PAID), "Wechatpay-Serial": serial})
    assert reason is (Reason.serial if serial else Reason.header)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 300])
def test_five_minutes_either_way_are_accepted(seconds: int) -> None:
    assert read(PAID, at=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, -31_536_000])
def test_an_old_or_future_notice_is_refused_though_signed(seconds: int) -> None:
    assert refused(signed(PAID, at=NOW + timedelta(seconds=seconds))) is Reason.stale


@pytest.mark.parametrize("timestamp", ["-1", "1.0", "１７", "x", "9" * 30])
def test_a_timestamp_that_is_no_number_is_refused(timestamp: str) -> None:
    assert refused({**signed(PAID), "Wechatpay-Timestamp": timestamp}) is Reason.header


def test_both_kinds_of_keys_are_accepted_while_the_switch_is_under_way() -> None:
    serial, pem = certificate("old platform")
    both = merchant(certificates=[pem])
    assert isinstance(read(PAID, by=both), PaymentNotice)
    assert isinstance(read(PAID, by=both, signer="old platform", serial=serial), PaymentNotice)
    assert refused(signed(PAID, signer="old platform"), by=both) is Reason.signature
    assert refused(signed(PAID, serial=serial), by=both) is Reason.signature
    assert both.public_key_id == KEY_ID
    assert merchant(public_keys=None, certificates=[pem]).public_key_id is None


def test_a_lapsed_certificate_is_refused() -> None:
    serial, pem = certificate("lapsed platform", days=1)
    old = merchant(certificates=[pem])
    later = NOW + timedelta(days=2)
    headers = signed(PAID, signer="lapsed platform", serial=serial, at=later)
    with pytest.raises(NotAuthentic) as caught:
        notice(old, headers, PAID, now=later)
    assert caught.value.reason is Reason.serial
    early = PlatformKey(key("platform").public_key(), valid_from=later)
    assert not early.holds_at(NOW)


CONTRADICTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "not paid": ({**PAYMENT, "trade_state": "NOTPAY"}, "TRANSACTION.SUCCESS"),
    "another type": (PAYMENT, "TRANSACTION.CLOSED"),
    "a payment as a refund": (PAYMENT, "REFUND.SUCCESS"),
    "a refund as a payment": (REFUND, "TRANSACTION.SUCCESS"),
    "another refund status": (REFUND, "REFUND.CLOSED"),
    "no merchant": ({**REFUND, "mchid": None}, "REFUND.SUCCESS"),
    "amount as text": (
        {**PAYMENT, "amount": {"total": "9900", "currency": "CNY"}},
        "TRANSACTION.SUCCESS",
    ),
    "amount as float": (
        {**PAYMENT, "amount": {"total": 99.0, "currency": "CNY"}},
        "TRANSACTION.SUCCESS",
    ),
    "amount as bool": (
        {**PAYMENT, "amount": {"total": True, "currency": "CNY"}},
        "TRANSACTION.SUCCESS",
    ),
    "negative amount": (
        {**PAYMENT, "amount": {"total": -1, "currency": "CNY"}},
        "TRANSACTION.SUCCESS",
    ),
    "no currency": ({**PAYMENT, "amount": {"total": 9900}}, "TRANSACTION.SUCCESS"),
    "no amount": ({**PAYMENT, "amount": None}, "TRANSACTION.SUCCESS"),
    "time without offset": (
        {**PAYMENT, "success_time": "2026-11-21T19:59:58"},
        "TRANSACTION.SUCCESS",
    ),
    "number as number": ({**PAYMENT, "transaction_id": 42}, "TRANSACTION.SUCCESS"),
}


@pytest.mark.parametrize(
    ("content", "event_type"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys()
)
def test_a_signed_notice_that_contradicts_itself_is_malformed(
    content: dict[str, Any], event_type: str
) -> None:
    with pytest.raises(Malformed) as caught:
        read(sealed(content, event_type))
    assert not isinstance(caught.value, Undecryptable)


DOUBLED = json.dumps(PAYMENT)[:-1].encode() + b', "mchid": "1900000109"}'


@pytest.mark.parametrize(
    "raw",
    [
        b"<xml><return_code>SUCCESS</return_code></xml>",
        b"[]",
        b"{}",
        json.dumps({**json.loads(PAID), "resource": "x"}).encode(),
        json.dumps({**json.loads(PAID), "resource_type": "plain"}).encode(),
        json.dumps({**json.loads(PAID), "id": 7}).encode(),
        PAID[:-1] + b', "id": "EV-2"}',
        sealed(PAYMENT, "TRANSACTION.SUCCESS", algorithm="AEAD_AES_128_GCM"),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", algorithm="AEAD_SM4_GCM"),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", nonce="short"),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", nonce=None),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", associated_data=7),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", ciphertext="é"),
        sealed(PAYMENT, "TRANSACTION.SUCCESS", ciphertext="AAAA"),
        sealed(DOUBLED, "TRANSACTION.SUCCESS"),
        sealed(b"[]", "TRANSACTION.SUCCESS"),
        sealed(b"<xml/>", "TRANSACTION.SUCCESS"),
    ],
)
def test_a_signed_body_of_another_shape_is_malformed(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw)


def test_a_notice_under_another_apiv3_key_is_our_own_fault() -> None:
    with pytest.raises(Undecryptable):
        read(sealed(PAYMENT, "TRANSACTION.SUCCESS", apiv3_key=b"x" * 32))
    with pytest.raises(Undecryptable):
        read(sealed(PAYMENT, "TRANSACTION.SUCCESS", associated_data="other"))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200))
def test_no_signed_rubbish_raises_anything_but_malformed(rubbish: bytes) -> None:
    for raw in (rubbish, sealed(rubbish, "TRANSACTION.SUCCESS")):
        with pytest.raises(Malformed):
            read(raw)


def wechatpayv3_client() -> WeChatPay:
    return WeChatPay(
        wechatpay_type=WeChatPayType.JSAPI,
        mchid=MCHID,
        private_key=private_pem("merchant").decode(),
        cert_serial_no=SERIAL,
        appid=APPID,
        apiv3_key=APIV3_KEY.decode(),
        public_key=public_pem("platform").decode(),
        public_key_id=KEY_ID,
    )


def test_wechatpayv3_reads_the_same_from_the_same_notice() -> None:
    theirs = wechatpayv3_client().callback(signed(PAID), PAID)
    assert theirs["resource"] == PAYMENT
    told = read(PAID)
    assert told.paid.out_trade_no == theirs["resource"]["out_trade_no"]
    assert told.paid.total_fen == theirs["resource"]["amount"]["total"]
    assert wechatpayv3_client().callback(signed(PAID, signer="mallory"), PAID) is None


BAD_CREDENTIALS: dict[str, dict[str, Any]] = {
    "no platform key": {"public_keys": {}},
    "private key as rubbish": {"private_key_pem": b"canary"},
    "public key for the private one": {"private_key_pem": public_pem("platform")},
    "short APIv3 key": {"apiv3_key": b"canary"},
    "no number": {"mchid": ""},
    "no serial": {"serial": ""},
    "public key as rubbish": {"public_keys": {KEY_ID: b"canary"}},
    "public key without its id": {"public_keys": {"0" * 40: public_pem("platform")}},
    "certificate as rubbish": {"certificates": [b"canary"]},
}


@pytest.mark.parametrize("changes", BAD_CREDENTIALS.values(), ids=BAD_CREDENTIALS.keys())
def test_wrong_credentials_stop_the_start_and_are_not_shown(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"merchant|APIv3|platform") as caught:
        merchant(**changes)
    assert "canary" not in str(caught.value)


def test_credentials_are_not_printed() -> None:
    shown = repr(merchant())
    assert "canary" not in shown
    assert "PRIVATE" not in shown
    assert MCHID in shown
