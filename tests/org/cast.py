"""A small operator: one group, two provinces, three cities, four outlets, and their people."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from members.joining import join_member
from members.operations import ensure_identity
from org.models import ChannelClass, Tier
from org.operations import create_node
from org.reps import hire_rep
from wx_backend.db import transaction

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # a Monday, 12:00 in Shanghai
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tree:
    group: int
    south: int
    north: int
    canton: int
    shenzhen: int
    harbin: int
    hall: int
    corner: int
    bay: int
    frost: int


def plant() -> Tree:
    """The tree; hall and corner are in Canton, bay in Shenzhen, frost in Harbin."""
    with transaction():
        group = create_node(tier=Tier.GROUP, code="G", name="集团")
        south = create_node(tier=Tier.PROVINCE, code="S", name="南省", parent_id=group)
        north = create_node(tier=Tier.PROVINCE, code="N", name="北省", parent_id=group)
        canton = create_node(tier=Tier.CITY, code="SC", name="广州", parent_id=south)
        shenzhen = create_node(tier=Tier.CITY, code="SZ", name="深圳", parent_id=south)
        harbin = create_node(tier=Tier.CITY, code="NH", name="哈尔滨", parent_id=north)
        outlets = [
            create_node(tier=Tier.OUTLET, code=code, name=name, parent_id=city)
            for code, name, city in (
                ("SC1", "天河营业厅", canton),
                ("SC2", "越秀营业厅", canton),
                ("SZ1", "南山营业厅", shenzhen),
                ("NH1", "道里营业厅", harbin),
            )
        ]
        return Tree(group, south, north, canton, shenzhen, harbin, *outlets)


def hire(outlet_id: int, name: str = "爱丽丝") -> int:
    """A new rep, committed."""
    with transaction():
        return hire_rep(
            name=name, outlet_id=outlet_id, channel_class=ChannelClass.OWN_HALL, now=NOON
        )


def person(name: str) -> int:
    """A member of that name's own, committed."""
    with transaction():
        identity_id = ensure_identity(appid="wxTest", openid=f"o{name}", now=NOON)
        return join_member(identity_id=identity_id, now=NOON)
