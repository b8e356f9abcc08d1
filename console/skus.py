"""Variants of a product: added with their prices, described, offered or not."""

from collections.abc import Mapping
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from catalog.models import ProductKind
from catalog.queries import offered_names
from console import product_forms
from console.editing import act, acted, done
from console.typed import faults_of
from flows import launch, product_desk
from flows.launch import ProductFile
from wx_backend import clock
from wx_backend.errors import AppError
from wx_backend.platform import config

bp = Blueprint("skus", __name__, url_prefix="/products")

# What the catalogue calls prices, and what the fields are called that hold yuan.
_SPELLED: Final = {
    "price_fen": "price",
    "prepaid_fen": "prepaid",
    "market_price_fen": "market_price",
}


@bp.get("/<number>/skus/new")
def new(number: str) -> str:
    """An empty form."""
    return _form(launch.product_file(number, clock.now()), {})


@bp.post("/<number>/skus/new")
def add(number: str) -> ResponseReturnValue:
    """A new variant with its prices."""
    try:
        data, parts = product_forms.sku_typed(is_priced=True), product_forms.parts_typed()
        is_offered = act(
            lambda by, now: product_desk.add_variant(number, data, parts=parts, by=by, now=now)
        )
    except AppError as refusal:
        file = launch.product_file(number, clock.now())
        return _form(file, request.form, refusal=refusal), refusal.status
    return done(number, "规格已添加" if is_offered else "规格已添加，须由另一位同事恢复销售")


@bp.get("/<number>/skus/<sku>/edit")
def form(number: str, sku: str) -> str:
    """The form with a variant in it."""
    return sku_page(number, sku)


@bp.post("/<number>/skus/<sku>/edit")
def save(number: str, sku: str) -> ResponseReturnValue:
    """Another name, other options, another place in the list."""
    try:
        data = product_forms.sku_typed(is_priced=False)
        act(lambda by, now: product_desk.describe_variant(number, sku, data, by=by, now=now))
    except AppError as refusal:
        return sku_page(number, sku, refusal), refusal.status
    return done(number, "已保存")


@bp.post("/<number>/skus/<sku>/offered")
def offer(number: str, sku: str) -> ResponseReturnValue:
    """Offer a variant (again)."""
    return _offer(number, sku, True, "规格已恢复销售")


@bp.post("/<number>/skus/<sku>/stopped")
def stop(number: str, sku: str) -> ResponseReturnValue:
    """Stop offering a variant; orders already placed keep it."""
    return _offer(number, sku, False, "规格已停售")


def sku_page(number: str, sku: str, refusal: AppError | None = None) -> str:
    """The forms about a variant: as it is, and over that what was typed into one of them."""
    file = launch.product_file(number, clock.now())
    as_it_is = product_forms.sku_as_typed(product_desk.variant_of(file.row.product, sku))
    return _form(file, {**as_it_is, **request.form.to_dict()}, sku=sku, refusal=refusal)


def _offer(number: str, sku: str, is_active: bool, said: str) -> ResponseReturnValue:
    return acted(
        number,
        said,
        lambda by, now: product_desk.offer_variant(
            number, sku, is_active=is_active, by=by, now=now
        ),
    )


def _form(
    file: ProductFile, typed: Mapping[str, str], *, sku: str = "", refusal: AppError | None = None
) -> str:
    faults = faults_of(refusal) if refusal else {}
    asks_parts = file.row.product.kind == ProductKind.BUNDLE and not sku
    return render_template(
        "console/product_sku.html",
        product=file.row.product,
        sku=product_desk.variant_of(file.row.product, sku) if sku else None,
        typed=typed,
        refusal=refusal,
        faults={_SPELLED.get(name, name): why for name, why in faults.items()},
        parts_shown=product_forms.PARTS if asks_parts else (),
        offered=offered_names() if asks_parts else {},
        price_limit=config().goods.second_person_above_percent,
    )
