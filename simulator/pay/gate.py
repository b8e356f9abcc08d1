"""The gate of WeChat Pay: who asks, and that the request is exactly what he signed."""

import json
import re
from dataclasses import dataclass
from typing import Any

from flask import Request

from simulator import paykeys
from simulator.clock import MINUTE
from simulator.errors import PayError
from simulator.pay_records import Merchant
from simulator.records import JSON
from simulator.world import World

SCHEME = "WECHATPAY2-SHA256-RSA2048"
_PAIR = re.compile(r'([a-z_]+)="([^"]*)"')
_NAMES = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
_WINDOW = 5 * MINUTE


@dataclass
class PayCall:
    """An authenticated request of a merchant."""

    world: World
    merchant: Merchant
    query: dict[str, str]
    body: JSON
    answer_serial: str = ""

    @property
    def now(self) -> float:
        return self.world.now()


def admit(world: World, request: Request) -> PayCall:
    """Check headers, signature, clock and body; raises PayError."""
    raw = request.get_data()
    _check_headers(request)
    merchant = _signer(world, request, raw)
    serial = request.headers.get("Wechatpay-Serial", "")
    if serial and serial not in serials(merchant):
        raise PayError(400, "PARAM_ERROR", "Wechatpay-Serial 错误")
    body = _body(raw) if request.method == "POST" else {}
    if body.get("mchid", merchant.mchid) != merchant.mchid:
        raise PayError(400, "PARAM_ERROR", "商户号与签名的商户号不一致")
    return PayCall(world, merchant, dict(request.args), body, serial)


def serials(merchant: Merchant) -> list[str]:
    """What the platform may sign with for this merchant; the first is used when none is asked."""
    held = []
    if merchant.has_certificate:
        held.append(merchant.certificate_serial)
    held.append(merchant.platform_public_key_id)
    return held


def private_key(merchant: Merchant, serial: str) -> str:
    """The platform's private key under this serial."""
    if serial == merchant.certificate_serial:
        return merchant.certificate_private_key
    return merchant.platform_private_key


def _check_headers(request: Request) -> None:
    if "application/json" not in request.headers.get("Accept", "") and "*/*" not in (
        request.headers.get("Accept", "")
    ):
        raise PayError(406, "PARAM_ERROR", "Http头缺少Accept或者格式错误")
    if not request.headers.get("User-Agent"):
        raise PayError(403, "PARAM_ERROR", "Http头缺少User-Agent")
    if request.method == "POST" and request.mimetype != "application/json":
        raise PayError(415, "PARAM_ERROR", "Content-Type 必须为 application/json")


def _signer(world: World, request: Request, raw: bytes) -> Merchant:
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    parts = dict(_PAIR.findall(rest))
    if scheme != SCHEME or set(parts) != _NAMES or len(_PAIR.findall(rest)) != len(_NAMES):
        raise PayError(
            401, "SIGN_ERROR", "Http头Authorization值格式错误，请参考《微信支付签名规则》"
        )
    merchant = world.merchants.find(parts["mchid"])
    if merchant is None:
        raise PayError(401, "SIGN_ERROR", "商户号错误")
    if merchant.serial.upper() != parts["serial_no"].upper():
        raise PayError(401, "SIGN_ERROR", "商户证书序列号有误")
    timestamp = parts["timestamp"]
    if not timestamp.isdecimal() or abs(int(timestamp) - world.now()) > _WINDOW:
        raise PayError(401, "SIGN_ERROR", "签名时间戳已过期")
    if not 1 <= len(parts["nonce_str"]) <= 32:
        raise PayError(401, "SIGN_ERROR", "nonce_str 长度错误")
    target = str(request.environ["REQUEST_URI"])
    lines = (request.method, target, timestamp, parts["nonce_str"])
    message = "".join(f"{line}\n" for line in lines).encode() + raw + b"\n"
    if not paykeys.is_signed(merchant.public_key, message, parts["signature"]):
        raise PayError(401, "SIGN_ERROR", "签名错误，请检查后再试")
    return merchant


def _body(raw: bytes) -> JSON:
    """The JSON object of a POST: no null, no 4-byte characters."""
    try:
        body = json.loads(raw.decode()) if raw else {}
    except ValueError as error:
        raise PayError(400, "PARAM_ERROR", "请求体不是合法的JSON") from error
    if not isinstance(body, dict):
        raise PayError(400, "PARAM_ERROR", "请求体不是JSON对象")
    if _has_null(body):
        raise PayError(400, "PARAM_ERROR", "参数不能为null")
    if any(ord(one) > 0xFFFF for one in json.dumps(body, ensure_ascii=False)):
        raise PayError(400, "PARAM_ERROR", "参数含有不支持的字符")
    return body


def _has_null(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_has_null(one) for one in value.values())
    if isinstance(value, list):
        return any(_has_null(one) for one in value)
    return value is None
