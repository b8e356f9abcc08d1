"""Shipping information: what a trade-managed mini-program uploads before it gets its money."""

import re

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.clock import MINUTE, from_rfc3339
from simulator.errors import ApiError
from simulator.pay_records import Payment
from simulator.records import JSON

_EXPRESS = 1
_UNIFIED, _SPLIT = 1, 2
_WAITING, _SHIPPED, _REFUNDED = 1, 2, 5
_MOST_PARCELS = 15
_FIELDS = (
    ("item_desc", 120, 10060008, 10060009),
    ("tracking_no", 128, 268485226, 10060026),
    ("express_company", 128, 268485227, 10060025),
)
"""Fields of a parcel (of what is not sent by express, the first): longest, and the refusals of none and of more."""
_MODES = ("logistics_type", "delivery_mode")
_PHONE = re.compile(r".*[0-9]{4}")


@endpoint("POST", "/wxa/sec/order/upload_shipping_info")
def upload(call: Call) -> Answer:
    payment = _payment(call, call.body.get("order_key"))
    if call.now - payment.paid_at < MINUTE:
        raise ApiError(10060001)
    if payment.refunded >= payment.total:
        raise ApiError(10060004)
    shipping = _checked(call, payment)
    earlier = payment.order.get("shipping")
    payment.order["shipping"] = _again(shipping, earlier) if earlier else shipping
    call.world.payments.save(payment)
    return OK


@endpoint("POST", "/wxa/sec/order/get_order")
def show(call: Call) -> Answer:
    payment = _payment(call, {"order_number_type": 2, **call.body})
    shipping = payment.order.get("shipping")
    state = _SHIPPED if shipping and shipping["finish_shipping"] else _WAITING
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
    """What is kept of an upload that keeps all the rules; raises ApiError."""
    body = call.body
    if body.get("logistics_type") not in (_EXPRESS, 2, 3, 4):
        raise ApiError(10060005)
    if body.get("delivery_mode") not in (_UNIFIED, _SPLIT):
        raise ApiError(268485224)
    if (body.get("payer") or {}).get("openid") != payment.payer_openid:
        raise ApiError(10060031)
    is_finished = _is_finished(body)
    _check_parcels(body)
    try:
        uploaded_at = from_rfc3339(str(body.get("upload_time")))
    except ValueError as error:
        raise ApiError(268485216) from error
    kept = {name: body[name] for name in (*_MODES, "shipping_list")}
    return {
        **kept,
        "finish_shipping": is_finished,
        "finish_shipping_count": int(is_finished),
        "is_again": False,
        "uploaded_at": uploaded_at,
    }


def _is_finished(body: JSON) -> bool:
    """Whether nothing is left to ship; raises ApiError."""
    if body["delivery_mode"] == _UNIFIED:
        return True
    if body["logistics_type"] != _EXPRESS:
        raise ApiError(10060006)
    if not isinstance(body.get("is_all_delivered"), bool):
        raise ApiError(10060007)
    return bool(body["is_all_delivered"])


def _check_parcels(body: JSON) -> None:
    """Raises ApiError for too few or too many of them, or one that is not well told."""
    parcels, is_unified = body.get("shipping_list"), body["delivery_mode"] == _UNIFIED
    if not isinstance(parcels, list) or not parcels:
        raise ApiError(268485228 if is_unified else 10060014)
    if is_unified and len(parcels) != 1:
        raise ApiError(268485228)
    if len(parcels) > _MOST_PARCELS:
        raise ApiError(10060024)
    for parcel in parcels:
        _check_parcel(parcel, is_express=body["logistics_type"] == _EXPRESS)


def _check_parcel(parcel: object, *, is_express: bool) -> None:
    """Raises ApiError for one entry of the list that lacks something, or has too much of it."""
    if not isinstance(parcel, dict):
        raise ApiError(10060014)
    for name, most, missing, too_long in _FIELDS if is_express else _FIELDS[:1]:
        value = str(parcel.get(name) or "")
        if not value:
            raise ApiError(missing)
        if len(value) > most:
            raise ApiError(too_long)
    if is_express and parcel["express_company"] == "SF" and not _has_contact(parcel):
        raise ApiError(10060014, "contact")


def _has_contact(parcel: JSON) -> bool:
    """Whether the phone of the receiver or the sender is told, masked but for the last four."""
    contact = parcel.get("contact")
    if not isinstance(contact, dict):
        return False
    numbers = (str(contact.get(f"{who}_contact") or "") for who in ("receiver", "consignor"))
    return any(map(_PHONE.fullmatch, numbers))


def _again(new: JSON, earlier: JSON) -> JSON:
    """More parcels of a split delivery that is under way, or the one correction of a finished one.

    Raises ApiError 10060023 or 10060003.
    """
    if new["shipping_list"] == earlier["shipping_list"]:
        raise ApiError(10060023)
    if new["uploaded_at"] <= earlier["uploaded_at"]:
        raise ApiError(268485216, "upload_time is not newer")
    count = earlier["finish_shipping_count"]
    is_going_on = count == 0 and all(new[each] == earlier[each] for each in _MODES)
    if is_going_on:
        known = {parcel.get("tracking_no") for parcel in new["shipping_list"]}
        before = [each for each in earlier["shipping_list"] if each.get("tracking_no") not in known]
        return {
            **new,
            "shipping_list": before + new["shipping_list"],
            "is_again": earlier["is_again"],
        }
    if earlier["is_again"]:
        raise ApiError(10060003)
    return {**new, "is_again": True, "finish_shipping_count": count + new["finish_shipping_count"]}
