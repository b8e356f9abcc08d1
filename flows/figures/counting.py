"""What happened is counted, exactly once; and what was counted can be compared and mended."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Final

from flows.figures.facts import facts_of
from insights.models import Source
from insights.operations import (
    begin_counting,
    count_facts,
    unknown_facts,
    waiting,
    without_waiting,
)
from insights.rebuild import compare_months, compare_sums, compare_weeks
from insights.values import monday_of
from orders.queries import orders_after
from payments.queries import refunds_after
from referral.figures import touches_after
from wx_backend import crash
from wx_backend.db import retried

BATCH: Final = 2_000
BEFORE_COMMIT = crash.point("figures.before_commit")


def count_waiting(*, now: datetime) -> int:
    """Count some of what happened since; how much was waiting. Run in one transaction."""
    begin_counting(now=now)
    taken = waiting(limit=BATCH)
    count_facts(facts_of(taken), taken=taken, now=now)
    crash.here(BEFORE_COMMIT)
    return sum(len(ids) for ids in taken.values())


@dataclass(frozen=True, slots=True)
class Looked:
    """How many rows were looked at, and how many of their facts had never been counted."""

    rows: int
    missing: int


def look_for_missing(*, mend: bool, now: datetime) -> Iterator[Looked]:
    """Hold all orders, refunds and touches against the facts, some at a time.

    With `mend` what is missing is counted. Facts that are there are never changed: they are
    frozen as they were. What still waits to be counted is not missing.
    """
    for source, after in _AFTER.items():
        last = 0
        while ids := after(last, limit=BATCH):
            yield Looked(len(ids), retried(partial(_looked, source, ids, mend, now)))
            last = ids[-1]


def compare_day(*, on: date, mend: bool, now: datetime) -> int:
    """In how many rows a day's sums were not what its facts come to; with `mend` they are now."""

    def compared() -> int:
        begin_counting(now=now)
        return compare_sums(on, mend=mend)

    return retried(compared)


def compare_week(*, of: date, mend: bool, now: datetime) -> int:
    """The same of the sums of reps in the week a day is in."""

    def compared() -> int:
        begin_counting(now=now)
        return compare_weeks(monday_of(of), mend=mend)

    return retried(compared)


def compare_month(*, of: date, mend: bool, now: datetime) -> int:
    """The same of the sums of reps in the month a day is in."""

    def compared() -> int:
        begin_counting(now=now)
        return compare_months(of.replace(day=1), mend=mend)

    return retried(compared)


def _looked(source: Source, ids: Sequence[int], mend: bool, now: datetime) -> int:
    begin_counting(now=now)
    missing = unknown_facts(facts_of({source: without_waiting(source, ids)}))
    return count_facts(missing, taken={}, now=now) if mend else len(missing)


_AFTER: Final[Mapping[Source, Callable[..., Sequence[int]]]] = {
    Source.PLACED: orders_after,
    Source.PAID: partial(orders_after, is_paid=True),
    Source.REFUNDED: refunds_after,
    Source.TOUCH: touches_after,
}
