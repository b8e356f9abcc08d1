"""What was typed about a banner, checked and typed; and how it reads in the form again."""

from collections.abc import Callable
from typing import Final, TypeVar

from flask import request

from catalog.banner_models import Banner, LeadsTo
from catalog.banners import BannerData, Target
from catalog.showing import Picture
from console.pages import moment_as_typed
from console.product_forms import POSITION_MAX
from console.typed import Typed
from flows import banner_desk
from flows.album import keep_picture, kept_picture
from org.models import OrgNode
from wx_backend.errors import BadInput

TITLE_MAX: Final = 30
WORDS_MAX: Final = 40
CODE_MAX: Final = 32
T = TypeVar("T")


def sent_picture() -> Picture | None:
    """The picture of the form, kept as a file: a new one, else the one sent before; None without.

    Slow with a new one: call it outside of any transaction. Raises BadPicture.
    """
    sent = request.files.get("file")
    if sent is not None and sent.filename:
        return keep_picture(sent.read())
    before = request.form.get("picture", "")
    return kept_picture(before) if before else None


def banner_typed(picture: Picture | None, *, node_id: int) -> BannerData:
    """The banner in the form, of a place within a node's part. Raises BadForm."""
    typed = Typed(request.form)
    title = typed.line("title", TITLE_MAX, is_needed=True)
    code = typed.line("place", CODE_MAX, is_needed=True)
    place = _or_fault(typed, lambda: banner_desk.place_named(code, node_id)) if code else None
    target = _or_fault(typed, lambda: _target(typed))
    begins, ends = typed.moment("shown_from"), typed.moment("shown_until")
    if begins and ends and ends <= begins:
        typed.faults["shown_until"] = "应晚于开始时间"
    position = typed.whole("position", low=0, high=POSITION_MAX)
    if picture is None:
        typed.faults["file"] = "请选择图片"
    if typed.faults or not (picture and place and target and begins and ends):
        raise typed.refusal()
    return BannerData(
        node_id=place.id,
        title=title,
        picture=picture,
        target=target,
        shown_from=begins,
        shown_until=ends,
        position=position,
    )


def banner_as_typed(banner: Banner, place: OrgNode, target: str) -> dict[str, str]:
    """A banner as it would have been typed."""
    return {
        "title": banner.title,
        "place": place.code,
        "leads_to": banner.leads_to,
        banner.leads_to: target,
        "shown_from": moment_as_typed(banner.shown_from),
        "shown_until": moment_as_typed(banner.shown_until),
        "position": str(banner.position),
    }


def _target(typed: Typed) -> Target:
    asked = request.form.get("leads_to", "")
    if asked not in {*LeadsTo}:
        raise BadInput("请选择打开什么", fields=["leads_to"])
    leads_to = LeadsTo(asked)
    return banner_desk.target_named(leads_to, typed.line(leads_to, WORDS_MAX))


def _or_fault(typed: Typed, ask: Callable[[], T]) -> T | None:
    """What is found, or the refusal beside its field."""
    try:
        return ask()
    except BadInput as refusal:
        typed.faults |= dict.fromkeys(refusal.details.get("fields", ()), refusal.message)
        return None
