"""The rep's customers: found by his own remark, each with the way he came, notes and next visit."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from flows.my_customer import call_customer, my_customer, note_down, plan_visit
from flows.my_customers import customers_called, customers_ending, my_customers
from terminal.session import rep
from terminal.typed import as_day, position, typed_line, typed_text
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import BadInput

bp = Blueprint("customers", __name__)

PER_PAGE: Final = 20
KEY_MAX: Final = 32


@bp.get("/customers")
def index() -> str:
    """Who would be credited to the rep today, or who of them he calls so."""
    text, rep_id, now = typed_line(request.args, "text"), rep(), clock.now()
    if text:
        page = customers_called(rep_id, text, now=now)
    else:
        page = my_customers(rep_id, now=now, after=position("after") or 0, limit=PER_PAGE)
    return render_template("terminal/customers.html", page=page, text=text)


@bp.get("/customers/ending")
def ending() -> str:
    """Whose protection is about to end."""
    page = customers_ending(rep(), now=clock.now())
    return render_template("terminal/customers_ending.html", page=page)


@bp.get("/customers/<int:customer>")
def show(customer: int) -> str:
    """One of them; NotFound once he is a colleague's."""
    return render_template(
        "terminal/customer.html",
        page=my_customer(customer, rep_id=rep(), now=clock.now()),
        client_key=secrets.token_hex(KEY_MAX // 2),
    )


@bp.post("/customers/<int:customer>/remark")
def remark(customer: int) -> ResponseReturnValue:
    """What the rep calls him."""
    text, rep_id, now = typed_line(request.form, "remark"), rep(), clock.now()
    return _changed(
        customer,
        "备注已保存" if text else "备注已清除",
        lambda: call_customer(customer, rep_id=rep_id, remark=text, now=now),
    )


@bp.post("/customers/<int:customer>/visit")
def visit(customer: int) -> ResponseReturnValue:
    """When to see him next."""
    rep_id, now, typed = rep(), clock.now(), request.form.get("visit_on", "").strip()
    return _changed(
        customer,
        "回访日期已保存" if typed else "回访日期已清除",
        lambda: plan_visit(customer, rep_id=rep_id, on=_day(typed), now=now),
    )


@bp.post("/customers/<int:customer>/notes")
def note(customer: int) -> ResponseReturnValue:
    """What was talked about."""
    text, rep_id, now = typed_text(request.form, "text"), rep(), clock.now()
    key = typed_line(request.form, "client_key")[:KEY_MAX] or secrets.token_hex(KEY_MAX // 2)
    return _changed(
        customer,
        "跟进已记录",
        lambda: note_down(customer, rep_id=rep_id, text=text, client_key=key, now=now),
    )


def _changed(customer: int, said: str, work: Callable[[], None]) -> ResponseReturnValue:
    """One change, then back to the customer with what came of it."""
    try:
        retried(work)
    except BadInput as refused:
        flash(refused.message, "bad")
    else:
        flash(said)
    return redirect(url_for(".show", customer=customer))


def _day(typed: str) -> date | None:
    if not typed:
        return None
    return as_day(typed, "visit_on")
