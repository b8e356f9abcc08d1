"""A buyer picks a phone number: what he is shown, what he may hold and order, what he lets go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from catalog.number_models import NumberClass, PhoneNumber
from catalog.number_queries import (
    PAGE,
    Pattern,
    number_by_msisdn,
    numbers_held,
    numbers_to_choose,
)
from catalog.numbers import (
    HOLDS_MAX,
    NumberTaken,
    TooManyHolds,
    held_by,
    hold,
    let_go,
)
from catalog.offers import Offer
from catalog.rules import is_for
from flows.eligibility import places_of
from flows.visit import Opened, touch_link
from members.models import Member
from members.queries import member_ids_of
from org.models import Tier
from org.queries import ancestors, node_by_code
from wx_backend.db import locked
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.money import yuan


@dataclass(frozen=True, slots=True)
class Choice:
    """One number to choose, or held already until an instant."""

    number: str
    grade: NumberClass
    minimum_fen: int = 0
    until: datetime | None = None


class NumberTooFine(Conflict):
    """The number wants a plan with a higher monthly fee; `details.minimum_fen` says how high."""

    code, message = "number_too_fine", "该号码有最低月费要求，请更换套餐或号码"


class NumberElsewhere(Conflict):
    """The plan is for people of other places than the number's."""

    code, message = "number_elsewhere", "该号码的归属地不在套餐办理范围内，请更换号码"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A number somebody wants to order, and the offer it shall go with."""

    msisdn: str
    offer: Offer


def numbers_near(outlet_code: str, pattern: Pattern, *, limit: int = PAGE) -> list[Choice]:
    """Free numbers of an outlet's pool and its city's, others at each call. Raises BadInput."""
    if not pattern.is_sound:
        raise BadInput("号码只能包含数字", fields=["ending", "contains"])
    return [_choice(each) for each in numbers_to_choose(_pools(outlet_code), pattern, limit=limit)]


def hold_number(
    *,
    msisdn: str,
    member_id: int,
    identity_id: int,
    outlet_code: str,
    opened: Opened | None,
    now: datetime,
) -> Choice:
    """Hold a number of an outlet's pool or its city's for a member for some minutes.

    What he orders with it is credited as of now: the opened link is a touch before that. Raises NumberTaken,
    also for a number that is not offered there, and TooManyHolds.
    """
    person = _locked_person(member_id)
    _offered(msisdn, member_id, outlet_code)
    until = hold(msisdn=msisdn, member_id=member_id, now=now, also=person)
    if opened is not None:
        touch_link(opened, identity_id=identity_id, now=now)
    return next(
        each
        for each in held_numbers(member_id, now)
        if each.number == msisdn and each.until == until
    )


def require_orderable(
    picked: Sequence[Picked], *, member_id: int, outlet_code: str, now: datetime
) -> None:
    """Numbers are ordered by whom they are offered to, and with the plans they may go with.

    Raises NumberTaken, TooManyHolds, NumberTooFine, NumberElsewhere.
    """
    if not picked:
        return
    person = _locked_person(member_id)
    rows = [_offered(each.msisdn, member_id, outlet_code) for each in picked]
    new = sum(row.member_id not in person for row in rows)
    if new and held_by(person, now) + new > HOLDS_MAX:
        raise TooManyHolds
    for each, row in zip(picked, rows, strict=True):
        _require_match(row, each.offer)


def drop_number(*, msisdn: str, member_id: int) -> bool:
    """Let a held number go."""
    return let_go(msisdn=msisdn, member_id=member_id)


def held_numbers(member_id: int, now: datetime) -> list[Choice]:
    """What a member holds."""
    return [_choice(each) for each in numbers_held(member_id, now)]


def _require_match(row: PhoneNumber, offer: Offer) -> None:
    """Raises NumberTooFine, NumberElsewhere."""
    plans = [piece.plan for piece in offer.pieces if piece.plan is not None]
    if max((plan.monthly_fee_fen for plan in plans), default=0) < row.minimum_fen:
        raise NumberTooFine(
            f"该号码须搭配月费不低于 {yuan(row.minimum_fen)} 元的套餐，请更换套餐或号码",
            number=row.msisdn,
            minimum_fen=row.minimum_fen,
        )
    places = places_of(row.node_id)
    if not all(is_for(plan.eligibility, places) for plan in plans):
        raise NumberElsewhere(number=row.msisdn)


def _locked_person(member_id: int) -> Sequence[int]:
    """Every member this person is, locked: what he has at once is counted. Raises NotFound."""
    person = sorted(member_ids_of(member_id))
    if any(locked(select(Member).where(Member.id == each)) is None for each in person):
        raise NotFound
    return person


def _offered(msisdn: str, member_id: int, outlet_code: str) -> PhoneNumber:
    """A number that is offered near an outlet, or is the member's already. Raises NumberTaken."""
    row = number_by_msisdn(msisdn)
    if row is None or (row.member_id != member_id and row.node_id not in _pools(outlet_code)):
        raise NumberTaken(number=msisdn)
    return row


def _pools(outlet_code: str) -> Sequence[int]:
    """The outlet's own pool, and that of its city."""
    node = node_by_code(outlet_code)
    if node is None:
        return []
    city = ancestors(node.id).get(Tier.CITY)
    return [node.id] if city is None else [node.id, city]


def _choice(row: PhoneNumber) -> Choice:
    return Choice(row.msisdn, NumberClass(row.grade), row.minimum_fen, row.until)
