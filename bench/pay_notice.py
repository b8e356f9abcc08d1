"""CPU of reading one payment notice, beside one bare RSA verification and wechatpayv3.

    python bench/pay_notice.py [rounds]

Prints process CPU time per notice and the medians of the per-round ratios (goals: at most 2.2
verifications, at most 0.85 of wechatpayv3, which checks less).
"""

import json
import statistics
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from wechatpayv3 import WeChatPay, WeChatPayType

from bench.goals import tell
from wechat.pay.merchant import Merchant
from wechat.pay.notices import notice
from wx_backend import clock

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MCHID, SERIAL, KEY_ID = (
    "1900000109",
    "1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C",
    "PUB_KEY_ID_0000000001",
)
APIV3_KEY = b"0123456789abcdef0123456789abcdef"
NOTICES = 300
VERIFY_GOAL, LIBRARY_GOAL = 2.2, 0.85

platform = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_PEM = platform.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
PRIVATE_PEM = platform.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
merchant = Merchant.load(
    mchid=MCHID,
    serial=SERIAL,
    private_key_pem=PRIVATE_PEM,
    apiv3_key=APIV3_KEY,
    public_keys={KEY_ID: PUBLIC_PEM},
)
library = WeChatPay(
    wechatpay_type=WeChatPayType.JSAPI,
    mchid=MCHID,
    private_key=PRIVATE_PEM.decode(),
    cert_serial_no=SERIAL,
    appid="wx1",
    apiv3_key=APIV3_KEY.decode(),
    public_key=PUBLIC_PEM.decode(),
    public_key_id=KEY_ID,
)

Signed = tuple[dict[str, str], bytes]


def section(folder: Path, *, more: str = "") -> str:
    """The configuration's part about WeChat Pay for these keys, which it writes into a folder."""
    (folder / "merchant.pem").write_bytes(PRIVATE_PEM)
    (folder / "platform.pem").write_bytes(PUBLIC_PEM)
    return f"""
[pay]
mchid = "{MCHID}"
serial = "{SERIAL}"
private_key_file = "{folder}/merchant.pem"
apiv3_key = "{APIV3_KEY.decode()}"
{more}

[[pay.platform_key]]
serial = "{KEY_ID}"
file = "{folder}/platform.pem"
"""


def notices() -> list[Signed]:
    """Signed and encrypted payment notices of the usual size, each different."""
    return [signed(_body(number)) for number in range(NOTICES)]


def _body(number: int, **told: object) -> bytes:
    content = {
        "mchid": MCHID,
        "appid": "wxd678efh567hg6787",
        "out_trade_no": f"P26112100000{number:08}",
        "transaction_id": f"42000020261121{number:014}",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "CMC",
        "attach": "",
        "success_time": "2026-11-21T20:00:00+08:00",
        "payer": {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {"total": 9900, "payer_total": 9900, "currency": "CNY", "payer_currency": "CNY"},
        **told,
    }
    plain = json.dumps(content, ensure_ascii=False).encode()
    sealed = AESGCM(APIV3_KEY).encrypt(b"fdasflkja484", plain, b"transaction")
    envelope = {
        "id": f"EV-{number:020}",
        "create_time": "2026-11-21T20:00:00+08:00",
        "resource_type": "encrypt-resource",
        "event_type": "TRANSACTION.SUCCESS",
        "summary": "支付成功",
        "resource": {
            "original_type": "transaction",
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(sealed).decode(),
            "associated_data": "transaction",
            "nonce": "fdasflkja484",
        },
    }
    return json.dumps(envelope, ensure_ascii=False).encode()


def signed_now(number: int, **told: object) -> Signed:
    """One notice as it would come at this moment; `told` is what it says otherwise than the usual one."""
    return signed(_body(number, **told), int(clock.now().timestamp()))


def signed(raw: bytes, at: int = int(NOW.timestamp())) -> Signed:
    """These bytes, and the headers under which the platform sends them."""
    timestamp, nonce = str(at), "EyNdTfJuIKsPZTgLMvWV7vTmyKpmFRjE"
    message = f"{timestamp}\n{nonce}\n".encode() + raw + b"\n"
    signature = platform.sign(message, padding.PKCS1v15(), SHA256())
    headers = {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": KEY_ID,
        "Wechatpay-Signature": b64encode(signature).decode(),
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
    }
    return headers, raw


def ours(signed: Signed) -> None:
    notice(merchant, signed[0], signed[1], now=NOW)


def librarys(signed: Signed) -> None:
    if not library.callback(signed[0], signed[1]):
        raise ValueError("the library refused a good notice")


def verification(prepared: tuple[bytes, bytes]) -> None:
    PUBLIC_KEY.verify(prepared[0], prepared[1], PADDING, HASH)


PUBLIC_KEY, PADDING, HASH = platform.public_key(), padding.PKCS1v15(), SHA256()


def prepared(signed: Signed) -> tuple[bytes, bytes]:
    headers, raw = signed
    message = f"{headers['Wechatpay-Timestamp']}\n{headers['Wechatpay-Nonce']}\n".encode()
    return b64decode(headers["Wechatpay-Signature"]), message + raw + b"\n"


def cpu_us(work: Callable[[Any], None], made: list[Any]) -> float:
    started = time.process_time()
    for each in made:
        work(each)
    return (time.process_time() - started) / len(made) * 1e6


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    made = notices()
    bare = [prepared(each) for each in made]
    cpu_us(ours, made), cpu_us(librarys, made), cpu_us(verification, bare)
    figures = [
        (cpu_us(ours, made), cpu_us(librarys, made), cpu_us(verification, bare))
        for _ in range(rounds)
    ]
    mine, theirs, floor = (statistics.median(column) for column in zip(*figures, strict=True))
    to_verify = [each[0] / each[2] for each in figures]
    to_library = [each[0] / each[1] for each in figures]
    print(f"notice {len(made[0][1])} bytes, {NOTICES} notices x {rounds} rounds, process CPU time")
    print(f"ours         {mine:7.1f} us")
    print(f"wechatpayv3  {theirs:7.1f} us")
    print(f"RSA verify   {floor:7.1f} us")
    tell("a pay notice: CPU against one RSA verification", to_verify, at_most=VERIFY_GOAL)
    tell("a pay notice: CPU against wechatpayv3", to_library, at_most=LIBRARY_GOAL)


if __name__ == "__main__":
    main()
