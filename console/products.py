"""Products: the check-list before they go on sale, approval by a second person, prices."""

from collections.abc import Callable
from datetime import datetime, time, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.launch import ItemData
from catalog.launch_models import LaunchStep, Verdict
from catalog.launch_rules import TITLES, WANTED
from catalog.showing import Showing
from console.pages import PER_PAGE, as_date, page_of, sentence, text
from console.product_forms import prices_typed
from console.session import staff
from console.skus import sku_page
from flows import launch
from org.models import Tier
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.db import retried
from wx_backend.errors import AppError, BadInput, NotFound

bp = Blueprint("products", __name__)


@bp.get("/products")
def index() -> str:
    """All products, or those looked for, with what their launch still misses."""
    typed = text("text")
    pages = page_of(launch.number_of_products(typed))
    rows = launch.product_rows(typed, now=clock.now(), after=pages.after, limit=PER_PAGE)
    return render_template(
        "console/products.html", rows=rows, pages=pages, titles=TITLES, typed=typed
    )


@bp.get("/products/<number>")
def show(number: str) -> str:
    """One product: check-list, approvals, variants, album, stock of the central store."""
    file = launch.product_file(number, clock.now())
    return render_template(
        "console/product.html",
        file=file,
        album=Showing.from_json(file.row.product.showing).album,
        titles=TITLES,
        wanted=WANTED,
        me=_actor(),
        is_above=staff().tier != Tier.OUTLET,
    )


@bp.post("/products/<number>/steps/<step>")
def tick(number: str, step: str) -> ResponseReturnValue:
    """An item of the check-list is done, with its evidence."""
    if step not in WANTED:
        raise NotFound
    known = LaunchStep(step)
    data = ItemData(
        step=known,
        owner=text("owner", request.form),
        content={each.name: sentence(each.name) for each in WANTED[known]},
        evidence=sentence("evidence"),
    )
    return _changed(
        number, "已保存", lambda now: launch.tick(number, data, actor=_actor(), now=now)
    )


@bp.post("/products/<number>/approval")
def ask(number: str) -> ResponseReturnValue:
    """Ask that the product go on sale on some days."""
    first, last = _beginning("on_sale_from"), _beginning("on_sale_until", is_needed=False)
    assert first is not None  # noqa: S101 - needed
    until = last and last + timedelta(days=1)
    return _changed(
        number,
        "已提交上架申请，等待另一位同事审批",
        lambda now: launch.ask(
            number, on_sale_from=first, on_sale_until=until, actor=_actor(), now=now
        ),
    )


@bp.post("/products/<number>/approval/<verdict>")
def decide(number: str, verdict: str) -> ResponseReturnValue:
    """Approve or reject; never one's own."""
    known, note = _verdict(verdict), sentence("note")
    said = "已批准上架" if known is Verdict.APPROVED else "已驳回"
    return _changed(
        number,
        said,
        lambda now: launch.decide(number, verdict=known, note=note, actor=_actor(), now=now),
    )


@bp.post("/products/<number>/approval/withdraw")
def withdraw(number: str) -> ResponseReturnValue:
    """Take one's own question back before anybody has answered it."""
    return _changed(
        number, "已撤回上架申请", lambda now: launch.withdraw(number, actor=_actor(), now=now)
    )


@bp.post("/products/<number>/listed")
def list_again(number: str) -> ResponseReturnValue:
    """Put an approved product on the shelves again."""
    return _changed(
        number,
        "已上架",
        lambda now: launch.show(number, is_listed=True, actor=_actor(), now=now),
    )


@bp.post("/products/<number>/unlisted")
def unlist(number: str) -> ResponseReturnValue:
    """Take a product off the shelves."""
    return _changed(
        number,
        "已下架",
        lambda now: launch.show(number, is_listed=False, actor=_actor(), now=now),
    )


@bp.post("/products/<number>/skus/<sku>/price")
def reprice(number: str, sku: str) -> ResponseReturnValue:
    """Set a variant's prices; orders already placed keep theirs."""
    launch.require_wide(staff().node_id)
    try:
        prices, actor, now = prices_typed(), _actor(), clock.now()
        is_set = retried(lambda: launch.reprice(number, sku, prices, actor=actor, now=now))
    except AppError as refusal:
        return sku_page(number, sku, refusal), refusal.status
    flash("价格已更新" if is_set else "改动超过限额，已提交，等待另一位同事审批")
    return redirect(url_for("console.products.show", number=number))


@bp.post("/products/<number>/prices/<int:proposal_id>/<verdict>")
def decide_price(number: str, proposal_id: int, verdict: str) -> ResponseReturnValue:
    """Agree to a large change of price, or reject it; never one's own."""
    known, note = _verdict(verdict), sentence("note")
    return _changed(
        number,
        "价格已更新" if known is Verdict.APPROVED else "已驳回",
        lambda now: launch.decide_price(
            number, proposal_id, verdict=known, note=note, actor=_actor(), now=now
        ),
    )


@bp.post("/products/<number>/prices/<int:proposal_id>/withdraw")
def withdraw_price(number: str, proposal_id: int) -> ResponseReturnValue:
    """Take one's own large change of price back before anybody has decided on it."""
    return _changed(
        number,
        "已撤回改价申请",
        lambda now: launch.withdraw_price(number, proposal_id, actor=_actor(), now=now),
    )


def _changed(number: str, said: str, work: Callable[[datetime], None]) -> ResponseReturnValue:
    """Do it, say so, and go back to the product's page."""
    now = clock.now()
    launch.require_wide(staff().node_id)
    retried(lambda: work(now))
    flash(said)
    return redirect(url_for("console.products.show", number=number))


def _verdict(typed: str) -> Verdict:
    """What a second person says; who rejects says why. Raises NotFound and BadInput."""
    if typed not in {Verdict.APPROVED, Verdict.REJECTED}:
        raise NotFound
    if typed == Verdict.REJECTED and not sentence("note"):
        raise BadInput("请填写驳回原因", fields=["note"])
    return Verdict(typed)


def _actor() -> str:
    return f"staff:{staff().staff_id}"


def _beginning(name: str, *, is_needed: bool = True) -> datetime | None:
    """The beginning of a Shanghai day that was typed. Raises BadInput."""
    typed = text(name, request.form)
    if not typed and not is_needed:
        return None
    return datetime.combine(as_date(typed, name), time(), SHANGHAI)
