"""Verbs on the number pool: bring numbers in, take them out, hold, claim, keep, sell, give back, let rest.

Every change is one conditional UPDATE, so that two people never get the same number. A member
holds a number for minutes while he fills in the form; his order line claims it under its key,
payment keeps it without an end, activation sells it. Until he pays he has a few at most.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, null, or_, select, update

from catalog.number_models import NumberClass, NumberState, PhoneNumber
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict

HELD_FOR: Final = timedelta(minutes=15)
HOLDS_MAX: Final = 3
# A number that billing may know of is not given to the next one at once.
QUARANTINE: Final = timedelta(days=90)
SHUFFLE_MAX: Final = 2**31 - 1
AT_ONCE: Final = 1_000


class NumberTaken(Conflict):
    """Somebody else has it, or it is not in the pool (any more)."""

    code, message = "number_taken", "该号码已被选走，请换一个号码"


class TooManyHolds(Conflict):
    code, message = "too_many_holds", f"最多可同时预占 {HOLDS_MAX} 个号码，请先付款或释放其他号码"


@dataclass(frozen=True, slots=True)
class NumberData:
    """One number to bring in; plans with a lower monthly fee than `minimum_fen` do not get it."""

    msisdn: str
    grade: NumberClass = NumberClass.ORDINARY
    minimum_fen: int = 0


def import_numbers(*, node_id: int, numbers: Iterable[NumberData], now: datetime) -> int:
    """Bring numbers into the pool of a city or outlet; how many were new."""
    return sum(
        upsert(
            PhoneNumber,
            {
                "msisdn": each.msisdn,
                "node_id": node_id,
                "grade": each.grade,
                "minimum_fen": each.minimum_fen,
                "state": NumberState.FREE,
                "shuffle": secrets.randbelow(SHUFFLE_MAX),
                "imported_at": now,
            },
            key=("msisdn",),
        )
        for each in numbers
    )


def withdraw(*, node_id: int, numbers: Sequence[str], now: datetime) -> int:
    """Take numbers out of a pool for good, sold elsewhere or ported away; how many were on offer.

    Those that somebody holds, ordered or has stay his. One that rests keeps the end of its rest.
    """
    is_nobodys = or_(_is_free(now), PhoneNumber.state == NumberState.QUARANTINED)
    out = {**_FREED, "state": NumberState.WITHDRAWN, "until": _end_of_rest(now)}
    return _moved_of(node_id, numbers, is_nobodys, **out)


def put_back(*, node_id: int, numbers: Sequence[str], now: datetime) -> int:
    """Offer numbers again that were taken out of a pool, once their rest is over; how many."""
    rests = (PhoneNumber.until > now, NumberState.QUARANTINED)
    back = {**_FREED, "state": case(rests, else_=NumberState.FREE), "until": _end_of_rest(now)}
    return _moved_of(node_id, numbers, PhoneNumber.state == NumberState.WITHDRAWN, **back)


def hold(*, msisdn: str, member_id: int, now: datetime, also: Collection[int] = ()) -> datetime:
    """Hold a number for a member for a while; until when. Raises NumberTaken, TooManyHolds.

    Holding it again while the hold stands lengthens nothing and locks it. `also` are the other members the
    same person is. The caller has locked them, who could otherwise hold too many at once.
    """
    its = PhoneNumber.msisdn == msisdn
    query = select(PhoneNumber).where(its, _is_held_by(member_id), PhoneNumber.until > now)
    standing = locked(query)
    if standing is not None and standing.until is not None:
        return standing.until
    if held_by({member_id, *also}, now) >= HOLDS_MAX:
        raise TooManyHolds
    until = now + HELD_FOR
    if not _move(
        its,
        _is_free(now),
        state=NumberState.HELD,
        member_id=member_id,
        key=None,
        until=until,
        held_at=now,
    ):
        raise NumberTaken(number=msisdn)
    return until


def let_go(*, msisdn: str, member_id: int) -> bool:
    """A member does not want the number he holds; False when he held none."""
    return _move(PhoneNumber.msisdn == msisdn, _is_held_by(member_id), **_FREED)


def claim(
    *, msisdn: str, member_id: int, key: str, until: datetime, now: datetime
) -> datetime | None:
    """An order line takes the number its buyer holds, or a free one; since when he held it.

    Raises NumberTaken.
    """
    stands = and_(_is_held_by(member_id), PhoneNumber.until > now)
    if not _move(
        PhoneNumber.msisdn == msisdn,
        or_(_is_free(now), _is_held_by(member_id)),
        state=NumberState.HELD,
        member_id=member_id,
        key=key,
        until=until,
        held_at=case((stands, PhoneNumber.held_at), else_=null()),
    ):
        raise NumberTaken(number=msisdn)
    return db.session.scalar(select(PhoneNumber.held_at).where(PhoneNumber.key == key))


def keep(*, msisdn: str, member_id: int, key: str, now: datetime) -> bool:
    """The line is paid: its number waits for it without an end. False when it is gone.

    A number that was given back meanwhile is taken again while it is free.
    """
    is_its = and_(
        PhoneNumber.key == key, PhoneNumber.state.in_((NumberState.HELD, NumberState.SOLD))
    )
    if _move(is_its, PhoneNumber.state == NumberState.HELD, until=None):
        return True
    if db.session.scalar(select(PhoneNumber.id).where(is_its)) is not None:
        return True
    return _move(
        PhoneNumber.msisdn == msisdn,
        _is_free(now),
        state=NumberState.HELD,
        member_id=member_id,
        key=key,
        until=None,
        held_at=None,
    )


def sell(*, key: str) -> bool:
    """The line is active: its number is sold; False when it has none."""
    return _move(PhoneNumber.key == key, state=NumberState.SOLD, until=None)


def release(*, key: str) -> bool:
    """The unpaid line is gone: its number is everybody's again."""
    return _move(PhoneNumber.key == key, PhoneNumber.state == NumberState.HELD, **_FREED)


def rest(*, key: str, now: datetime) -> bool:
    """The paid line was taken back: its number rests before anybody may choose it again."""
    return _move(
        PhoneNumber.key == key,
        state=NumberState.QUARANTINED,
        member_id=None,
        key=None,
        until=now + QUARANTINE,
        held_at=None,
    )


def hand_over(*, keys: Collection[str], member_id: int) -> None:
    """These order lines are another member's: so are the numbers they hold or have bought."""
    _move(PhoneNumber.key.in_(keys), member_id=member_id)


def free_due(*, now: datetime) -> int:
    """Free what was held or rested past its time; how many numbers."""
    return _moved(
        PhoneNumber.until <= now,
        PhoneNumber.state.in_((NumberState.HELD, NumberState.QUARANTINED)),
        **_FREED,
    )


def held_by(member_ids: Collection[int], now: datetime) -> int:
    """How many numbers somebody has and has not paid for: held, or ordered."""
    query = select(func.count()).where(
        PhoneNumber.member_id.in_(member_ids),
        PhoneNumber.state == NumberState.HELD,
        PhoneNumber.until > now,
    )
    return db.session.scalar(query) or 0


_FREED: Final[dict[str, Any]] = {
    "state": NumberState.FREE,
    "member_id": None,
    "key": None,
    "until": None,
    "held_at": None,
}


def _is_held_by(member_id: int) -> ColumnElement[bool]:
    """Held by a member for himself, for no line of an order yet."""
    return and_(
        PhoneNumber.state == NumberState.HELD,
        PhoneNumber.member_id == member_id,
        PhoneNumber.key.is_(None),
    )


def _is_free(now: datetime) -> ColumnElement[bool]:
    """Free, or held or resting past its time though nobody has swept yet."""
    is_over = and_(
        PhoneNumber.state.in_((NumberState.HELD, NumberState.QUARANTINED)),
        PhoneNumber.until <= now,
    )
    return or_(PhoneNumber.state == NumberState.FREE, is_over)


def _end_of_rest(now: datetime) -> ColumnElement[datetime | None]:
    """The end of the rest of a number that is nobody's; None where it does not rest (any more)."""
    return case((PhoneNumber.until > now, PhoneNumber.until), else_=null())


def _move(*conditions: ColumnElement[bool], **values: Any) -> bool:
    return bool(_moved(*conditions, **values))


def chunks(numbers: Sequence[str]) -> Iterator[Sequence[str]]:
    """These few enough at a time for one statement."""
    return (numbers[at : at + AT_ONCE] for at in range(0, len(numbers), AT_ONCE))


def _moved_of(
    node_id: int, numbers: Sequence[str], condition: ColumnElement[bool], **values: Any
) -> int:
    pool = PhoneNumber.node_id == node_id
    return sum(
        _moved(pool, PhoneNumber.msisdn.in_(some), condition, **values) for some in chunks(numbers)
    )


def _moved(*conditions: ColumnElement[bool], **values: Any) -> int:
    changed = db.session.execute(
        update(PhoneNumber)
        .where(*conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult
