"""The conditions of a segment as they were typed, and how they read."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import request
from werkzeug.datastructures import MultiDict

from campaigns.segments import Segment
from console.pages import text
from wx_backend.errors import BadInput
from wx_backend.words import printable

DAYS: Final = (
    *("followed_days", "scanned_days", "ordered_days"),
    *("plan_ends_days", "seen_days", "quiet_days"),
)
ORDERED_WORDS: Final[Mapping[str, str]] = {"": "不限", "paid": "买过", "never": "从未买过"}
_READS: Final[Mapping[str, Callable[[Any], str]]] = {
    "is_list": lambda _: "导入的名单",
    "is_rep": lambda _: "销售员工本人",
    "rep_number": lambda number: f"员工 {number} 带来的客户",
    "followed_days": lambda days: f"{days} 天内关注",
    "scanned_days": lambda days: f"{days} 天内扫过码",
    "scene": lambda scene: f"扫过参数为“{scene}”的码",
    "product_number": lambda number: f"商品 {number}",
    "plan_ends_days": lambda days: f"套餐合约 {days} 天内到期",
    "seen_days": lambda days: f"{days} 天内有互动",
    "quiet_days": lambda days: f"{days} 天以上没有互动",
}


def segment_typed() -> Segment:
    """The conditions in the form. Raises BadInput naming the field at fault."""
    form = request.form
    stored: dict[str, Any] = {
        "rep_number": text("rep_number", form)[:32],
        "outlet_id": _id(form.get("outlet_id", "")),
        "is_rep": form.get("is_rep") == "1",
        "scene": printable(form.get("scene", "")).strip()[:64],
        "ordered": text("ordered", form),
        "product_number": text("product_number", form)[:32],
        "shelf": text("shelf", form)[:32],
        "tags": [_id(each) for each in form.getlist("tags") if _id(each)],
        "without_tags": [_id(each) for each in form.getlist("without_tags") if _id(each)],
        "is_list": form.get("is_list") == "1",
    }
    for name in DAYS:
        stored[name] = whole(name, 0, 3_650, 0)
    return Segment.from_json(stored)


def segment_as_typed(segment: Segment) -> MultiDict[str, str]:
    """The reverse, for a form."""
    typed: MultiDict[str, str] = MultiDict()
    for name, value in segment.as_json().items():
        several = value if isinstance(value, list) else [1 if value is True else value]
        typed.setlist(name, [str(each) for each in several])
    return typed


def reads(
    segment: Segment,
    *,
    tags: Mapping[int, str],
    shelves: Mapping[str, str],
    places: Mapping[int, str],
) -> list[str]:
    """What a segment asks for, line by line: names of tags and places by id, of shelves by slug."""
    asked = segment.as_json()
    lines = [_READS[name](value) for name, value in asked.items() if name in _READS]
    if segment.outlet_id:
        lines.append(f"{places.get(segment.outlet_id, '指定单位')}的客户")
    if segment.shelf:
        lines.append(f"商品分类“{shelves.get(segment.shelf, segment.shelf)}”")
    if segment.ordered:
        days = f"（{segment.ordered_days} 天内）" if segment.ordered_days else ""
        lines.append(ORDERED_WORDS[segment.ordered] + days)
    lines += [f"有标签“{tags.get(each, '已删除')}”" for each in segment.tags]
    return lines + [f"没有标签“{tags.get(each, '已删除')}”" for each in segment.without_tags]


def whole(name: str, least: int, most: int, usual: int) -> int:
    """A whole number in the form; `usual` where nothing was typed. Raises BadInput."""
    typed = text(name, request.form)
    if not typed:
        return usual
    if not (typed.isascii() and typed.isdigit() and len(typed) < 9 and least <= int(typed) <= most):
        raise BadInput(f"应为 {least} 到 {most} 的整数", fields=[name])
    return int(typed)


def _id(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 12 else 0
