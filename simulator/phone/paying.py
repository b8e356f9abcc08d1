"""Paying in a browser that has no WeChat bridge: the sheet at `/phone/pay`."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from simulator.acts.frame import Act, perform
from simulator.pay.bill_text import yuan
from simulator.pay.sheet import ordered
from simulator.phone.sheets import Matter, Sheet, opened
from simulator.records import JSON
from simulator.world import World


def add_sheet(phone: Blueprint, world: World) -> None:
    """`/phone/pay`: look at the order, then confirm."""

    @phone.get("/pay")
    def sheet() -> str:
        return _page(opened(world, dict(request.args), _order))

    @phone.post("/pay")
    def confirm() -> str:
        return _page(_confirmed(world, dict(request.form)))


def _page(sheet: Sheet) -> str:
    return render_template("phone/pay.html", sheet=sheet)


def _order(act: Act) -> Matter:
    payment = ordered(act)
    return Matter(
        amount=yuan(payment.total),
        description=str(payment.order.get("description", "")),
        merchant=act.world.accounts.rows[payment.appid].name or payment.mchid,
    )


def _confirmed(world: World, arguments: JSON) -> Sheet:
    """Pay; the same checks apply as when the bridge asks."""
    with world.acting():
        sheet = opened(world, arguments, _order)
        if sheet.fault:
            return sheet
        told = perform(world, "pay", sheet.person, sheet.arguments)
        fault = str(told.get("reason", ""))
        return replace(sheet, fault=fault, is_done=not fault)
