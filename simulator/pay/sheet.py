"""The pay sheet: a person confirms, and money moves if the merchant's call was right in every point."""

from urllib.parse import parse_qs, urlsplit

from simulator import paykeys
from simulator.acts.frame import Act, act
from simulator.api.customer_service import open_window
from simulator.clock import shanghai_day
from simulator.errors import Refused
from simulator.pay import ledger
from simulator.pay.bill_text import yuan
from simulator.pay.notices import notify
from simulator.pay.orders import LIVES, shown
from simulator.pay_records import Merchant, Payment, Prepay, Transaction
from simulator.records import JSON, Contact, Person
from simulator.world import World

_SIGNED = ("appId", "timeStamp", "nonceStr", "package")


@act("pay")
def pay(act: Act) -> JSON:
    """Pay by the arguments of `WeixinJSBridge`/`wx.requestPayment`, a `code_url` or an `h5_url`.

    Answers `err_msg` as the bridge does; a refusal also says why in `reason`.
    """
    try:
        payment = ordered(act)
        _settle(act, payment)
    except Refused as error:
        return {"err_msg": "get_brand_wcpay_request:fail", "reason": str(error)}
    return {
        "err_msg": "get_brand_wcpay_request:ok",
        "out_trade_no": payment.out_trade_no,
        "transaction_id": payment.transaction_id,
        "amount_fen": payment.total,
    }


def ordered(act: Act) -> Payment:
    """The order behind what the page handed over, if this person may pay it now; raises Refused."""
    link = act.arguments.get("code_url") or act.arguments.get("h5_url")
    prepay_id = _linked(str(link)) if link else _bridged(act)
    made = act.world.prepays.find(prepay_id)
    if made is None:
        raise Refused("prepay_id 无效")
    payment = act.world.payments.rows[made.payment]
    if not link:
        _check_signature(act, payment)
    _check_state(act.world, payment, made)
    expected = payment.order.get("payer", {}).get("openid")
    actual = act.world.openid(payment.appid, act.person.name)
    if payment.trade_type == "JSAPI" and expected != actual:
        raise Refused("下单账号与支付账号不一致")
    return payment


def _linked(link: str) -> str:
    found = parse_qs(urlsplit(link).query)
    return (found.get("pr") or found.get("prepay_id") or [""])[0]


def _bridged(act: Act) -> str:
    if act.arguments.get("signType") != "RSA":
        raise Refused("signType 不正确")
    return act.text("package").removeprefix("prepay_id=")


def _check_signature(act: Act, payment: Payment) -> None:
    """The merchant must have signed exactly what the page hands over."""
    values = [act.text(name) for name in _SIGNED]
    if not values[3].startswith("prepay_id=") or values[0] != payment.appid:
        raise Refused("package 或 appId 不正确")
    merchant = act.world.merchants.rows[payment.mchid]
    message = "".join(f"{value}\n" for value in values).encode()
    if not paykeys.is_signed(merchant.public_key, message, act.text("paySign")):
        raise Refused("支付验证签名失败")


def _check_state(world: World, payment: Payment, made: Prepay) -> None:
    if payment.transaction_id:
        raise Refused("该订单已支付")
    if payment.state == "CLOSED":
        raise Refused("该订单已关闭")
    if world.now() - made.created_at > LIVES[payment.trade_type]:
        raise Refused("支付会话已失效，请重新下单")
    if world.now() >= payment.expires_at:
        raise Refused("订单已过期")


def _settle(act: Act, payment: Payment) -> None:
    world, person = act.world, act.person
    if person.balance_fen < payment.total:
        raise Refused("零钱余额不足")
    contact = world.contact(payment.appid, person.name)
    merchant = world.merchants.rows[payment.mchid]
    _move_money(world, person, merchant, payment)
    _mark_paid(world, payment, contact)
    open_window(world, contact, "payment")
    plain = shown(payment)
    notify(world, merchant, payment.notify_url, "TRANSACTION.SUCCESS", "支付成功", plain)


def _move_money(world: World, person: Person, merchant: Merchant, payment: Payment) -> None:
    day = shanghai_day(world.now()).replace("-", "")
    payment.transaction_id = f"42000{day}{world.serial('transaction'):015d}"
    person.balance_fen -= payment.total
    world.people.save(person)
    payment.fee = ledger.fee_of(merchant, payment.total)
    numbers = (payment.transaction_id, payment.out_trade_no)
    remark = f"结算总金额{yuan(payment.total)}元;含手续费{yuan(payment.fee)}元"
    ledger.move(world, merchant, payment.total, ledger.TRADE, numbers, remark)
    if payment.fee:
        ledger.move(world, merchant, -payment.fee, ledger.FEE, numbers, remark)


def _mark_paid(world: World, payment: Payment, contact: Contact) -> None:
    payment.state = "SUCCESS"
    payment.paid_at = world.now()
    payment.payer_openid = contact.openid
    world.payments.save(payment)
    world.transactions.save(Transaction(payment.transaction_id, payment.key))
    world.witness(
        "payment",
        mchid=payment.mchid,
        appid=payment.appid,
        out_trade_no=payment.out_trade_no,
        transaction_id=payment.transaction_id,
        person=contact.person,
        openid=contact.openid,
        amount_fen=payment.total,
    )
