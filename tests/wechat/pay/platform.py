"""The other side of WeChat Pay for tests: its keys, its signatures, its notices."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from wechat.pay.merchant import Merchant
from wechat.transport import Response

MCHID, SERIAL, APPID = (
    "1900000109",
    "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
    "wx1234567890abcdef",
)
APIV3_KEY = b"apiv3-canary-apiv3-canary-123456"
KEY_ID = "PUB_KEY_ID_0119000001092026112100000001"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEADER_NAMES = ("Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature")


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """One key pair per name and test run."""
    assert name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(name: str) -> bytes:
    return key(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(name: str) -> bytes:
    return key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@cache
def certificate(name: str, days: int = 1825) -> tuple[str, bytes]:
    """A platform certificate as (serial, PEM), valid from a day before NOW."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sample")])
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key(name).public_key())
        .serial_number((0x5E << 152) | len(name))
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key(name), SHA256())
    )
    return f"{made.serial_number:040X}", made.public_bytes(Encoding.PEM)


def merchant(**changes: Any) -> Merchant:
    """A merchant in public-key mode; without changes always the same one, as in a process."""
    return Merchant.load(**(_given() | changes)) if changes else _merchant()


@cache
def _merchant() -> Merchant:
    return Merchant.load(**_given())


def _given() -> dict[str, Any]:
    return {
        "mchid": MCHID,
        "serial": SERIAL,
        "private_key_pem": private_pem("merchant"),
        "apiv3_key": APIV3_KEY,
        "public_keys": {KEY_ID: public_pem("platform")},
    }


def signed(
    raw: bytes,
    *,
    signer: str = "platform",
    serial: str = KEY_ID,
    at: datetime = NOW,
    nonce: str = "n1",
) -> dict[str, str]:
    """The headers of an answer or notice over these bytes."""
    timestamp = str(int(at.timestamp()))
    message = f"{timestamp}\n{nonce}\n".encode() + raw + b"\n"
    signature = b64encode(key(signer).sign(message, padding.PKCS1v15(), SHA256())).decode()
    values = (timestamp, nonce, serial, signature)
    return {
        **dict(zip(HEADER_NAMES, values, strict=True)),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }


def answer(body: Mapping[str, Any] | bytes = b"", status: int = 200, **options: Any) -> Response:
    """A signed answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name.lower(): value for name, value in signed(raw, **options).items()}
    return Response(status, headers, raw)


def sealed(
    content: Mapping[str, Any] | bytes,
    event_type: str,
    *,
    apiv3_key: bytes = APIV3_KEY,
    associated: str = "transaction",
    **resource: Any,
) -> bytes:
    """The raw body of a notice with this content encrypted."""
    plain = (
        content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
    )
    ciphertext = AESGCM(apiv3_key).encrypt(b"fdasflkja484", plain, associated.encode())
    envelope = {
        "id": "EV-2018022511223320873",
        "create_time": "2026-11-21T20:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": event_type,
        "summary": "支付成功",
        "resource": {
            "original_type": associated,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(ciphertext).decode(),
            "associated_data": associated,
            "nonce": "fdasflkja484",
            **resource,
        },
    }
    return json.dumps(envelope, ensure_ascii=False).encode()


PAYMENT: dict[str, Any] = {
    "appid": APPID,
    "mchid": MCHID,
    "out_trade_no": "P2611210000000000001",
    "transaction_id": "4200002026112100000000001",
    "trade_type": "JSAPI",
    "trade_state": "SUCCESS",
    "trade_state_desc": "支付成功",
    "bank_type": "OTHERS",
    "attach": "",
    "success_time": "2026-11-21T19:59:58+08:00",
    "payer": {"openid": "oBob"},
    "amount": {"total": 9900, "payer_total": 9000, "currency": "CNY", "payer_currency": "CNY"},
}
REFUND: dict[str, Any] = {
    "mchid": MCHID,
    "out_trade_no": "P2611210000000000001",
    "transaction_id": "4200002026112100000000001",
    "out_refund_no": "R1",
    "refund_id": "50000000382019052709732678859",
    "refund_status": "SUCCESS",
    "success_time": "2026-11-21T19:59:58+08:00",
    "user_received_account": "招商银行信用卡0403",
    "amount": {"total": 9900, "refund": 100, "payer_total": 9000, "payer_refund": 90},
}
TRANSFER: dict[str, Any] = {
    "mch_id": MCHID,
    "out_bill_no": "T1",
    "transfer_bill_no": "1330000071100999991182020050700019480001",
    "appid": APPID,
    "openid": "oAlice",
    "state": "SUCCESS",
    "transfer_amount": 2000,
    "create_time": "2026-11-21T19:00:00+08:00",
    "update_time": "2026-11-21T19:59:58+08:00",
}
