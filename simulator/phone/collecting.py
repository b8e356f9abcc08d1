"""Taking a merchant transfer in a browser that has no WeChat bridge: the sheet at `/phone/collect`.

A page that would call `requestMerchantTransfer` goes there. Whether the money was taken, the
merchant learns by notice and query.
"""

from dataclasses import replace

from flask import Blueprint, render_template, request

from simulator.acts.frame import Act, perform
from simulator.errors import Refused
from simulator.pay.bill_text import yuan
from simulator.pay.transfers import waiting
from simulator.phone.sheets import Matter, Sheet, opened, words
from simulator.records import JSON
from simulator.world import World


def add_collecting(phone: Blueprint, world: World) -> None:
    """`/phone/collect`: look at the transfer, then take it."""

    @phone.get("/collect")
    def collect() -> str:
        return _page(opened(world, dict(request.args), _transfer))

    @phone.post("/collect")
    def take() -> str:
        return _page(_taken(world, dict(request.form)))


def _page(sheet: Sheet) -> str:
    return render_template("phone/collect.html", sheet=sheet)


def _transfer(act: Act) -> Matter:
    transfer = waiting(act)
    return Matter(
        amount=yuan(transfer.amount),
        description=str(transfer.request["transfer_remark"]),
        merchant=act.world.accounts.rows[transfer.appid].name or transfer.mchid,
    )


def _taken(world: World, arguments: JSON) -> Sheet:
    """Take it; the same checks apply as when the bridge asks."""
    with world.acting():
        sheet = opened(world, arguments, _transfer)
        if sheet.fault:
            return sheet
        try:
            perform(world, "confirm_transfer", sheet.person, sheet.arguments)
        except Refused as error:
            return replace(sheet, fault=words(error))
        return replace(sheet, is_done=True)
