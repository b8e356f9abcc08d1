"""Products made and edited; a refused form comes back as it was typed."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.models import Category, ProductKind
from catalog.queries import categories
from console import product_forms
from console.editing import act, done
from console.pages import form_key, text
from console.typed import BadForm, faults_of
from flows import launch, product_desk
from flows.launch import ProductFile
from wx_backend import clock
from wx_backend.errors import AppError

bp = Blueprint("product_editor", __name__, url_prefix="/products")


@bp.get("/new")
def new() -> str:
    """An empty form."""
    return _form({})


@bp.post("/new")
def create() -> ResponseReturnValue:
    """A new product; the same form counts once."""
    try:
        key, data = form_key(), product_forms.product_typed(_kind(), _shelves())
        number = act(lambda by, now: product_desk.create(data, form_key=key, by=by, now=now))
    except AppError as refusal:
        return _form(request.form, refusal=refusal), refusal.status
    flash("商品已建立，请添加规格和图片")
    return redirect(url_for("console.products.show", number=number))


@bp.get("/<number>/edit")
def form(number: str) -> str:
    """The form with a product in it."""
    file = launch.product_file(number, clock.now())
    return _form(product_forms.product_as_typed(file.row.product), file=file)


@bp.post("/<number>/edit")
def save(number: str) -> ResponseReturnValue:
    """Say something else about a product."""
    kind = ProductKind(launch.product_file(number, clock.now()).row.product.kind)
    try:
        seen, data = _seen(), product_forms.product_typed(kind, _shelves())
        act(lambda by, now: product_desk.describe(number, data, seen=seen, by=by, now=now))
    except AppError as refusal:
        file = launch.product_file(number, clock.now())
        return _form(request.form, file=file, refusal=refusal), refusal.status
    return done(number, "已保存")


def _kind() -> ProductKind:
    asked = text("kind", request.form)
    if asked not in {*ProductKind}:
        raise BadForm(fields=["kind"], reasons={"kind": "请选择类型"})
    return ProductKind(asked)


def _seen() -> int:
    """The last event when the form was opened."""
    typed = request.form.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 19 else -1


def _shelves() -> dict[int, Category]:
    return {each.id: each for each in categories()}


def _form(
    typed: Mapping[str, str], *, file: ProductFile | None = None, refusal: AppError | None = None
) -> str:
    product = file.row.product if file else None
    return render_template(
        "console/product_form.html",
        product=product,
        typed=typed,
        shelves=categories(),
        kinds=[*ProductKind],
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
        key=typed.get("key") or secrets.token_hex(16),
        seen=product_desk.last_event(product.id) if product else 0,
    )
