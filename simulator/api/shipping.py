"""Shipping information: what a trade-managed mini-program uploads before it gets its money."""

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.clock import MINUTE, from_rfc3339
from simulator.errors import ApiError
from simulator.pay_records import Payment
from simulator.records import JSON

_EXPRESS = 1
_WAITING, _SHIPPED, _REFUNDED = 1, 2, 5
_MOST_PARCELS = 15


@endpoint("POST", "/wxa/sec/order/upload_shipping_info")
def upload(call: Call) -> Answer:
    payment = _payment(call, call.body.get("order_key"))
    if call.now - payment.paid_at < MINUTE:
        raise ApiError(10060001)
    if payment.refunded >= payment.total:
        raise ApiError(10060004)
    shipping = _checked(call, payment)
    earlier = payment.order.get("shipping")
    if earlier:
        shipping["uploads"] = _again(shipping, earlier)
    payment.order["shipping"] = shipping
    call.world.payments.save(payment)
    return OK


@endpoint("POST", "/wxa/sec/order/get_order")
def show(call: Call) -> Answer:
    payment = _payment(call, {"order_number_type": 2, **call.body})
    shipping = payment.order.get("shipping")
    state = _SHIPPED if shipping else _WAITING
    order = {
        "transaction_id": payment.transaction_id,
        "merchant_id": payment.mchid,
        "sub_merchant_id": "",
        "merchant_trade_no": payment.out_trade_no,
        "description": payment.order.get("description", ""),
        "paid_amount": payment.total,
        "openid": payment.payer_openid,
        "trade_create_time": int(payment.created_at),
        "pay_time": int(payment.paid_at),
        "order_state": _REFUNDED if payment.refunded >= payment.total else state,
        "in_complaint": False,
        "shipping": shipping or {},
    }
    return {**OK, "order": order}


@endpoint("POST", "/wxa/sec/order/is_trade_managed")
def is_trade_managed(call: Call) -> Answer:
    return {**OK, "is_trade_managed": call.account.is_trade_managed}


def _payment(call: Call, key: object) -> Payment:
    """The paid order a call names; raises ApiError(10060001)."""
    if not isinstance(key, dict):
        raise ApiError(40035, "order_key")
    transaction = call.world.transactions.find(str(key.get("transaction_id")))
    if transaction:
        found = call.world.payments.find(transaction.payment)
    else:
        mchid = str(key.get("mchid") or key.get("merchant_id"))
        number = str(key.get("out_trade_no") or key.get("merchant_trade_no"))
        found = call.world.payments.find(mchid, number)
    if found is None or not found.transaction_id or found.appid != call.account.appid:
        raise ApiError(10060001)
    return found


def _checked(call: Call, payment: Payment) -> JSON:
    body = call.body
    parcels = body.get("shipping_list")
    if body.get("logistics_type") not in (1, 2, 3, 4) or body.get("delivery_mode") not in (1, 2):
        raise ApiError(40035, "logistics_type or delivery_mode")
    if body["delivery_mode"] == 2 and body["logistics_type"] != _EXPRESS:
        raise ApiError(10060006)
    if not isinstance(parcels, list) or not 1 <= len(parcels) <= _MOST_PARCELS:
        raise ApiError(40035, "shipping_list")
    if (body.get("payer") or {}).get("openid") != payment.payer_openid:
        raise ApiError(40003)
    try:
        uploaded_at = from_rfc3339(str(body.get("upload_time")))
    except ValueError as error:
        raise ApiError(40035, "upload_time") from error
    kept = {name: body[name] for name in ("logistics_type", "delivery_mode", "shipping_list")}
    return {**kept, "uploaded_at": uploaded_at, "uploads": 1}


def _again(new: JSON, earlier: JSON) -> int:
    """A completed shipment may be corrected once; raises ApiError 10060023 or 10060003."""
    if new["shipping_list"] == earlier["shipping_list"]:
        raise ApiError(10060023)
    if earlier["uploads"] >= 2:
        raise ApiError(10060003)
    if new["uploaded_at"] <= earlier["uploaded_at"]:
        raise ApiError(40035, "upload_time is not newer")
    return int(earlier["uploads"]) + 1
