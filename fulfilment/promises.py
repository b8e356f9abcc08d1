"""What the customer is told before and after he pays: who acts when, and when it is there. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from fulfilment.nodes import CHAINS, Clock, Counts, Node, Way
from fulfilment.rules import POOL_HOURS, Calendar, due_at, opening_after
from org.hours import OpeningHours
from wx_backend.clock import SHANGHAI

_ARRIVALS: Final[Mapping[Way, Node]] = {
    Way.PLAN: Node.OPENED,
    Way.GOODS_COURIER: Node.DELIVERED,
    Way.SIM_COURIER: Node.DELIVERED,
    Way.GOODS_PICKUP: Node.PACKED,
    Way.SIM_PICKUP: Node.PACKED,
}
"""The node at which a way has kept its promise."""

_ENDINGS: Final[Mapping[Node, str]] = {
    Node.OPENED: "办理，实名认证通过后预计{by} 前开通",
    Node.DELIVERED: "处理，{what}预计{by} 前送达",
    Node.PACKED: "备货，{what}预计{by} 起可到店自提",
}
SENT_THERE: Final[Mapping[Way, Way]] = {
    Way.GOODS_PICKUP: Way.GOODS_COURIER,
    Way.SIM_PICKUP: Way.SIM_COURIER,
}
"""What the central store has to send to the counter first takes the time of a parcel."""
_EVENING, _MORNING, _NOON = 18, 6, 12
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SameDay:
    """Where same-day delivery holds: until when to order, and how long it takes at most.

    `cut_off` are minutes after midnight, `within_minutes` count the outlet's open hours.
    """

    cut_off: int
    within_minutes: int


@dataclass(frozen=True, slots=True)
class Promise:
    """One sentence, and the instants it is made of; `order_by` ends today's same-day delivery."""

    text: str
    begins_at: datetime
    by: datetime
    is_same_day: bool
    order_by: datetime | None = None


def promise(
    way: Way,
    *,
    what: str,
    now: datetime,
    hours: OpeningHours,
    calendar: Calendar,
    same_day: SameDay | None = None,
) -> Promise:
    """When an order of this moment is begun and when it is there, as a sentence for its buyer.

    `what` names the goods. `same_day` is given only where all its conditions hold.
    """
    arrival = _ARRIVALS[way]
    if same_day is not None and arrival is Node.DELIVERED:
        fast = _same_day(same_day, what, now, hours, calendar)
        if fast is not None:
            return fast
    begins_at = opening_after(now, hours, calendar)
    by = round_up(expected(way, arrival, now, hours, calendar))
    ending = _ENDINGS[arrival].format(what=what, by=moment(by, now))
    return Promise(_beginning(begins_at, now) + ending, begins_at, by, is_same_day=False)


def promise_from_central(
    way: Way, *, what: str, now: datetime, hours: OpeningHours, calendar: Calendar
) -> Promise:
    """The same of what is fetched, but has to come to the counter from the central store first."""
    begins_at = opening_after(now, hours, calendar)
    there_at = expected(SENT_THERE[way], Node.DELIVERED, now, hours, calendar)
    by = round_up(opening_after(there_at, hours, calendar))
    ending = f"处理，{what}由中心仓调货，预计{moment(by, now)} 起可到店自提"
    return Promise(_beginning(begins_at, now) + ending, begins_at, by, is_same_day=False)


def expected(
    way: Way, arrival: Node, now: datetime, hours: OpeningHours, calendar: Calendar
) -> datetime:
    """When a node is done at the latest if every node before it takes all of its time."""
    ends: dict[Node, datetime] = {Node.CONFIGURED: now, Node.PAID: now}
    for step in CHAINS[way]:
        if step.node in ends:
            continue
        start = max(ends[node] for node in step.after)
        ends[step.node] = _run(step.clock, start, hours, calendar)
        if step.node is arrival:
            break
    return ends[arrival]


def _run(clock: Clock, start: datetime, hours: OpeningHours, calendar: Calendar) -> datetime:
    counted = {Counts.WALL: None, Counts.OUTLET: hours, Counts.POOL: POOL_HOURS}[clock.counts]
    return due_at(start, clock.minutes, counted, calendar)


def _same_day(
    rule: SameDay, what: str, now: datetime, hours: OpeningHours, calendar: Calendar
) -> Promise | None:
    """The promise under a city's rule; None on a day too short to keep it."""
    cut_off = _at(_day(now), rule.cut_off)
    begins_at = opening_after(now, hours, calendar)
    if now >= cut_off:
        begins_at = max(begins_at, opening_after(_at(_day(now), 24 * 60), hours, calendar))
    by = due_at(begins_at, rule.within_minutes, hours, calendar)
    if _day(by) != _day(begins_at):
        return None
    by = round_up(by)
    text = f"{_beginning(begins_at, now)}处理，{what}预计{moment(by, now)} 前送达（当日达）"
    is_today = now < cut_off and _day(begins_at) == _day(now)
    return Promise(text, begins_at, by, is_same_day=True, order_by=cut_off if is_today else None)


def _beginning(begins_at: datetime, now: datetime) -> str:
    if begins_at <= now:
        return "营业厅正在营业，马上为您"
    hour = now.astimezone(SHANGHAI).hour
    is_night = hour >= _EVENING or hour < _MORNING
    return f"{'今晚' if is_night else ''}已为您预留，营业厅{moment(begins_at, now, short=True)} "


def moment(at: datetime, now: datetime, *, short: bool = False) -> str:
    """`明天 12:00`, read from `now`; `short` makes `明早 9:00` of a morning."""
    local = at.astimezone(SHANGHAI)
    days = (local.date() - _day(now)).days
    clock = f"{local.hour}:{local:%M}"
    if short and days in (0, 1) and local.hour < _NOON:
        return f"{'今早' if days == 0 else '明早'} {clock}"
    names = {0: "今天", 1: "明天", 2: "后天"}
    return f"{names.get(days, f'{local.month}月{local.day}日')} {clock}"


def round_up(at: datetime) -> datetime:
    """The next full hour; a full hour stays."""
    full = at.replace(minute=0, second=0, microsecond=0)
    return full if full == at else full + _HOUR


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def _at(day: date, minute: int) -> datetime:
    return (datetime.combine(day, time(), SHANGHAI) + timedelta(minutes=minute)).astimezone(UTC)
