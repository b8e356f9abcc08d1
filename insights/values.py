"""Values of figures: a fact before it is a row, the spans pages ask about, what they show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from insights.models import FactKind
from wx_backend.clock import business_on

DAYS_MAX: Final = 366
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What happened, frozen: `outlet_id` is the place that has it for good."""

    kind: FactKind
    row_id: int
    unit_id: int
    happened_at: datetime
    outlet_id: int
    rep_id: int | None = None
    product_id: int | None = None
    channel: str = ""
    amount_fen: int = 0
    pieces: int = 0

    @property
    def business_on(self) -> date:
        """The Shanghai day it counts on."""
        return business_on(self.happened_at)


@dataclass(frozen=True, slots=True)
class Span:
    """Some Shanghai days, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def before(self) -> "Span":
        """As many days right before it."""
        length = timedelta(days=self.days)
        return Span(self.first - length, self.last - length)

    def weeks(self) -> "Span | None":
        """Its whole weeks, from a Monday to a Sunday; None without any."""
        first = monday_of(self.first + timedelta(days=6))
        last = monday_of(self.last + DAY) - DAY
        return Span(first, last) if first < last else None


def monday_of(day: date) -> date:
    """With which day its week began."""
    return day - timedelta(days=day.weekday())


def last_of_month(day: date) -> date:
    """The last day of the month a day is in."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of the pages: facts of these kinds, counted or their fen added up."""

    key: str
    name: str
    meaning: str
    kinds: tuple[FactKind, ...]
    is_money: bool = False


MEASURES: Final[Mapping[str, Measure]] = {
    each.key: each
    for each in (
        Measure("sales", "销售额", "当日付款的订单行的实付金额，不扣退款", (FactKind.PAID,), True),
        Measure("orders", "下单", "提交的订单；一个订单由几个网点销售，就在各网点各计一次", (FactKind.PLACED,)),
        Measure("paid", "付款订单", "当日付款的订单，计法同下单", (FactKind.PAID,)),
        Measure("refunds", "退款额", "当日退款成功的金额", (FactKind.REFUNDED,), True),
        Measure("scans", "扫码", "公众号码的扫描次数，含扫码关注", (FactKind.SCAN, FactKind.FOLLOW)),
        Measure("follows", "关注", "扫码带来的关注", (FactKind.FOLLOW,)),
        Measure("visits", "访问", "打开链接和小程序的次数", (FactKind.VISIT,)),
    )
}  # fmt: skip
"""Every figure with its definition, as the console shows it."""

FUNNEL: Final = ("scans", "follows", "visits", "orders", "paid")


@dataclass(frozen=True, slots=True)
class Sums:
    """What the facts of one kind add up to."""

    count: int = 0
    amount_fen: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(self.count + other.count, self.amount_fen + other.amount_fen)


Kinds = Mapping[FactKind, Sums]


def value(measure: Measure, kinds: Kinds) -> int:
    """A measure's figure: how many, or fen."""
    found = (kinds.get(kind, Sums()) for kind in measure.kinds)
    return sum(each.amount_fen if measure.is_money else each.count for each in found)


def values(kinds: Kinds) -> dict[str, int]:
    """All figures by key."""
    return {key: value(measure, kinds) for key, measure in MEASURES.items()}


@dataclass(frozen=True, slots=True)
class RepFigures:
    """What a rep sold and was visited, in the words of `MEASURES`; `kept_fen` is less what was given back."""

    scans: int = 0
    follows: int = 0
    visits: int = 0
    orders: int = 0
    paid: int = 0
    kept_fen: int = 0

    @classmethod
    def of(cls, kinds: Kinds) -> "RepFigures":
        """A rep's figures from his sums."""
        found = values(kinds)
        return cls(
            scans=found["scans"],
            follows=found["follows"],
            visits=found["visits"],
            orders=found["orders"],
            paid=found["paid"],
            kept_fen=found["sales"] - found["refunds"],
        )
