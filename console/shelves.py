"""The shelves products stand on: added, renamed, put in order."""

import re
from collections.abc import Mapping
from typing import Final

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.editing import add_shelf, rename_category
from catalog.queries import categories
from console.product_forms import POSITION_MAX
from console.typed import Typed, faults_of
from wx_backend.db import retried
from wx_backend.errors import AppError

bp = Blueprint("shelves", __name__, url_prefix="/shelves")

NAME_MAX: Final = 20
_SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")


@bp.get("")
def index() -> str:
    """All shelves, and the form for another one."""
    return _page({})


@bp.post("")
def add() -> ResponseReturnValue:
    """Another shelf; what was refused comes back as it was typed."""
    try:
        typed, slug = Typed(request.form), request.form.get("slug", "").strip()
        name = typed.line("name", NAME_MAX, is_needed=True)
        position = typed.whole("position", low=0, high=POSITION_MAX)
        parent = typed.maybe_whole("parent_id", low=1, high=10**9)
        if not _SLUG.fullmatch(slug):
            typed.faults["slug"] = "小写字母开头，可用小写字母、数字和横线"
        if parent is not None and parent not in {each.id for each in categories()}:
            typed.faults["parent_id"] = "没有这个分类"
        typed.require_sound()
        retried(lambda: add_shelf(slug=slug, name=name, parent_id=parent, position=position))
    except AppError as refusal:
        return _page(request.form, refusal), refusal.status
    flash("分类已添加")
    return redirect(url_for("console.shelves.index"))


@bp.post("/<slug>")
def rename(slug: str) -> ResponseReturnValue:
    """Another name or place; the stable name stays."""
    found = next((each.id for each in categories() if each.slug == slug), 0)
    typed = Typed(request.form)
    name = typed.line("name", NAME_MAX, is_needed=True)
    position = typed.whole("position", low=0, high=POSITION_MAX)
    typed.require_sound()
    retried(lambda: rename_category(category_id=found, name=name, position=position))
    flash("已保存")
    return redirect(url_for("console.shelves.index"))


def _page(typed: Mapping[str, str], refusal: AppError | None = None) -> str:
    return render_template(
        "console/shelves.html",
        shelves=categories(),
        typed=typed,
        refusal=refusal,
        faults=faults_of(refusal) if refusal else {},
    )
