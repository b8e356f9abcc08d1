"""The promise made of an outlet's hours, the calendar, a city's rule and what lies in store."""

from dataclasses import dataclass
from datetime import datetime

from catalog.models import ProductKind
from catalog.queries import free_units
from fulfilment.calendar import calendar
from fulfilment.clocks import hours_of
from fulfilment.models import SameDayRule
from fulfilment.nodes import Way
from fulfilment.promises import SENT_THERE, Promise, SameDay, promise, promise_from_central
from fulfilment.settings import same_day_rule
from orders.models import Delivery
from org.models import Tier
from org.queries import ancestors, node_of

_GOODS = {Delivery.COURIER: Way.GOODS_COURIER, Delivery.PICKUP: Way.GOODS_PICKUP}
_CARDS = {Delivery.COURIER: Way.SIM_COURIER, Delivery.PICKUP: Way.SIM_PICKUP}
_WORDS = {ProductKind.GOODS: "商品", ProductKind.SIM: "号卡", ProductKind.PLAN: "套餐"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a promise is asked for; `region` is where it goes, None while nobody has said.

    `is_sent_there`: it is fetched at an outlet on whose own shelf it does not lie.
    """

    kind: ProductKind
    delivery: Delivery
    outlet_id: int | None
    sku_id: int | None = None
    quantity: int = 1
    region: str | None = None
    is_sent_there: bool = False


def way_of(kind: ProductKind, delivery: Delivery) -> Way:
    """Which chain a line follows; goods of an order that says nothing go by courier."""
    if kind is ProductKind.PLAN:
        return Way.PLAN
    asked = Delivery.COURIER if delivery is Delivery.NONE else delivery
    return (_CARDS if kind is ProductKind.SIM else _GOODS)[asked]


def promise_for(asked: Asked, *, now: datetime) -> Promise:
    """What the buyer is told at this moment."""
    way, what = way_of(asked.kind, asked.delivery), _WORDS[asked.kind]
    hours, days = hours_of(asked.outlet_id), calendar()
    if asked.is_sent_there and way in SENT_THERE:
        return promise_from_central(way, what=what, now=now, hours=hours, calendar=days)
    return promise(way, what=what, now=now, hours=hours, calendar=days, same_day=_same_day(asked))


def _same_day(asked: Asked) -> SameDay | None:
    """The rule of the outlet's city where all of it holds: same city, goods lie there."""
    city_id = ancestors(asked.outlet_id).get(Tier.CITY) if asked.outlet_id is not None else None
    rule = same_day_rule(city_id) if city_id is not None else None
    if rule is None or not _is_in_city(rule, asked.region) or not _lies_there(rule, asked):
        return None
    return SameDay(rule.cut_off, rule.within_minutes)


def _is_in_city(rule: SameDayRule, region: str | None) -> bool:
    """Whether the address lies in the rule's city, as far as one knows it."""
    city = node_of(rule.city_id).name.removesuffix("分公司").removesuffix("市")
    return region is None or city in region


def _lies_there(rule: SameDayRule, asked: Asked) -> bool:
    if asked.sku_id is None:
        return False
    free = free_units([asked.sku_id], place_id=rule.place_id)
    return free.get(asked.sku_id, 0) >= asked.quantity
