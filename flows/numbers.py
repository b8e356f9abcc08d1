"""A buyer picks a phone number: what he is shown, what he holds, what he lets go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from catalog.number_models import NumberClass, PhoneNumber
from catalog.number_queries import PAGE, Pattern, numbers_held, numbers_to_choose
from catalog.numbers import hold, let_go
from members.models import Member
from org.models import Tier
from org.queries import ancestors, node_by_code
from wx_backend.db import locked
from wx_backend.errors import BadInput, NotFound


@dataclass(frozen=True, slots=True)
class Choice:
    """One number to choose, or held already until an instant."""

    number: str
    grade: NumberClass
    until: datetime | None = None


def numbers_near(outlet_code: str, pattern: Pattern, *, limit: int = PAGE) -> list[Choice]:
    """Free numbers of an outlet's pool and its city's, others at each call. Raises BadInput."""
    if not pattern.is_sound:
        raise BadInput("号码只能包含数字", fields=["ending", "contains"])
    return [_choice(each) for each in numbers_to_choose(_pools(outlet_code), pattern, limit=limit)]


def hold_number(*, msisdn: str, member_id: int, now: datetime) -> Choice:
    """Hold a number for a member for some minutes. Raises NumberTaken, TooManyHolds."""
    if locked(select(Member).where(Member.id == member_id)) is None:
        raise NotFound
    until = hold(msisdn=msisdn, member_id=member_id, now=now)
    return next(
        each
        for each in held_numbers(member_id, now)
        if each.number == msisdn and each.until == until
    )


def drop_number(*, msisdn: str, member_id: int) -> bool:
    """Let a held number go."""
    return let_go(msisdn=msisdn, member_id=member_id)


def held_numbers(member_id: int, now: datetime) -> list[Choice]:
    """What a member holds."""
    return [_choice(each) for each in numbers_held(member_id, now)]


def _pools(outlet_code: str) -> Sequence[int]:
    """The outlet's own pool, and that of its city."""
    node = node_by_code(outlet_code)
    if node is None:
        return []
    city = ancestors(node.id).get(Tier.CITY)
    return [node.id] if city is None else [node.id, city]


def _choice(row: PhoneNumber) -> Choice:
    return Choice(row.msisdn, NumberClass(row.grade), row.until)
