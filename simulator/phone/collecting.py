"""Taking a merchant transfer in a browser that has no WeChat bridge.

A page that would call `requestMerchantTransfer` goes to `/phone/collect` instead, with the same
arguments and `return`. It comes back with `wxpay=ok`, `cancel` or `fail` added, which proves
nothing: whether the money was taken, the merchant learns by notice and query.
"""

from dataclasses import replace

from flask import Blueprint, render_template, request

from simulator.acts.frame import Act, perform
from simulator.authorize import is_own_page
from simulator.errors import Refused
from simulator.pay.bill_text import yuan
from simulator.pay.transfers import waiting
from simulator.phone.holding import holder
from simulator.phone.paying import HOME, Sheet, words
from simulator.records import JSON
from simulator.world import World


def add_collecting(phone: Blueprint, world: World) -> None:
    """`/phone/collect`: look at the transfer, then take it."""

    @phone.get("/collect")
    def collect() -> str:
        return _page(_opened(world, dict(request.args)))

    @phone.post("/collect")
    def take() -> str:
        return _page(_taken(world, dict(request.form)))


def _page(sheet: Sheet) -> str:
    return render_template("phone/collect.html", sheet=sheet)


def _opened(world: World, arguments: JSON) -> Sheet:
    """The sheet for these arguments; a refusal is shown on it."""
    back = arguments.pop("return", "")
    with world.acting():
        person = holder(world)
        if person is None:
            return Sheet("", arguments, HOME, fault="请先选择谁在用手机，再回来收款")
        if back and not any(is_own_page(account, back) for account in world.accounts):
            return Sheet(person.name, arguments, HOME, fault="返回地址的域名与后台配置不一致")
        try:
            transfer = waiting(Act(world, person, arguments))
        except Refused as error:
            return Sheet(person.name, arguments, back or HOME, fault=words(error))
        return Sheet(
            person.name,
            arguments,
            back or HOME,
            amount=yuan(transfer.amount),
            description=str(transfer.request["transfer_remark"]),
            merchant=world.accounts.rows[transfer.appid].name or transfer.mchid,
        )


def _taken(world: World, arguments: JSON) -> Sheet:
    """Take it; the same checks apply as when the bridge asks."""
    with world.acting():
        sheet = _opened(world, dict(arguments))
        if sheet.fault:
            return sheet
        try:
            perform(world, "confirm_transfer", sheet.person, sheet.arguments)
        except Refused as error:
            return replace(sheet, fault=words(error))
        return replace(sheet, is_paid=True)
