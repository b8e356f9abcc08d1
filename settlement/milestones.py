"""Rules of milestones as pure functions: what was reached when, and what an early end leaves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from settlement.models import Milestone
from settlement.rules import WHOLE_BP, taken_back
from wx_backend.clock import SHANGHAI
from wx_backend.errors import BadInput

HOLD_DAYS_MAX = 400
MONTHS_MAX = 120
BEGINNINGS = frozenset(
    {Milestone.RECEIVED, Milestone.ACTIVATED, Milestone.FIRST_TOP_UP, Milestone.MONTH_ALIVE}
)
"""What commission can wait for; the other milestones end it."""

Reached = tuple[Milestone, int]
"""A milestone and its month; the month is 0 but for months still on."""


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a commission, in basis points, and what frees it: a milestone and so many days."""

    milestone: Milestone
    hold_days: int
    part_bp: int = WHOLE_BP
    month: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """How the commission on a line becomes free, and within how many months an end takes it back."""

    steps: tuple[Step, ...]
    term_months: int


@dataclass(frozen=True, slots=True)
class Fate:
    """What happened to a line so far: refunds in fen, and its milestones with their instants."""

    paid_fen: int
    refunded_fen: int
    term_months: int
    events: Mapping[Reached, datetime]

    def reached_at(self, milestone: Milestone, month: int) -> datetime | None:
        """When a milestone was reached; None when it was not, or after the plan had ended."""
        happened_at = self.events.get((milestone, month))
        ended_at = self.events.get((Milestone.CANCELLED, 0))
        is_late = happened_at is not None and ended_at is not None and happened_at > ended_at
        return None if is_late else happened_at

    def lost_of(self, amount_fen: int, milestone: Milestone, month: int) -> int:
        """How much of a part is not the receiver's, or not any more.

        A function of the facts alone: the same in whatever order they became known. Refunds take
        in proportion; an early end takes the months that were left, and all that was not reached.
        """
        if (Milestone.FORFEITED, 0) in self.events:
            return amount_fen
        is_cancelled = (Milestone.CANCELLED, 0) in self.events
        if is_cancelled and self.reached_at(milestone, month) is None:
            return amount_fen
        kept, term = 1, 1
        if is_cancelled and self.term_months:
            kept, term = self._months_used(), self.term_months
        # A free line cannot be refunded: one fen stands for what it cost.
        whole = max(1, self.paid_fen) * term
        left = (max(1, self.paid_fen) - self.refunded_fen) * kept
        return taken_back(amount_fen, refunded_fen=whole - left, paid_fen=whole)

    def _months_used(self) -> int:
        """Whole months from activation to the early end; none without activation."""
        activated_at = self.events.get((Milestone.ACTIVATED, 0))
        if activated_at is None:
            return 0
        ended_at = self.events[(Milestone.CANCELLED, 0)]
        return min(self.term_months, max(0, months_between(activated_at, ended_at)))


def months_between(start: datetime, end: datetime) -> int:
    """Whole calendar months in Shanghai from one instant to another; a 31st ends with its month."""
    first, last = start.astimezone(SHANGHAI), end.astimezone(SHANGHAI)
    months = (last.year - first.year) * 12 + last.month - first.month
    is_last_day = (last + timedelta(days=1)).month != last.month
    is_full = last.day >= first.day or is_last_day
    return months if is_full else months - 1


def check_steps(steps: Sequence[Step]) -> None:
    """Raise BadInput unless the steps are different beginnings whose parts make up the whole."""
    if sum(step.part_bp for step in steps) != WHOLE_BP:
        raise BadInput("各部分合计须为100%", fields=["steps"])
    if any(step.part_bp <= 0 for step in steps):
        raise BadInput("每一部分须大于0", fields=["steps"])
    if len({(step.milestone, step.month) for step in steps}) != len(steps):
        raise BadInput("同一条件只能出现一次", fields=["steps"])
    if any(step.milestone not in BEGINNINGS for step in steps):
        raise BadInput("不能作为结算条件", fields=["steps"])
    if any(not 0 <= step.hold_days <= HOLD_DAYS_MAX for step in steps):
        raise BadInput("天数须在 0 到 400 之间", fields=["hold_days"])
    if any(not _is_month(step) for step in steps):
        raise BadInput("在网月份须为1到120", fields=["month"])


def _is_month(step: Step) -> bool:
    if step.milestone is Milestone.MONTH_ALIVE:
        return 1 <= step.month <= MONTHS_MAX
    return step.month == 0


def steps_as_json(steps: Iterable[Step]) -> list[dict[str, str | int]]:
    """Steps as rows keep them."""
    return [
        {
            "milestone": step.milestone,
            "month": step.month,
            "part_bp": step.part_bp,
            "hold_days": step.hold_days,
        }
        for step in steps
    ]


def steps_from_json(stored: Iterable[Mapping[str, str | int]]) -> tuple[Step, ...]:
    """The reverse of `steps_as_json`; ValueError for an unknown milestone."""
    return tuple(
        Step(
            milestone=Milestone(str(each["milestone"])),
            month=int(each["month"]),
            part_bp=int(each["part_bp"]),
            hold_days=int(each["hold_days"]),
        )
        for each in stored
    )
