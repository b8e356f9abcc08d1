"""The organisation's tree as those above it see and change it, each strictly below his own place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fulfilment.queries import count_live_at
from org import operations
from org.hours import WEEKDAYS, BadHours, OpeningHours
from org.models import OrgNode, Tier
from org.places import Manned, PlaceFilter, manned, open_places, places_found, way_to
from org.queries import is_within, node_by_code, nodes_under, under
from wx_backend.clock import business_on
from wx_backend.errors import BadInput, Conflict, Forbidden, NotFound

_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
NAME_MAX: Final = 60


class PlaceBusy(Conflict):
    code, message = "place_busy", "该网点还有未办完的订单，请先办完或改派"


class NotBelow(Forbidden):
    code, message = "not_below", "只能变更自己单位的下级"


@dataclass(frozen=True, slots=True)
class PlaceData:
    """What is said of a place: `address`, `phone` and `hours` are an outlet's."""

    name: str
    address: str = ""
    phone: str = ""
    hours: OpeningHours | None = None


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place in a list, with who is at or below it."""

    node: OrgNode
    manned: Manned


@dataclass(frozen=True, slots=True)
class PlaceFile:
    """What the page of one place shows beside the list of what hangs below it.

    `waiting` counts what its outlets have to do; `parents` are where it could hang instead.
    """

    node: OrgNode
    way: Sequence[OrgNode]
    manned: Manned
    waiting: int
    parents: Sequence[OrgNode]
    tiers: Sequence[Tier]
    is_below_me: bool


def place_rows(wanted: PlaceFilter, *, after: int, limit: int) -> list[PlaceRow]:
    """The places meant, by code."""
    found = places_found(wanted, after=after, limit=limit)
    people = manned(node.id for node in found)
    return [PlaceRow(node, people[node.id]) for node in found]


def place_file(code: str, node_id: int) -> PlaceFile:
    """One place of a node's part; NotFound for foreign as for missing ones."""
    node = _within(code, node_id)
    outlets = [each.id for each in nodes_under(node.id, tier=Tier.OUTLET)]
    return PlaceFile(
        node=node,
        way=way_to(node.id, node_id),
        manned=manned([node.id])[node.id],
        waiting=sum(count_live_at(outlets).values()),
        parents=_parents(node, node_id),
        tiers=_below_tier(Tier(node.tier)),
        is_below_me=node.id != node_id,
    )


def open_place(*, parent: str, tier: Tier, code: str, data: PlaceData, node_id: int) -> None:
    """A new place below one of one's part. Raises BadInput, NotFound, WrongTier, CodeTaken."""
    if not _CODE.fullmatch(code):
        raise BadInput("编码只能用字母、数字和连字符，最多32位", fields=["code"])
    _check(data)
    parent_id = _within(parent, node_id).id
    made = operations.create_node(tier=tier, code=code, name=data.name, parent_id=parent_id)
    _say(made, data)


def describe(*, code: str, data: PlaceData, node_id: int) -> None:
    """Another name, address, phone or opening hours. Raises BadInput, NotFound, NotBelow."""
    node = _below(code, node_id)
    _check(data)
    _say(node.id, data)


def move(*, code: str, parent: str, node_id: int) -> None:
    """Hang a place with everything below it elsewhere in one's part: rights follow at once.

    Raises NotFound, NotBelow, WrongTier, WouldBeCycle.
    """
    node, target = _below(code, node_id), _within(parent, node_id)
    operations.move_node(node_id=node.id, parent_id=target.id)


def close(*, code: str, node_id: int, now: datetime) -> None:
    """Close a place from today on; nothing may be left in it. PlaceBusy, NodeInUse, NotBelow."""
    node = _below(code, node_id)
    if count_live_at([node.id]):
        raise PlaceBusy
    operations.close_node(node_id=node.id, on=business_on(now))


def hours_of(week: Mapping[str, str]) -> OpeningHours | None:
    """Opening hours as typed, `09:00-12:00 14:00-18:00` a day; None when no day says anything.

    Raises BadHours naming the day.
    """
    if not any(week.values()):
        return None
    days = {day: [span.split("-", 1) for span in week.get(day, "").split()] for day in WEEKDAYS}
    for day, name in zip(WEEKDAYS, "一二三四五六日", strict=True):
        try:
            OpeningHours.from_json({day: days[day]})
        except BadHours as refusal:
            message = f"周{name}的营业时间应为 09:00-18:00，一天几段用空格隔开"
            raise BadHours(message, fields=[day]) from refusal
    return OpeningHours.from_json(days)


def week_of(node: OrgNode) -> Mapping[str, str]:
    """The same the other way round, for the form."""
    stored = node.opening_hours or {}
    return {day: " ".join("-".join(span) for span in stored.get(day, [])) for day in WEEKDAYS}


def _check(data: PlaceData) -> None:
    if not 0 < len(data.name) <= NAME_MAX:
        raise BadInput("请填写名称", fields=["name"])


def _say(node_id: int, data: PlaceData) -> None:
    operations.describe_node(
        node_id=node_id, name=data.name, address=data.address or None, phone=data.phone or None
    )
    if data.hours is not None:
        operations.set_opening_hours(outlet_id=node_id, hours=data.hours)


def _within(code: str, node_id: int) -> OrgNode:
    node = node_by_code(code, under(node_id))
    if node is None:
        raise NotFound("没有这个单位")
    return node


def _below(code: str, node_id: int) -> OrgNode:
    """A place that is one's to change: never one's own, which is for those above."""
    node = _within(code, node_id)
    if node.id == node_id:
        raise NotBelow
    return node


def _below_tier(tier: Tier) -> Sequence[Tier]:
    tiers = list(Tier)
    return tiers[tiers.index(tier) + 1 :]


def _parents(node: OrgNode, node_id: int) -> Sequence[OrgNode]:
    higher = [tier for tier in Tier if node.tier in _below_tier(tier)]
    found = open_places(node_id, higher)
    return [each for each in found if each.id != node.parent_id and not is_within(each.id, node.id)]
