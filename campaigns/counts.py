"""How many people of a campaign stand where, kept as it goes: a page sums some rows, not a million.

Every change of people adds its difference, in its own transaction and without waiting for anybody.
What is kept is what counting finds (`campaigns.queries.groups_of`); tests hold one against the other. Many
rows are summed up by the clock (`flows.campaign.counting`).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Select,
    String,
    delete,
    func,
    insert,
    literal,
    select,
    union_all,
)
from sqlalchemy.orm import Mapped, mapped_column

from campaigns.models import Recipient
from campaigns.queries import Group
from wx_backend.db import Model, db, id_column


class GroupDelta(Model):
    """So many people of a campaign more (or fewer) stand somewhere; see `Group`."""

    __tablename__ = "campaign_group_delta"
    __table_args__ = (Index("ix_campaign_group_delta_campaign", "campaign_id"),)
    __audited__: ClassVar = None

    id: Mapped[int] = id_column()
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    status: Mapped[str] = mapped_column(String(10))
    way: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    count: Mapped[int]


_Place = tuple[str, str | None, str | None]
_KEPT = (GroupDelta.status, GroupDelta.way, GroupDelta.reason)
_TRUE = (Recipient.status, Recipient.way, Recipient.reason)


@contextmanager
def counted(campaign_id: int, which: ColumnElement[bool]) -> Iterator[None]:
    """Change people of a campaign inside: those that `which` names, before as after. Locks them."""
    mine = select(*_TRUE).where(Recipient.campaign_id == campaign_id, which)
    change: Counter[_Place] = Counter()
    change.subtract(_tally(mine.order_by(Recipient.id).with_for_update()))
    yield
    change.update(_tally(mine))
    _add(campaign_id, change)


def kept_groups(campaign_id: int) -> list[Group]:
    """The people of a campaign, as counted by what was done to them."""
    total = func.sum(GroupDelta.count)
    rows = db.session.execute(
        select(*_KEPT, total)
        .where(GroupDelta.campaign_id == campaign_id)
        .group_by(*_KEPT)
        .having(total != 0)
    )
    return [Group(status, way, reason, int(count)) for status, way, reason, count in rows]


def put_right(campaign_id: int) -> None:
    """Add what is missing, then keep one row a group. For who holds the campaign's lock.

    A worker of an older version changes people without a word. One statement, so that what is being
    done meanwhile is in both sums or in neither.
    """
    mine = Recipient.campaign_id == campaign_id
    kept = GroupDelta.campaign_id == campaign_id
    both = union_all(
        select(*_TRUE, literal(1).label("count")).where(mine),
        select(*_KEPT, (-GroupDelta.count).label("count")).where(kept),
    ).subquery()
    missing = func.sum(both.c.count)
    difference = (
        select(literal(campaign_id), both.c.status, both.c.way, both.c.reason, missing)
        .group_by(both.c.status, both.c.way, both.c.reason)
        .having(missing != 0)
    )
    names = ("campaign_id", "status", "way", "reason", "count")
    db.session.execute(insert(GroupDelta).from_select(names, difference))
    sum_up(campaign_id)


def sum_up(campaign_id: int) -> None:
    """Keep one row a group, without counting anybody. For who holds the campaign's lock."""
    kept = GroupDelta.campaign_id == campaign_id
    gone = db.session.execute(delete(GroupDelta).where(kept).returning(*_KEPT, GroupDelta.count))
    total: Counter[_Place] = Counter()
    for status, way, reason, count in gone:
        total[status, way, reason] += count
    _add(campaign_id, total)


def kept_in_many(rows: int) -> Sequence[int]:
    """The campaigns whose counts are kept in more than so many rows."""
    many = select(GroupDelta.campaign_id).group_by(GroupDelta.campaign_id)
    return db.session.scalars(
        many.having(func.count() > rows).order_by(GroupDelta.campaign_id)
    ).all()


def forget_counts(campaign_id: int) -> None:
    """Its people are gone."""
    db.session.execute(delete(GroupDelta).where(GroupDelta.campaign_id == campaign_id))


def _tally(people: Select[*tuple[Any, ...]]) -> dict[_Place, int]:
    rows = people.subquery()
    places = (rows.c.status, rows.c.way, rows.c.reason)
    found = db.session.execute(select(*places, func.count()).group_by(*places))
    return {(status, way, reason): count for status, way, reason, count in found}


def _add(campaign_id: int, change: Counter[_Place]) -> None:
    rows = [
        {
            "campaign_id": campaign_id,
            "status": status,
            "way": way,
            "reason": reason,
            "count": change[status, way, reason],
        }
        for status, way, reason in sorted(change, key=str)
        if change[status, way, reason]
    ]
    if rows:
        db.session.execute(insert(GroupDelta), rows)
