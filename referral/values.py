"""What attribution is decided from and what comes out: plain values, no rows, no clock.

All instants are aware UTC; they are compared in whole seconds, because the platform tells no finer.
Shares of a line are basis points and add up to 10,000.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class TouchKind(StrEnum):
    """What happened between a customer and a code, in rising weight within one second."""

    IMPORTED = "imported"
    LINK_OPENED = "link_opened"
    LAUNCHED = "launched"
    SCAN = "scan"
    SUBSCRIBE = "subscribe"
    SERVED = "served"
    PAID = "paid"


OPENED = frozenset({TouchKind.LINK_OPENED, TouchKind.LAUNCHED})
"""A link was opened by a person: in a browser, or in a mini-program."""
CONFIRMED = frozenset({TouchKind.SUBSCRIBE, TouchKind.SERVED, TouchKind.PAID})
"""Acts that begin or renew a rep's protection."""


class Certainty(StrEnum):
    """How sure we are that the contact was with this share."""

    PLATFORM = "platform"
    """An authenticated push of the platform named the code."""
    SIGNED = "signed"
    """A share token of ours, its signature checked."""
    LEGACY = "legacy"
    """A code or link of an older system, unsigned, within its end date."""
    STAFF = "staff"
    """A member of staff recorded it while signed in."""
    INFERRED = "inferred"
    """Guessed from something near by, such as a Moments view; shown, never decides."""
    UNVERIFIED = "unverified"
    """Token missing, altered or expired; shown, never decides."""


DECIDING = frozenset({Certainty.PLATFORM, Certainty.SIGNED, Certainty.LEGACY, Certainty.STAFF})


class Reason(StrEnum):
    """Why the line went where it went."""

    LAST_EMPLOYEE = "last_employee"
    SPLIT_AT_COUNTER = "split_at_counter"
    ACCEPTOR_TAKES_LINE = "acceptor_takes_line"
    SELF_PURCHASE = "self_purchase"
    REP_LEFT = "rep_left"
    OUTLET_OF_CODE = "outlet_of_code"
    PICKUP_OUTLET = "pickup_outlet"
    HOME_OUTLET = "home_outlet"


class VerdictReason(StrEnum):
    """Why one touch won or lost; the first one that applies, in this order."""

    DUPLICATE = "duplicate"
    UNVERIFIED = "unverified"
    INFERRED = "inferred"
    AFTER_ORDER = "after_order"
    AFTER_HOLD = "after_hold"
    AFTER_CHOICE = "after_choice"
    NO_EMPLOYEE_ON_PATH = "no_employee_on_path"
    YIELDS_TO_PROVEN = "yields_to_proven"
    INSIDE_COLLEAGUES_PROTECTION = "inside_colleagues_protection"
    PUSH_TO_A_COLLEAGUES_CUSTOMER = "push_to_a_colleagues_customer"
    PUSH_EXTENDS_NOTHING = "push_extends_nothing"
    FIRST_TOUCH_TOO_LATE = "first_touch_too_late"
    OUTSIDE_WINDOW = "outside_window"
    EARLIER_THAN_WINNER = "earlier_than_winner"
    TAKEN_AT_COUNTER = "taken_at_counter"
    REP_LEFT = "rep_left"
    SELF_PURCHASE = "self_purchase"
    WON = "won"


class Role(StrEnum):
    """In which of the two capacities a part of the line is earned."""

    DEVELOPER = "developer"
    ACCEPTOR = "acceptor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One act of sharing on the way to the customer; `rep_id` is None for a consumer's re-share."""

    share_id: int
    rep_id: int | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One contact of the customer with a code or share; never changes.

    `key` is the digest of the event's natural key: two touches with one key are one event.
    `root_rep_id` is the last employee on the path, `outlet_id` the outlet the code belongs to.
    `is_confirmed_act`: a follow through his code, a paid order, served at the counter.
    `is_push`: the click on a campaign link that we sent out, not something the rep did.
    Raises ValueError for naive instants and when the path names another last employee.
    """

    id: int
    key: bytes
    kind: TouchKind
    certainty: Certainty
    event_at: datetime
    known_at: datetime
    root_rep_id: int | None
    is_confirmed_act: bool
    is_push: bool = False
    outlet_id: int | None = None
    code_id: int | None = None
    share_id: int | None = None
    path: tuple[Hop, ...] = ()

    def __post_init__(self) -> None:
        if self.event_at.tzinfo is None or self.known_at.tzinfo is None:
            raise ValueError(f"touch {self.id} has a naive instant")
        if self.path and last_employee(self.path) != self.root_rep_id:
            raise ValueError(f"touch {self.id} credits somebody else than its path")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heir:
    """Who stands in for a rep who left: a rep, or the pool of an outlet (exactly one of them)."""

    rep_id: int | None = None
    outlet_id: int | None = None

    def __post_init__(self) -> None:
        if (self.rep_id is None) == (self.outlet_id is None):
            raise ValueError("an heir is either a rep or an outlet")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What is known about one order line, as of the moment it was placed.

    `hold_at`: the successful hold of its number, which freezes attribution, and so does
    `chosen_at`, the moment its goods were put in the cart, where they waited there.
    `own_rep_ids`: the reps who are themselves the buyer or the line user.
    `rep_outlets`: rep -> outlet; `heirs`: rep who left -> who stands in.
    Raises ValueError for naive instants, and for a hold or a choice after the order.
    """

    placed_at: datetime
    home_outlet_id: int
    pickup_outlet_id: int | None = None
    hold_at: datetime | None = None
    chosen_at: datetime | None = None
    channel_class: str = ""
    product_category: str = ""
    own_rep_ids: frozenset[int] = frozenset()
    acceptor_rep_id: int | None = None
    rep_outlets: Mapping[int, int] = field(default_factory=dict)
    heirs: Mapping[int, Heir] = field(default_factory=dict)

    def __post_init__(self) -> None:
        before = [at for at in (self.hold_at, self.chosen_at) if at is not None]
        if any(at.tzinfo is None for at in (self.placed_at, *before)):
            raise ValueError("an order has aware instants")
        if any(at > self.placed_at for at in before):
            raise ValueError("the hold and the choice come before the order")

    @property
    def frozen_at(self) -> datetime:
        """The whole second after which no touch counts: the choice, the hold, or else the order."""
        before = [at for at in (self.hold_at, self.chosen_at) if at is not None]
        return whole_second(min(before, default=self.placed_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of one touch; `rival_rep_id` and `until` say whose protection lasted how long."""

    touch_id: int
    reason: VerdictReason
    rival_rep_id: int | None = None
    until: datetime | None = None

    @property
    def is_won(self) -> bool:
        """Did this touch decide the line?"""
        return self.reason is VerdictReason.WON


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """A part of the line in basis points; no `rep_id` means the pool of the outlet."""

    role: Role
    rep_id: int | None
    outlet_id: int
    share_bp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who is credited for one line and why; `portions` add up to 10,000 basis points.

    `developer_rep_id` is None where no rep earns as developer; `acceptor_rep_id` is who served.
    `overridden_rep_id` lost the line to the acceptor; `left_rep_id` has an heir standing in.
    `protected_until` is the end of the developer's protection, if it was on.
    """

    policy_version: int
    reason: Reason
    developer_rep_id: int | None
    acceptor_rep_id: int | None
    outlet_id: int
    winning_touch_id: int | None
    portions: tuple[Portion, ...]
    verdicts: tuple[Verdict, ...]
    overridden_rep_id: int | None = None
    left_rep_id: int | None = None
    protected_until: datetime | None = None

    def share_bp(self, role: Role) -> int:
        """What a rep earns of the line in this capacity, in basis points; a pool's part is not his."""
        return sum(part.share_bp for part in self.portions if part.role is role and part.rep_id)


def last_employee(path: Sequence[Hop]) -> int | None:
    """The rep a share belongs to: A shares to B, B re-shares to C, then C is A's."""
    return next((hop.rep_id for hop in reversed(path) if hop.rep_id is not None), None)


def whole_second(instant: datetime) -> datetime:
    """The instant cut to the second."""
    return instant.replace(microsecond=0) if instant.microsecond else instant
