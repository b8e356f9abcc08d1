"""Campaign slots (活动位): banners made, looked at as customers see them, changed, switched off."""

import secrets
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.banner_models import Banner, LeadsTo
from catalog.banner_queries import picture_of
from catalog.banners import BannerChanged
from catalog.queries import all_products, categories
from catalog.showing import Picture
from console import banner_words
from console.banner_forms import banner_as_typed, banner_typed, sent_picture
from console.pages import PER_PAGE, form_key, page_of
from console.session import staff
from console.typed import BadForm, faults_of
from flows import banner_desk
from flows.safe_picture import BadPicture
from org.queries import node_of
from wx_backend import clock
from wx_backend.db import retried
from wx_backend.errors import AppError

bp = Blueprint("banners", __name__, url_prefix="/banners")


@bp.context_processor
def page_values() -> dict[str, object]:
    """How banners read."""
    return {"states": banner_words.STATES, "targets": banner_words.TARGETS}


@bp.get("")
def index() -> str:
    """The banners of this place and those below it."""
    node_id, now = staff().node_id, clock.now()
    pages = page_of(banner_desk.count_rows(node_id))
    rows = banner_desk.banner_rows(node_id, now=now, after=pages.after, limit=PER_PAGE)
    return render_template("console/banners.html", rows=rows, pages=pages)


@bp.get("/new")
def new() -> str:
    """An empty form, of one's own place."""
    return _form({"place": node_of(staff().node_id).code})


@bp.post("/new")
def create() -> ResponseReturnValue:
    """A new banner; the same form counts once."""
    picture = None
    try:
        picture = _picture()
        key, data = form_key(), banner_typed(picture, node_id=staff().node_id)
        actor, now = f"staff:{staff().staff_id}", clock.now()
        number = retried(lambda: banner_desk.create(data, form_key=key, actor=actor, now=now))
    except AppError as refusal:
        return _form(request.form, refusal=refusal, picture=picture), refusal.status
    return _done(number, "活动位已建立")


@bp.get("/<number>")
def show(number: str) -> str:
    """One banner as customers see it, and how often they tapped it."""
    file = banner_desk.banner_file(number, staff().node_id, now=clock.now())
    return render_template("console/banner.html", file=file)


@bp.get("/<number>/edit")
def form(number: str) -> str:
    """The form with a banner in it."""
    row = banner_desk.banner_file(number, staff().node_id, now=clock.now()).row
    typed = banner_as_typed(row.banner, row.node, row.target)
    return _form(typed, banner=row.banner, picture=picture_of(row.banner))


@bp.post("/<number>/edit")
def save(number: str) -> ResponseReturnValue:
    """Say something else with it."""
    node_id, picture = staff().node_id, None
    banner = banner_desk.banner_file(number, node_id, now=clock.now()).row.banner
    try:
        picture = _picture()
        data, seen = banner_typed(picture, node_id=node_id), _seen()
        retried(lambda: banner_desk.change(number, data, seen=seen, node_id=node_id))
    except AppError as refusal:
        return _form(request.form, banner=banner, refusal=refusal, picture=picture), refusal.status
    return _done(number, "已保存")


@bp.post("/<number>/switch")
def switch(number: str) -> ResponseReturnValue:
    """Show it in its time, or not at all."""
    node_id, is_on = staff().node_id, request.form.get("is_on") == "1"
    retried(lambda: banner_desk.switch(number, is_on=is_on, node_id=node_id))
    return _done(number, "已恢复展示" if is_on else "已下线，客户不再看到")


def _picture() -> Picture | None:
    try:
        return sent_picture()
    except BadPicture as refusal:
        raise BadForm(fields=["file"], reasons={"file": refusal.message}) from refusal


def _seen() -> int:
    """The revision when the form was opened."""
    typed = request.form.get("seen", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def _shown(banner: Banner, refusal: AppError | None) -> int:
    """The revision the form shows: today's, or that of what was typed, until he is told of a newer one."""
    if refusal is None or isinstance(refusal, BannerChanged):
        return banner.revision
    return _seen()


def _done(number: str, said: str) -> ResponseReturnValue:
    flash(said)
    return redirect(url_for("console.banners.show", number=number))


def _form(
    typed: Mapping[str, str],
    *,
    banner: Banner | None = None,
    refusal: AppError | None = None,
    picture: Picture | None = None,
) -> str:
    return render_template(
        "console/banner_form.html",
        banner=banner,
        typed=typed,
        picture=picture,
        products=all_products(),
        shelves=categories(),
        kinds=[*LeadsTo],
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
        key=typed.get("key") or secrets.token_hex(16),
        seen=_shown(banner, refusal) if banner else 0,
    )
