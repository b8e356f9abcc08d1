"""The pictures of a product: added, put first, taken out."""

from flask import Blueprint, flash, request
from flask.typing import ResponseReturnValue

from catalog.showing import ALBUM_MAX, Picture
from console.editing import act, acted, done
from flows import product_desk
from flows.album import keep_picture
from flows.safe_picture import BadPicture
from wx_backend.errors import BadInput
from wx_backend.words import printable

bp = Blueprint("albums", __name__, url_prefix="/products")


@bp.post("/<number>/album")
def hang(number: str) -> ResponseReturnValue:
    """Add pictures; of several the good ones are added, and what is wrong with the others is told."""
    act(lambda by, _now: product_desk.require_editable(number, by=by))
    good, bad = _pictures_sent()
    try:
        if good:
            act(lambda by, now: product_desk.hang(number, good, by=by, now=now))
    except BadInput as refusal:
        good, bad = [], [*bad, refusal.message]
    if bad or not good:
        flash("；".join(bad) or "请选择图片", "refused")
    return done(number, f"已添加 {len(good)} 张图片" if good else "")


@bp.post("/<number>/album/first")
def put_first(number: str) -> ResponseReturnValue:
    """Make a picture the first one."""
    path = request.form.get("picture", "")
    return acted(
        number,
        "已设为首图",
        lambda by, now: product_desk.put_first(number, path, by=by, now=now),
    )


@bp.post("/<number>/album/removed")
def take_down(number: str) -> ResponseReturnValue:
    """Take a picture out of the album."""
    path = request.form.get("picture", "")
    return acted(
        number,
        "图片已移除",
        lambda by, now: product_desk.take_down(number, path, by=by, now=now),
    )


def _pictures_sent() -> tuple[list[Picture], list[str]]:
    """The pictures of the form, kept as files, and what is wrong with those that are none."""
    good: list[Picture] = []
    bad: list[str] = []
    chosen = [sent for sent in request.files.getlist("file") if sent.filename]
    if len(chosen) > ALBUM_MAX:
        return [], [f"每个商品最多 {ALBUM_MAX} 张图片，您选择了 {len(chosen)} 张"]
    for sent in chosen:
        if sent.filename:
            try:
                good.append(keep_picture(sent.read()))
            except BadPicture as refusal:
                shown = printable(sent.filename)[:60]
                bad.append(f"{shown}：{refusal.message}")
    return good, bad
