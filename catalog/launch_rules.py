"""What each item of a launch check-list asks for; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from catalog.launch_models import LaunchStep
from wx_backend.errors import BadInput
from wx_backend.money import fen_from_yuan
from wx_backend.words import printable


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field of an item: its name, its label, and how it is read."""

    name: str
    label: str
    kind: str = "text"


TITLES: Final[Mapping[LaunchStep, str]] = {
    LaunchStep.PLAN: "营销策划",
    LaunchStep.RESOURCES: "资源准备",
    LaunchStep.TRAINING: "业务培训",
    LaunchStep.LISTING: "上架审批",
}
WANTED: Final[Mapping[LaunchStep, tuple[Wanted, ...]]] = {
    LaunchStep.PLAN: (
        Wanted("target", "目标客户与销量"),
        Wanted("budget_yuan", "预算（元）", "yuan"),
        Wanted("from", "活动开始", "date"),
        Wanted("until", "活动结束", "date"),
        Wanted("outlets", "参与网点"),
    ),
    LaunchStep.RESOURCES: (
        Wanted("stock", "备货数量"),
        Wanted("numbers", "号源准备"),
        Wanted("materials", "宣传物料"),
    ),
    LaunchStep.TRAINING: (
        Wanted("trained", "培训对象与人数"),
        Wanted("signed_off", "考核签字人"),
    ),
}
TEXT_MAX: Final = 200


def checked_content(step: LaunchStep, typed: Mapping[str, str]) -> dict[str, str]:
    """What was typed for an item, whole and sound. Raises BadInput naming the fields."""
    content = {wanted.name: typed.get(wanted.name, "").strip() for wanted in WANTED[step]}
    faults = [each.name for each in WANTED[step] if not _fits(each, content[each.name])]
    if not faults and step is LaunchStep.PLAN and content["until"] < content["from"]:
        faults = ["until"]
    if faults:
        labels = "、".join(each.label for each in WANTED[step] if each.name in faults)
        raise BadInput(f"请正确填写：{labels}", fields=faults)
    return content


def _fits(wanted: Wanted, text: str) -> bool:
    if not 0 < len(text) <= TEXT_MAX or printable(text) != text:
        return False
    try:
        if wanted.kind == "date":
            date.fromisoformat(text)
        elif wanted.kind == "yuan":
            return fen_from_yuan(text) >= 0
    except ValueError:
        return False
    return True
