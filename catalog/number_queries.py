"""Reads of the number pool: what may be chosen, who holds what, how much is left."""

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from sqlalchemy import Select, false, func, select

from catalog.number_models import NumberState, PhoneNumber
from catalog.numbers import SHUFFLE_MAX, chunks
from wx_backend.db import db

Row = TypeVar("Row", PhoneNumber, int)
PAGE: Final = 10
_DIGITS: Final = re.compile(r"[0-9]{1,11}\Z")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a number must look like: digits it ends with, or digits somewhere in it."""

    ending: str = ""
    contains: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it is made of digits alone."""
        typed = [text for text in (self.ending, self.contains) if text]
        return all(_DIGITS.match(text) for text in typed)


def numbers_to_choose(
    node_ids: Iterable[int], pattern: Pattern, *, limit: int = PAGE
) -> list[PhoneNumber]:
    """Free numbers of these pools in a new order each time.

    They are read from a random place of the shuffled pool on, round its end.
    """
    query = _matching(
        select(PhoneNumber).where(
            PhoneNumber.node_id.in_(set(node_ids)), PhoneNumber.state == NumberState.FREE
        ),
        pattern,
    ).order_by(PhoneNumber.shuffle, PhoneNumber.id)
    start = secrets.randbelow(SHUFFLE_MAX)
    found = list(db.session.scalars(query.where(PhoneNumber.shuffle >= start).limit(limit)))
    if len(found) < limit:
        before = query.where(PhoneNumber.shuffle < start).limit(limit - len(found))
        found += db.session.scalars(before)
    return found


def numbers_held(member_id: int, now: datetime) -> Sequence[PhoneNumber]:
    """What a member holds and has not ordered yet, the longest first."""
    return db.session.scalars(
        select(PhoneNumber)
        .where(
            PhoneNumber.member_id == member_id,
            PhoneNumber.state == NumberState.HELD,
            PhoneNumber.key.is_(None),
            PhoneNumber.until > now,
        )
        .order_by(PhoneNumber.until)
        .execution_options(populate_existing=True)
    ).all()


def number_by_msisdn(msisdn: str) -> PhoneNumber | None:
    """The number as it stands in the pool now."""
    return db.session.scalars(
        select(PhoneNumber)
        .where(PhoneNumber.msisdn == msisdn)
        .execution_options(populate_existing=True)
    ).one_or_none()


def taken_among(node_id: int, numbers: Sequence[str]) -> list[str]:
    """Which of these numbers of a pool somebody holds, ordered or has."""
    query = select(PhoneNumber.msisdn).where(
        PhoneNumber.node_id == node_id,
        PhoneNumber.state.in_((NumberState.HELD, NumberState.SOLD)),
    )
    found: list[str] = []
    for some in chunks(numbers):
        found += db.session.scalars(query.where(PhoneNumber.msisdn.in_(some)))
    return sorted(found)


def counts_by_node(scope: Select[int]) -> dict[int, dict[str, int]]:
    """How many numbers of each state the pools in a scope have, by node id."""
    rows = db.session.execute(
        select(PhoneNumber.node_id, PhoneNumber.state, func.count())
        .where(PhoneNumber.node_id.in_(scope))
        .group_by(PhoneNumber.node_id, PhoneNumber.state)
    )
    found: dict[int, dict[str, int]] = {}
    for node_id, state, count in rows:
        found.setdefault(node_id, {})[state] = count
    return found


def numbers_found(
    scope: Select[int],
    *,
    text: str = "",
    state: NumberState | None = None,
    after: int = 0,
    limit: int = 20,
) -> Sequence[PhoneNumber]:
    """Numbers of the pools in a scope, in their own order; `after` skips that many."""
    query = _found(select(PhoneNumber), scope, text, state).order_by(PhoneNumber.msisdn)
    return db.session.scalars(query.offset(after).limit(limit)).all()


def count_numbers(scope: Select[int], *, text: str = "", state: NumberState | None = None) -> int:
    """How many numbers that is."""
    query = _found(select(func.count()).select_from(PhoneNumber), scope, text, state)
    return db.session.scalar(query) or 0


def _found(
    query: Select[Row], scope: Select[int], text: str, state: NumberState | None
) -> Select[Row]:
    query = query.where(PhoneNumber.node_id.in_(scope))
    if text:
        query = query.where(PhoneNumber.msisdn.contains(text, autoescape=True))
    return query if state is None else query.where(PhoneNumber.state == state)


def _matching(query: Select[PhoneNumber], pattern: Pattern) -> Select[PhoneNumber]:
    if not pattern.is_sound:
        return query.where(false())
    if pattern.ending:
        query = query.where(PhoneNumber.msisdn.endswith(pattern.ending, autoescape=True))
    if pattern.contains:
        query = query.where(PhoneNumber.msisdn.contains(pattern.contains, autoescape=True))
    return query
