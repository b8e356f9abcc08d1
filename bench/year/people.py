"""Who and what a year of trade is about: the tree, its reps, staff, goods; made by the service's own verbs."""

from dataclasses import dataclass
from datetime import date, datetime
from hashlib import md5
from typing import Final

from sqlalchemy import text
from werkzeug.security import generate_password_hash

from members.joining import join_member
from members.operations import ensure_identity
from org.models import ChannelClass, Role, Staff, Tier
from org.operations import create_node
from org.reps import hire_rep
from settlement.rates import add_rate
from tests.catalog.shelf import Wares, put_on_shelf
from wx_backend.db import db, transaction

PASSWORD: Final = "a long enough password"  # noqa: S105 - of a database that is gone afterwards
BUSIER: Final = 200
"""One rep of so many sells more than the one who looks."""
RATE_BP: Final = 500


@dataclass(frozen=True, slots=True)
class Shape:
    """An organisation: how many of each tier lie below each of the tier above."""

    name: str
    provinces: int
    cities: int
    outlets: int = 10
    reps_each: int = 10

    @property
    def reps(self) -> int:
        return self.provinces * self.cities * self.outlets * self.reps_each


COUNTRY: Final = Shape("country", 4, 5)
"""200 outlets, 2,000 reps."""
CITY: Final = Shape("city", 1, 1)
"""One of the twenty cities of the country: as many outlets, and reps at each."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Whom the rows are about, and who looks at them."""

    city_id: int
    outlet_id: int
    rep_id: int
    rep_number: str
    rep_identity: int
    rate_rule_id: int
    wares: Wares
    reps: int


def cast(appid: str, shape: Shape, *, now: datetime) -> Cast:
    """Make the organisation; one who will sell much is bound to a member, with staff above him."""
    with transaction():
        group = create_node(tier=Tier.GROUP, code="GR", name="集团")
        reps = [
            (city, outlet, _rep(outlet, n, now))
            for number, city in enumerate(_cities(group, shape))
            for outlet in _outlets(city, number * shape.outlets, shape.outlets)
            for n in range(shape.reps_each)
        ]
        city, outlet, rep = sorted(reps, key=lambda each: _digest(each[2]))[shape.reps // BUSIER]
        for login, role, node in (
            ("root", Role.ADMINISTRATOR, group),
            ("city", Role.MANAGER, city),
            ("outlet", Role.CLERK, outlet),
        ):
            _staff(login, role, node)
        identity = ensure_identity(appid=appid, openid="oBench", now=now)
        _bind(rep, join_member(identity_id=identity, now=now), now)
        number = db.session.execute(
            text("SELECT number FROM rep WHERE id = :id"), {"id": rep}
        ).scalar_one()
        rate = add_rate(valid_from=date(2020, 1, 1), rate_bp=RATE_BP)
        db.session.flush()
        rate_id = rate.id
    wares = put_on_shelf(units=1_000_000)
    return Cast(city, outlet, rep, number, identity, rate_id, wares, shape.reps)


def _digest(number: int) -> str:
    """As the rows rank who sells most."""
    return md5(str(number).encode(), usedforsecurity=False).hexdigest()


def _cities(group: int, shape: Shape) -> list[int]:
    cities = []
    for p in range(shape.provinces):
        province = create_node(tier=Tier.PROVINCE, code=f"P{p}", name=f"省{p}", parent_id=group)
        cities += [
            create_node(tier=Tier.CITY, code=f"P{p}C{c}", name=f"市{p}{c}", parent_id=province)
            for c in range(shape.cities)
        ]
    return cities


def _outlets(city: int, made: int, count: int) -> list[int]:
    return [
        create_node(tier=Tier.OUTLET, code=f"O{n}", name=f"{n}号厅", parent_id=city)
        for n in range(made + 1, made + count + 1)  # O1 is the accounts' default outlet
    ]


def _rep(outlet: int, n: int, now: datetime) -> int:
    return hire_rep(
        name=f"员工{outlet}-{n}", outlet_id=outlet, channel_class=ChannelClass.OWN_HALL, now=now
    )


def _bind(rep: int, member: int, now: datetime) -> None:
    db.session.execute(
        text("INSERT INTO rep_binding (rep_id, member_id, bound_at) VALUES (:r, :m, :at)"),
        {"r": rep, "m": member, "at": now},
    )


def _staff(login: str, role: Role, node: int) -> None:
    hashed = generate_password_hash(PASSWORD, method="scrypt:1024:8:1")
    db.session.add(Staff(login=login, name=login, password_hash=hashed, role=role, node_id=node))
