"""The people of the attribution examples, and short ways to say what happened when."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2s
from typing import Any

from referral.policy import Policy
from referral.rules import decide
from referral.values import Certainty, Decision, OrderFacts, Touch, TouchKind, VerdictReason

ALICE, DAVE, ERIN = 1, 2, 3
"""Three reps; Bob is the customer whose touches these are."""
CAROL = 9
"""Staff at the counter, herself a rep of the town outlet."""
NORTH, SOUTH, TOWN, HOME = 101, 102, 103, 104
OUTLETS = {ALICE: NORTH, DAVE: SOUTH, ERIN: SOUTH, CAROL: TOWN}

START = datetime(2026, 3, 1, 14, tzinfo=UTC)
"""Ten in the evening in Shanghai, when the hall is closed."""
SECOND = timedelta(seconds=1)
POLICY = Policy(version=1)

CONFIRMED = frozenset({TouchKind.SUBSCRIBE, TouchKind.SERVED, TouchKind.PAID})


def at(days: float = 0, *, seconds: float = 0, minutes: float = 0) -> datetime:
    """An instant relative to the start of the story."""
    return START + timedelta(days=days, minutes=minutes, seconds=seconds)


def touch(
    number: int,
    rep_id: int | None,
    kind: TouchKind = TouchKind.LINK_OPENED,
    event_at: datetime = START,
    **others: Any,
) -> Touch:
    """Bob's contact with a rep's code; follows, payments and service are confirmed acts."""
    values: dict[str, Any] = {
        "id": number,
        "key": blake2s(number.to_bytes(8), digest_size=16).digest(),
        "kind": kind,
        "certainty": Certainty.PLATFORM,
        "event_at": event_at,
        "known_at": event_at,
        "root_rep_id": rep_id,
        "is_confirmed_act": kind in CONFIRMED,
    }
    return Touch(**values | others)


def opens(number: int, rep_id: int | None, event_at: datetime, **others: Any) -> Touch:
    return touch(number, rep_id, TouchKind.LINK_OPENED, event_at, **others)


def follows(number: int, rep_id: int | None, event_at: datetime, **others: Any) -> Touch:
    return touch(number, rep_id, TouchKind.SUBSCRIBE, event_at, **others)


def is_pushed(number: int, rep_id: int | None, event_at: datetime, **others: Any) -> Touch:
    return touch(number, rep_id, TouchKind.LINK_OPENED, event_at, is_push=True, **others)


def order(placed_at: datetime, **others: Any) -> OrderFacts:
    """Bob's order line."""
    values: dict[str, Any] = {
        "placed_at": placed_at,
        "home_outlet_id": HOME,
        "rep_outlets": OUTLETS,
    }
    return OrderFacts(**values | others)


def decided(*touches: Touch, facts: OrderFacts | None = None) -> Decision:
    """The decision on an order of day 20, or on the one given."""
    return decide(touches, facts or order(at(20)), POLICY)


def verdict(decision: Decision, touch_id: int) -> VerdictReason:
    return next(each.reason for each in decision.verdicts if each.touch_id == touch_id)


def paid(decision: Decision) -> dict[tuple[str, int | None, int], int]:
    """(role, rep or None for the pool, outlet) -> basis points."""
    return {(p.role.value, p.rep_id, p.outlet_id): p.share_bp for p in decision.portions}
