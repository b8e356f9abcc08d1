"""The pay sheet in a browser that has no WeChat bridge.

A page that would call the bridge goes to `/phone/pay` instead, with the bridge's arguments and
`return`, the address to come back to: an address of the account's own pages. It comes back with
`wxpay=ok`, `cancel` or `fail` added, which proves nothing, as what the bridge says proves nothing.
"""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from flask import Blueprint, render_template, request

from simulator.acts.frame import Act, perform
from simulator.authorize import is_own_page
from simulator.errors import Refused
from simulator.pay.bill_text import yuan
from simulator.pay.sheet import ordered
from simulator.phone.holding import holder
from simulator.records import JSON
from simulator.world import World

HOME = "/phone"


@dataclass(frozen=True)
class Sheet:
    """What the sheet shows, and where it leads."""

    person: str
    arguments: JSON
    back: str
    amount: str = ""
    description: str = ""
    merchant: str = ""
    fault: str = ""
    is_paid: bool = False

    def onward(self, outcome: str) -> str:
        """The way back with the outcome: `ok`, `cancel` or `fail`."""
        if self.back == HOME:
            return HOME
        parts = urlsplit(self.back)
        pairs = [(n, v) for n, v in parse_qsl(parts.query, keep_blank_values=True) if n != "wxpay"]
        return urlunsplit(parts._replace(query=urlencode([*pairs, ("wxpay", outcome)])))


def add_sheet(phone: Blueprint, world: World) -> None:
    """`/phone/pay`: look at the order, then confirm."""

    @phone.get("/pay")
    def sheet() -> str:
        return _page(_opened(world, dict(request.args)))

    @phone.post("/pay")
    def confirm() -> str:
        return _page(_confirmed(world, dict(request.form)))


def _page(sheet: Sheet) -> str:
    return render_template("phone/pay.html", sheet=sheet)


def _opened(world: World, arguments: JSON) -> Sheet:
    """The sheet for these arguments; a refusal is shown on it."""
    back = arguments.pop("return", "")
    with world.acting():
        person = holder(world)
        if person is None:
            return Sheet("", arguments, HOME, fault="请先选择谁在用手机，再回来支付")
        if back and not any(is_own_page(account, back) for account in world.accounts):
            return Sheet(person.name, arguments, HOME, fault="返回地址的域名与后台配置不一致")
        try:
            payment = ordered(Act(world, person, arguments))
        except Refused as error:
            return Sheet(person.name, arguments, back or HOME, fault=words(error))
        return Sheet(
            person.name,
            arguments,
            back or HOME,
            amount=yuan(payment.total),
            description=str(payment.order.get("description", "")),
            merchant=world.accounts.rows[payment.appid].name or payment.mchid,
        )


def _confirmed(world: World, arguments: JSON) -> Sheet:
    """Pay; the same checks apply as when the bridge asks."""
    with world.acting():
        sheet = _opened(world, dict(arguments))
        if sheet.fault:
            return sheet
        told = perform(world, "pay", sheet.person, sheet.arguments)
        fault = str(told.get("reason", ""))
        return replace(sheet, fault=fault, is_paid=not fault)


def words(error: Refused) -> str:
    """What a refusal says to a person."""
    text = str(error)
    return "支付参数不完整" if text.isascii() else text
