"""Merchant orders: prepay in four forms, query, close."""

import json
from collections.abc import Callable

from simulator.clock import DAY, MINUTE, from_rfc3339, rfc3339
from simulator.errors import PayError
from simulator.pay import params
from simulator.pay.gate import PayCall
from simulator.pay_records import Payment, Prepay
from simulator.records import JSON
from simulator.world import World

_NUMBER = r"[0-9A-Za-z_\-|*]{6,32}"
_DEFAULT_LIFE = 7 * DAY
_LONGEST_LIFE = 90 * DAY
LIVES = {"JSAPI": 7200, "NATIVE": 7200, "MWEB": 300, "APP": 7200}
STATE_WORDS = {
    "NOTPAY": "订单未支付",
    "SUCCESS": "支付成功",
    "REFUND": "订单发生过退款，退款详情请查询退款单",
    "CLOSED": "订单已关闭",
}


def prepay(call: PayCall, trade_type: str) -> JSON:
    """Create an order, or give a fresh way to pay the same one; raises PayError."""
    payment = _existing(call, trade_type) or _create(call, trade_type)
    prepay_id = call.world.chance(10, "0123456789") + call.world.chance(26, "0123456789abcdef")
    made = call.world.prepays.save(Prepay(f"wx{prepay_id}", payment.key, call.now))
    return _ANSWERS[trade_type](call.world, made)


def by_number(call: PayCall, number: str) -> Payment:
    """The merchant's order of this number; raises PayError ORDER_NOT_EXIST."""
    found = call.world.payments.find(call.merchant.mchid, number)
    if found is None:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return found


def by_transaction(call: PayCall, transaction_id: str) -> Payment:
    """The merchant's order that this transaction paid; raises PayError."""
    known = call.world.transactions.find(transaction_id)
    found = call.world.payments.find(known.payment) if known else None
    if found is None or found.mchid != call.merchant.mchid:
        raise PayError(404, "ORDER_NOT_EXIST", "订单不存在")
    return found


def query(call: PayCall, payment: Payment) -> JSON:
    """The order as the query answers it; `mchid` must be in the query string."""
    if call.query.get("mchid") != call.merchant.mchid:
        raise params.wrong("mchid", "与签名的商户号不一致")
    return shown(payment)


def close(call: PayCall, payment: Payment) -> None:
    """Close an unpaid order; raises PayError ORDERPAID or ORDER_CLOSED."""
    if "mchid" not in call.body:
        raise params.wrong("mchid", "必填")
    if payment.transaction_id:
        raise PayError(400, "ORDERPAID", "该订单已支付")
    if payment.state == "CLOSED":
        raise PayError(400, "ORDER_CLOSED", "订单已关闭")
    payment.state = "CLOSED"
    call.world.payments.save(payment)


def shown(payment: Payment) -> JSON:
    """An order as answers and notices show it; most of it only once it is paid."""
    base: JSON = {
        "appid": payment.appid,
        "mchid": payment.mchid,
        "out_trade_no": payment.out_trade_no,
        "trade_state": payment.state,
        "trade_state_desc": STATE_WORDS[payment.state],
    }
    if not payment.transaction_id:
        return base
    return base | {
        "transaction_id": payment.transaction_id,
        "trade_type": payment.trade_type,
        "bank_type": "OTHERS",
        "attach": payment.order.get("attach", ""),
        "success_time": rfc3339(payment.paid_at),
        "payer": {"openid": payment.payer_openid},
        "amount": {
            "total": payment.total,
            "payer_total": payment.total,
            "currency": payment.currency,
            "payer_currency": payment.currency,
        },
        "promotion_detail": [],
    }


def _existing(call: PayCall, trade_type: str) -> Payment | None:
    found = call.world.payments.find(call.merchant.mchid, str(call.body.get("out_trade_no")))
    if found is None:
        return None
    if found.transaction_id:
        raise PayError(400, "ORDERPAID", "该订单已支付")
    if found.state == "CLOSED":
        raise PayError(400, "ORDER_CLOSED", "订单已关闭")
    first = {name: value for name, value in found.order.items() if name != "shipping"}
    if found.trade_type != trade_type or _canonical(first) != _canonical(call.body):
        raise PayError(403, "OUT_TRADE_NO_USED", "商户订单号重复，且参数与首次下单不一致")
    return found


def _create(call: PayCall, trade_type: str) -> Payment:
    body, merchant = call.body, call.merchant
    if body.get("mchid") is None:
        raise params.wrong("mchid", "必填")
    appid = params.text(body, "appid", 32)
    if appid not in merchant.appids:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配")
    payment = Payment(
        mchid=merchant.mchid,
        out_trade_no=params.text(body, "out_trade_no", 32, pattern=_NUMBER),
        appid=appid,
        trade_type=trade_type,
        total=params.fen(body, "amount.total"),
        currency=params.currency(body),
        notify_url=params.notify_url(body, 255),
        order=body,
        created_at=call.now,
        expires_at=_expiry(call),
    )
    params.text(body, "description", 127)
    params.text(body, "attach", 128, optional=True)
    if trade_type == "JSAPI":
        _check_payer(call, appid)
    if trade_type == "MWEB":
        params.text(body, "scene_info.payer_client_ip", 45)
        params.text(body, "scene_info.h5_info.type", 32)
    return call.world.payments.save(payment)


def _check_payer(call: PayCall, appid: str) -> None:
    openid = params.text(call.body, "payer.openid", 128)
    if call.world.contacts.find(appid, openid):
        return
    if any(contact.openid == openid for contact in call.world.contacts):
        raise PayError(500, "OPENID_MISMATCH", "openid和appid不匹配")
    raise params.wrong("payer.openid", "无效的openid")


def _expiry(call: PayCall) -> float:
    text = params.text(call.body, "time_expire", 64, optional=True)
    if not text:
        return call.now + _DEFAULT_LIFE
    try:
        wanted = from_rfc3339(text)
    except ValueError as error:
        raise params.wrong("time_expire", "不是rfc3339格式") from error
    if wanted < call.now:
        raise params.wrong("time_expire", "早于当前时间")
    return min(max(wanted, call.now + MINUTE), call.now + _LONGEST_LIFE)


def _canonical(body: JSON) -> str:
    return json.dumps(body, sort_keys=True)


def _prepay_id(_world: World, made: Prepay) -> JSON:
    return {"prepay_id": made.prepay_id}


def _code_url(_world: World, made: Prepay) -> JSON:
    return {"code_url": f"weixin://wxpay/bizpayurl?pr={made.prepay_id}"}


def _h5_url(world: World, made: Prepay) -> JSON:
    path = "/cgi-bin/mmpayweb-bin/checkmweb?prepay_id="
    return {"h5_url": f"{world.base_url}{path}{made.prepay_id}"}


_ANSWERS: dict[str, Callable[[World, Prepay], JSON]] = {
    "JSAPI": _prepay_id,
    "APP": _prepay_id,
    "NATIVE": _code_url,
    "MWEB": _h5_url,
}
