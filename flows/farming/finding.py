"""Looking for farming in the rows there are: touches, follows, refunds. What is found is flagged, no more."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final

from insights.lately import busy_reps, touches_of_days
from insights.models import FactKind
from members.follow_history import departures
from referral.farming.contacts import follows_of, newcomers_of, reps_followed_again
from referral.farming.models import FarmingKind, Source
from referral.farming.operations import raise_flag
from referral.farming.queries import harmless_rows
from referral.farming.rules import Seen, again_and_again, bursts, newly_met
from settlement.early_refunds import early_refunds
from wx_backend import platform
from wx_backend.clock import business_on
from wx_backend.config_farming import Farming

LATELY: Final = timedelta(days=3)
"""Contacts are looked at while they are this new: longer than the clock process is ever away."""
Pattern = tuple[int, Sequence[Seen]]
"""A rep, and the rows that make a pattern of his."""


def find_farming(*, now: datetime) -> int:
    """Flag what looks like farming; how many rows of evidence were new."""
    limits = platform.config().farming
    return sum(
        raise_flag(rep_id=rep_id, kind=kind, rows=rows, now=now)
        for kind, patterns in _PATTERNS.items()
        for rep_id, rows in patterns(limits, now)
    )


def _newcomers(limits: Farming, now: datetime) -> Iterator[Pattern]:
    asked, since = limits.newcomers, now - LATELY
    kinds = (FactKind.SCAN, FactKind.FOLLOW)
    for rep_id in busy_reps(kinds, business_on(since), at_least=asked.count):
        rows = newcomers_of(rep_id, since=since)
        met = _open(newly_met(rows), rep_id, FarmingKind.NEWCOMERS)
        for burst in bursts(met, count=asked.count, within=asked.within):
            yield rep_id, burst


def _refollows(limits: Farming, now: datetime) -> Iterator[Pattern]:
    asked, since = limits.refollows, now - limits.refollows.within
    new = touches_of_days(FactKind.FOLLOW, business_on(now - LATELY))
    for rep_id in reps_followed_again(new, since=since, times=asked.times):
        rows = _open(follows_of(rep_id, since=since), rep_id, FarmingKind.REFOLLOWS)
        often = again_and_again(rows, times=asked.times, people=asked.people)
        if often:
            yield rep_id, [*often, *_left({row.who for row in often}, since)]


def _refunds(limits: Farming, now: datetime) -> Iterator[Pattern]:
    asked = limits.refunds
    found = early_refunds(since=now - asked.within, within=asked.after)
    by_rep = attrgetter("rep_id")
    for rep_id, refunds in groupby(sorted(found, key=by_rep), by_rep):
        rows = [
            Seen(Source.REFUND, each.take_back_id, each.order_line_id, each.at) for each in refunds
        ]
        met = _open(newly_met(rows), rep_id, FarmingKind.REFUNDS)
        for burst in bursts(met, count=asked.count, within=asked.within):
            yield rep_id, burst


def _left(identity_ids: set[int], since: datetime) -> list[Seen]:
    """When these people left in between."""
    return [
        Seen(Source.UNFOLLOW, each.event_id, each.identity_id, each.at)
        for each in departures(identity_ids, since=since)
    ]


def _open(rows: Iterable[Seen], rep_id: int, kind: FarmingKind) -> list[Seen]:
    """The rows without those that somebody found harmless."""
    harmless = harmless_rows(rep_id, kind)
    return [row for row in rows if row.name not in harmless]


_PATTERNS: Final[Mapping[FarmingKind, Callable[[Farming, datetime], Iterator[Pattern]]]] = {
    FarmingKind.NEWCOMERS: _newcomers,
    FarmingKind.REFOLLOWS: _refollows,
    FarmingKind.REFUNDS: _refunds,
}
