"""Two persons who proved one phone and have something to see: one customer once both have agreed.

The code of a phone can be told to a stranger. Whose orders or addresses would be seen by it says so
himself, signed in by his own WeChat; whoever has nothing yet has agreed from the start, until he
has something.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select

from members.joining import join_members
from members.models import LinkKind, PhoneJoin
from members.queries import member_ids_of, members_of_phone, persons_of
from wx_backend.db import db, locked, upsert_all
from wx_backend.errors import Conflict, NotFound

_ASKED: Final = ("asked_at", "first_agreed_at", "second_agreed_at")


class JoinOver(Conflict):
    """It was refused, is too old, or one of the two has rights in the shop by now."""

    code, message = "join_over", "这个合并请求已失效"


def propose(
    first: int, second: int, *, agreed: Collection[int], since: datetime, now: datetime
) -> None:
    """Ask two persons, once; whoever of them is in `agreed` need not be asked.

    What nobody has answered and came up before `since` is asked anew.
    """
    one, other = sorted((first, second))
    values = {
        "first_id": one,
        "second_id": other,
        "asked_at": now,
        "first_agreed_at": now if one in agreed else None,
        "second_agreed_at": now if other in agreed else None,
    }
    upsert_all(
        PhoneJoin,
        [values],
        key=("first_id", "second_id"),
        change=lambda _, new: {name: new[name] for name in _ASKED},
        where=lambda old, _: (
            old.refused_at.is_(None) & old.joined_at.is_(None) & (old.asked_at <= since)
        ),
    )


def waiting_for(member_id: int, *, since: datetime) -> Sequence[PhoneJoin]:
    """What this person has not answered yet, of what came up after `since`."""
    mine = member_ids_of(member_id)
    first = PhoneJoin.first_id.in_(mine) & PhoneJoin.first_agreed_at.is_(None)
    second = PhoneJoin.second_id.in_(mine) & PhoneJoin.second_agreed_at.is_(None)
    rows = db.session.scalars(
        select(PhoneJoin)
        .where(
            or_(first, second),
            PhoneJoin.refused_at.is_(None),
            PhoneJoin.joined_at.is_(None),
            PhoneJoin.asked_at > since,
        )
        .order_by(PhoneJoin.id)
    )
    return [row for row in rows if not {row.first_id, row.second_id} <= mine]


def agree(
    join_id: int,
    *,
    member_id: int,
    since: datetime,
    has_rights: Callable[[frozenset[int]], bool],
    has_things: Callable[[frozenset[int]], bool],
    now: datetime,
) -> bool:
    """One of the two agrees; True when they are one by it. A proof from before `since` counts no more.

    Whoever had nothing when it came up and has something now is asked after all.

    Raises NotFound for whom it does not concern, and JoinOver. Agreeing again changes nothing.
    """
    row, mine = _mine(join_id, member_id)
    if row.joined_at is not None:
        return True
    if row.refused_at is not None or row.asked_at <= since:
        raise JoinOver
    row.first_agreed_at, row.second_agreed_at = (
        stamp or (now if side in mine else None) for side, stamp in _agreed(row, has_things)
    )
    if row.first_agreed_at is None or row.second_agreed_at is None:
        return False
    persons = persons_of({row.first_id, row.second_id})
    if any(
        has_rights(member_ids_of(each))
        or not persons <= members_of_phone(member_ids_of(each), since=since)
        for each in persons
    ):
        raise JoinOver
    join_members(persons, into=min(persons), kind=LinkKind.PHONE, now=now)
    row.joined_at = now
    db.session.flush()
    return True


def refuse(join_id: int, *, member_id: int, now: datetime) -> None:
    """One of the two says that the other is somebody else: they are not asked again.

    Raises NotFound for whom it does not concern, and JoinOver when they are one already.
    """
    row, _ = _mine(join_id, member_id)
    if row.joined_at is not None:
        raise JoinOver
    row.refused_at = row.refused_at or now
    db.session.flush()


def no_longer_joined(
    member_ids: Collection[int | None], since: datetime | None, *, now: datetime
) -> None:
    """Of those who agreed to be one with these members since, whoever was parted is not asked again."""
    rows = db.session.scalars(
        select(PhoneJoin).where(
            or_(PhoneJoin.first_id.in_(member_ids), PhoneJoin.second_id.in_(member_ids)),
            PhoneJoin.joined_at >= since,
        )
    )
    for row in rows:
        if not persons_of({row.first_id}) & persons_of({row.second_id}):
            row.joined_at, row.refused_at = None, now
    db.session.flush()


def _agreed(
    row: PhoneJoin, has_things: Callable[[frozenset[int]], bool]
) -> Iterator[tuple[int, datetime | None]]:
    """The two, and when each agreed: to have had nothing once is no agreement of who has something."""
    for side, stamp in (
        (row.first_id, row.first_agreed_at),
        (row.second_id, row.second_agreed_at),
    ):
        is_by_having_nothing = stamp == row.asked_at
        yield side, None if is_by_having_nothing and has_things(member_ids_of(side)) else stamp


def _mine(join_id: int, member_id: int) -> tuple[PhoneJoin, frozenset[int]]:
    row = locked(select(PhoneJoin).where(PhoneJoin.id == join_id))
    mine = member_ids_of(member_id)
    if row is None or not {row.first_id, row.second_id} & mine:
        raise NotFound("没有找到这个合并请求")
    return row, mine
