"""Which touch leads: the touches of one customer judged one after the other, as they happened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from referral.policy import Terms
from referral.values import (
    DECIDING,
    Certainty,
    OrderFacts,
    Touch,
    TouchKind,
    Verdict,
    VerdictReason,
    whole_second,
)

_RANK = {kind: rank for rank, kind in enumerate(TouchKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """The outcome: a verdict per touch in order, and the touch that leads, if any does.

    `protected_until` is set while the leader's protection is on at the deciding moment.
    `outlet_touch` is the last contact with a code that belongs to an outlet and to no rep.
    """

    ordered: tuple[Touch, ...]
    verdicts: tuple[Verdict, ...]
    leader: Touch | None
    protected_until: datetime | None
    outlet_touch: Touch | None


def in_order(touches: Iterable[Touch]) -> list[Touch]:
    """Touches by (event cut to the second, kind, key digest), each id once; the order is total.

    Raises ValueError when two different touches carry one id.
    """
    by_id: dict[int, Touch] = {}
    for touch in touches:
        if by_id.setdefault(touch.id, touch) != touch:
            raise ValueError(f"two different touches with the id {touch.id}")
    return sorted(by_id.values(), key=_order)


def judge_all(touches: Iterable[Touch], facts: OrderFacts, terms: Terms) -> Contest:
    """Judge every touch; pure, independent of the order and of repeats in `touches`."""
    ordered = in_order(touches)
    run = _Run(facts, terms, _first_known(ordered))
    run.is_proven = _is_proven(ordered, run)
    found = [run.judge(touch) for touch in ordered]
    leader = run.leader
    return Contest(
        ordered=tuple(ordered),
        verdicts=tuple(
            verdict or run.verdict_on_counted(touch)
            for touch, verdict in zip(ordered, found, strict=True)
        ),
        leader=leader,
        protected_until=run.protected_until if run.is_protected(facts.frozen_at) else None,
        outlet_touch=run.outlet_touch,
    )


def _is_proven(ordered: Iterable[Touch], run: "_Run") -> bool:
    """Whether somebody would lead by what happened here alone, without imports and what we sent out."""
    if not any(touch.kind is TouchKind.IMPORTED for touch in ordered):
        return False
    alone = _Run(run.facts, run.terms, run.first_known)
    for touch in ordered:
        if touch.kind is not TouchKind.IMPORTED and not touch.is_push:
            alone.judge(touch)
    return alone.leader is not None


def _order(touch: Touch) -> tuple[datetime, int, bytes, datetime, int]:
    second = whole_second(touch.event_at)
    return second, _RANK[touch.kind], touch.key, touch.known_at, touch.id


def _first_known(touches: Iterable[Touch]) -> dict[bytes, int]:
    """The id under which each event became known for sure; the others repeat it."""
    latest_first = sorted(touches, key=_credence, reverse=True)
    return {touch.key: touch.id for touch in latest_first}


def _credence(touch: Touch) -> tuple[bool, datetime, int]:
    return touch.certainty not in DECIDING, touch.known_at, touch.id


@dataclass(slots=True)
class _Run:
    """The state of the walk: whose the customer is, and who is protected until when.

    `is_proven`: a contact that happened here leads anyhow, so that imported ones yield to it.
    """

    facts: OrderFacts
    terms: Terms
    first_known: dict[bytes, int]
    is_proven: bool = False
    last_counted: Touch | None = None
    protector: int | None = None
    protected_until: datetime | None = None
    reps_in_window: set[int] = field(default_factory=set)
    outlet_touch: Touch | None = None
    window: timedelta = field(init=False)
    placed_at: datetime = field(init=False)
    frozen_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.window = timedelta(days=self.terms.window_days)
        self.placed_at, self.frozen_at = whole_second(self.facts.placed_at), self.facts.frozen_at

    @property
    def leader(self) -> Touch | None:
        """The last touch that counted, if it is within the window of the order."""
        return self.last_counted if self.reps_in_window else None

    def is_protected(self, at: datetime) -> bool:
        return self.protected_until is not None and at < self.protected_until

    def judge(self, touch: Touch) -> Verdict | None:
        """The verdict on a touch that does not count; None and a change of state if it does."""
        at = whole_second(touch.event_at)
        refused = self._refused_alone(touch, at)
        if refused is not None:
            return Verdict(touch_id=touch.id, reason=refused)
        rep_id = touch.root_rep_id
        if rep_id is None:
            if touch.outlet_id is not None and self._in_window(at):
                self.outlet_touch = touch
            return Verdict(touch_id=touch.id, reason=VerdictReason.NO_EMPLOYEE_ON_PATH)
        lost = self._lost_to_others(touch, rep_id, at)
        if lost is None:
            self._count(touch, rep_id, at)
        return lost

    def verdict_on_counted(self, touch: Touch) -> Verdict:
        """What became of a touch that counted, now that the leader is known."""
        if not self._in_window(whole_second(touch.event_at)):
            return Verdict(touch_id=touch.id, reason=VerdictReason.OUTSIDE_WINDOW)
        if touch is not self.leader:
            return Verdict(touch_id=touch.id, reason=VerdictReason.EARLIER_THAN_WINNER)
        return Verdict(touch_id=touch.id, reason=VerdictReason.WON)

    def _refused_alone(self, touch: Touch, at: datetime) -> VerdictReason | None:
        """Refusals that need no other touch than an earlier copy of this one."""
        if self.first_known[touch.key] != touch.id:
            return VerdictReason.DUPLICATE
        if touch.certainty not in DECIDING:
            inferred = touch.certainty is Certainty.INFERRED
            return VerdictReason.INFERRED if inferred else VerdictReason.UNVERIFIED
        if at > self.placed_at:
            return VerdictReason.AFTER_ORDER
        if at > self.frozen_at:
            is_held = self.facts.hold_at is not None and at > whole_second(self.facts.hold_at)
            return VerdictReason.AFTER_HOLD if is_held else VerdictReason.AFTER_CHOICE
        return None

    def _lost_to_others(self, touch: Touch, rep_id: int, at: datetime) -> Verdict | None:
        """Refusals because of what colleagues, or the rep himself, did."""
        if touch.kind is TouchKind.IMPORTED and self.is_proven:
            return Verdict(touch_id=touch.id, reason=VerdictReason.YIELDS_TO_PROVEN)
        if self.is_protected(at) and self.protector != rep_id:
            return Verdict(
                touch_id=touch.id,
                reason=VerdictReason.INSIDE_COLLEAGUES_PROTECTION,
                rival_rep_id=self.protector,
                until=self.protected_until,
            )
        owner = self._owner(at) if touch.is_push else None
        if owner == rep_id:
            return Verdict(touch_id=touch.id, reason=VerdictReason.PUSH_EXTENDS_NOTHING)
        if owner is not None:
            reason = VerdictReason.PUSH_TO_A_COLLEAGUES_CUSTOMER
            return Verdict(touch_id=touch.id, reason=reason, rival_rep_id=owner)
        if self._is_too_late(rep_id, at):
            return Verdict(touch_id=touch.id, reason=VerdictReason.FIRST_TOUCH_TOO_LATE)
        return None

    def _owner(self, at: datetime) -> int | None:
        """Whose the customer was at a moment: the rep of the last counted touch still valid."""
        last = self.last_counted
        if last is None or whole_second(last.event_at) < at - self.window:
            return None
        return last.root_rep_id

    def _is_too_late(self, rep_id: int, at: datetime) -> bool:
        """A first touch just before a hold, when somebody else had been there before."""
        if self.facts.hold_at is None:
            return False
        recent_from = self.frozen_at - timedelta(minutes=self.terms.flash_recent_minutes)
        return at >= recent_from and bool(self.reps_in_window) and rep_id not in self.reps_in_window

    def _count(self, touch: Touch, rep_id: int, at: datetime) -> None:
        self.last_counted = touch
        if self._in_window(at):
            self.reps_in_window.add(rep_id)
        if touch.is_confirmed_act and not touch.is_push:
            self.protector = rep_id
            self.protected_until = at + timedelta(days=self.terms.protection_days)

    def _in_window(self, at: datetime) -> bool:
        return at >= self.frozen_at - self.window
