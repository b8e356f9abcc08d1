"""The demo's organisation: a province, three cities, twelve outlets, sixty reps, five staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from demo.seed.names import people
from org.hours import WEEKDAYS, OpeningHours
from org.models import ChannelClass, Role, Tier
from org.operations import create_node
from org.reps import OperatorCodes, assign_codes, hire_rep
from org.staff import create_staff
from wx_backend.clock import business_on

CITIES = (("CT01", "滨江市"), ("CT02", "云州市"), ("CT03", "南屏市"))
STREETS = ("人民路", "解放路", "大学城", "火车站")
REPS_PER_OUTLET = 5
HOURS = OpeningHours.from_json(
    {
        **{day: [["09:00", "18:00"]] for day in WEEKDAYS[:5]},
        **{day: [["09:30", "17:00"]] for day in WEEKDAYS[5:]},
    }
)
CLASSES = (
    ChannelClass.OWN_HALL,
    ChannelClass.OWN_HALL,
    ChannelClass.FRANCHISE,
    ChannelClass.PARTNER,
)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Ids of what was made."""

    province_id: int
    city_ids: tuple[int, ...]
    outlet_ids: tuple[int, ...]
    rep_ids: tuple[int, ...]


def build(*, now: datetime, passwords: dict[str, str]) -> Organisation:
    """Make the whole organisation, and the staff whose passwords are given by login."""
    group = create_node(tier=Tier.GROUP, code="GR", name="示例通信集团")
    province = create_node(tier=Tier.PROVINCE, code="PV01", name="示例省分公司", parent_id=group)
    cities: list[int] = []
    outlets: list[int] = []
    reps: list[int] = []
    names = people(seed=2026)
    for number, (code, city_name) in enumerate(CITIES, 1):
        city = create_node(tier=Tier.CITY, code=code, name=city_name, parent_id=province)
        cities.append(city)
        for outlet in _outlets(number, city_name, city):
            outlets.append(outlet)
            reps += _reps(len(outlets), outlet, names, now)
    for login, name, role, node in (
        ("province", "省分管理员", Role.ADMINISTRATOR, province),
        ("city", "滨江市经理", Role.MANAGER, cities[0]),
        ("marketer", "省分市场专员", Role.MARKETER, province),
        ("finance", "省分财务", Role.FINANCE, province),
        ("cashier", "省分出纳", Role.FINANCE, province),
    ):
        create_staff(
            login=login, name=name, password=passwords[login], role=role, node_id=node, by_id=None
        )
    return Organisation(province, tuple(cities), tuple(outlets), tuple(reps))


def _outlets(number: int, city_name: str, city: int) -> Iterator[int]:
    for street_number, street in enumerate(STREETS, 1):
        code = f"OT{number:02d}{street_number:02d}"
        yield create_node(
            tier=Tier.OUTLET,
            code=code,
            name=f"{street}营业厅",
            parent_id=city,
            address=f"{city_name}{street}{street_number * 18}号",
            hours=HOURS,
        )


def _reps(outlet_number: int, outlet: int, names: Iterator[str], now: datetime) -> Iterator[int]:
    for position in range(1, REPS_PER_OUTLET + 1):
        rep = hire_rep(
            name=next(names),
            outlet_id=outlet,
            channel_class=CLASSES[outlet_number % len(CLASSES)],
            now=now,
            title="店长" if position == 1 else "客户经理",
            greeting="选机、选号、办套餐，随时找我。",
        )
        code = f"{outlet_number:02d}{position:02d}"
        codes = OperatorCodes(f"DV{code}", f"CH{outlet_number:02d}", f"SN{code}")
        assign_codes(rep_id=rep, codes=codes, valid_from=business_on(now))
        yield rep
