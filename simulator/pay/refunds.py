"""Refunds: accepted at once, finished later, told by a notice."""

import json

from simulator.clock import DAY, rfc3339
from simulator.errors import PayError
from simulator.pay import ledger, orders, params
from simulator.pay.bill_text import yuan
from simulator.pay.gate import PayCall
from simulator.pay.notices import notify
from simulator.pay_records import Merchant, Payment, Refund
from simulator.records import JSON
from simulator.workings import Task
from simulator.world import World

_NUMBER = r"[0-9A-Za-z_\-|*@]{1,64}"
_MOST = 50
_OLDEST = 365 * DAY
_ACCOUNT = "支付用户零钱"


def create(call: PayCall) -> JSON:
    """Accept a refund; the same number and parameters again refund nothing more."""
    number = params.text(call.body, "out_refund_no", 64, pattern=_NUMBER)
    known = call.world.refunds.find(call.merchant.mchid, number)
    if known:
        if _canonical(known.request) != _canonical(call.body):
            raise PayError(400, "PARAM_ERROR", "商户退款单号已存在，且参数与原请求不一致")
        return shown(call.world, known)
    payment = _payment(call)
    amount = _amount(call, payment)
    refund = _accept(call, payment, number, amount)
    delay = call.merchant.refund_delay
    call.world.schedule("refund", f"refund/{refund.refund_id}", {"key": refund.key}, delay)
    return shown(call.world, refund)


def query(call: PayCall, number: str) -> JSON:
    found = call.world.refunds.find(call.merchant.mchid, number)
    if found is None:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    return shown(call.world, found)


def apply_abnormal(call: PayCall, refund_id: str) -> JSON:
    """Send an abnormal refund another way: to a card of the payer, or back to the merchant."""
    refund = next((r for r in call.world.refunds if r.refund_id == refund_id), None)
    number = params.text(call.body, "out_refund_no", 64, pattern=_NUMBER)
    if refund is None or (refund.mchid, refund.out_refund_no) != (call.merchant.mchid, number):
        raise PayError(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    if refund.status != "ABNORMAL":
        raise PayError(400, "INVALID_REQUEST", "退款单不是异常状态")
    way = params.text(call.body, "type", 32)
    if way not in ("USER_BANK_CARD", "MERCHANT_BANK_CARD"):
        raise params.wrong("type", "取值错误")
    if way == "USER_BANK_CARD":
        for name, length in (("bank_type", 32), ("bank_account", 1024), ("real_name", 1024)):
            params.text(call.body, name, length)
    refund.status = "PROCESSING"
    call.world.refunds.save(refund)
    payload = {"key": refund.key, "way": way}
    call.world.schedule("refund", f"refund/{refund_id}", payload, call.merchant.refund_delay)
    return shown(call.world, refund)


def finish(world: World, task: Task) -> None:
    """The money reaches the payer, or the refund ends as the merchant's knob says."""
    with world.acting():
        refund = world.refunds.find(task.payload["key"])
        if refund is None or refund.status != "PROCESSING":
            return
        merchant = world.merchants.rows[refund.mchid]
        payment = world.payments.rows[refund.payment]
        way = task.payload.get("way", "")
        refund.status = "SUCCESS" if way else merchant.refund_outcome
        if refund.status == "SUCCESS":
            refund.succeeded_at = world.now()
            _pay_back(world, payment, refund, to_merchant=way == "MERCHANT_BANK_CARD")
        elif refund.status == "CLOSED":
            _undo(world, merchant, payment, refund)
        world.refunds.save(refund)
        _tell(world, merchant, payment, refund)


def shown(world: World, refund: Refund) -> JSON:
    """A refund as the API answers it."""
    payment = world.payments.rows[refund.payment]
    answer: JSON = {
        "refund_id": refund.refund_id,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": payment.transaction_id,
        "out_trade_no": payment.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": _ACCOUNT,
        "create_time": rfc3339(refund.created_at),
        "status": refund.status,
        "funds_account": "AVAILABLE",
        "amount": {
            "total": payment.total,
            "refund": refund.amount,
            "payer_total": payment.total,
            "payer_refund": refund.amount,
            "settlement_refund": refund.amount,
            "settlement_total": payment.total,
            "discount_refund": 0,
            "currency": payment.currency,
        },
    }
    if refund.succeeded_at:
        answer["success_time"] = rfc3339(refund.succeeded_at)
    return answer


def _payment(call: PayCall) -> Payment:
    transaction_id = call.body.get("transaction_id")
    if transaction_id:
        payment = orders.by_transaction(call, str(transaction_id))
    else:
        payment = orders.by_number(call, params.text(call.body, "out_trade_no", 32))
    if not payment.transaction_id:
        raise PayError(400, "INVALID_REQUEST", "订单未支付，不能退款")
    return payment


def _amount(call: PayCall, payment: Payment) -> int:
    params.text(call.body, "reason", 80, optional=True)
    params.currency(call.body)
    amount = params.fen(call.body, "amount.refund")
    if params.fen(call.body, "amount.total") != payment.total:
        raise PayError(400, "INVALID_REQUEST", "订单金额或退款金额与之前请求不一致")
    if payment.refunded + amount > payment.total:
        raise PayError(400, "INVALID_REQUEST", "申请退款金额超过订单可退金额")
    return amount


def _accept(call: PayCall, payment: Payment, number: str, amount: int) -> Refund:
    """Take the money from the merchant, less the part of the fee that comes back."""
    fee = ledger.share_of_fee(call.merchant, payment.refunded, amount)
    _check_limits(call, payment, amount - fee)
    refund = Refund(
        mchid=call.merchant.mchid,
        out_refund_no=number,
        refund_id="503" + call.world.chance(25, "0123456789"),
        payment=payment.key,
        amount=amount,
        notify_url=params.notify_url(call.body, 256, optional=True),
        request=call.body,
        created_at=call.now,
        fee=fee,
    )
    remark = f"退款总金额{yuan(amount)}元;含手续费{yuan(fee)}元"
    numbers = (refund.refund_id, number)
    ledger.move(call.world, call.merchant, fee - amount, ledger.REFUND, numbers, remark)
    payment.refunded += amount
    payment.state = "REFUND"
    call.world.payments.save(payment)
    return call.world.refunds.save(refund)


def _check_limits(call: PayCall, payment: Payment, needed: int) -> None:
    earlier = [r for r in call.world.refunds if r.payment == payment.key]
    if len(earlier) >= _MOST:
        raise PayError(400, "INVALID_REQUEST", "退款次数超过限制")
    if call.now - payment.paid_at > _OLDEST:
        raise PayError(403, "RULE_LIMIT", "订单已超过可退款的最大期限")
    latest = max((r.created_at for r in earlier), default=0.0)
    if call.now - latest < call.merchant.refund_spacing:
        raise PayError(429, "FREQUENCY_LIMITED", "同一订单的退款间隔须不少于1分钟")
    if call.merchant.balance_fen < needed:
        raise PayError(403, "NOT_ENOUGH", "基本账户余额不足，请充值后重新发起")


def _pay_back(world: World, payment: Payment, refund: Refund, *, to_merchant: bool = False) -> None:
    contact = world.contacts.rows[f"{payment.appid}/{payment.payer_openid}"]
    person = world.people.rows[contact.person]
    if not to_merchant:
        person.balance_fen += refund.amount
        world.people.save(person)
    world.witness(
        "refund",
        mchid=refund.mchid,
        out_refund_no=refund.out_refund_no,
        refund_id=refund.refund_id,
        out_trade_no=payment.out_trade_no,
        transaction_id=payment.transaction_id,
        person="" if to_merchant else person.name,
        amount_fen=refund.amount,
    )


def _undo(world: World, merchant: Merchant, payment: Payment, refund: Refund) -> None:
    numbers = (refund.refund_id, refund.out_refund_no)
    given_back = refund.amount - refund.fee
    ledger.move(world, merchant, given_back, ledger.REFUND_FAILED, numbers, "退款关闭")
    payment.refunded -= refund.amount
    world.payments.save(payment)


def _tell(world: World, merchant: Merchant, payment: Payment, refund: Refund) -> None:
    plain: JSON = {
        "mchid": refund.mchid,
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "out_refund_no": refund.out_refund_no,
        "refund_id": refund.refund_id,
        "refund_status": refund.status,
        "user_received_account": _ACCOUNT,
        "amount": {
            "total": payment.total,
            "refund": refund.amount,
            "payer_total": payment.total,
            "payer_refund": refund.amount,
        },
    }
    if refund.succeeded_at:
        plain["success_time"] = rfc3339(refund.succeeded_at)
    url = refund.notify_url
    notify(world, merchant, url, f"REFUND.{refund.status}", "退款结果", plain)


def _canonical(body: JSON) -> str:
    return json.dumps(body, sort_keys=True)
