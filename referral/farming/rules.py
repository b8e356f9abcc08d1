"""What patterns farming leaves: pure functions of rows as values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from referral.farming.models import Source


@dataclass(frozen=True, slots=True)
class Seen:
    """A row that may be part of a pattern: which, when, and whose (an identity or an order line)."""

    source: Source
    row_id: int
    who: int
    at: datetime

    @property
    def name(self) -> tuple[Source, int]:
        """By what it is known."""
        return self.source, self.row_id


def bursts(rows: Iterable[Seen], *, count: int, within: timedelta) -> list[list[Seen]]:
    """The stretches in which every row lies among at least `count` of one span of this length.

    Two spans that share a row are one stretch. A span of exactly this length counts.
    """
    ordered = sorted(rows, key=lambda row: (row.at, row.row_id))
    stretches: list[tuple[int, int]] = []
    first = 0
    for last, row in enumerate(ordered):
        while row.at - ordered[first].at > within:
            first += 1
        if last - first + 1 < count:
            continue
        if stretches and first <= stretches[-1][1]:
            stretches[-1] = stretches[-1][0], last
        else:
            stretches.append((first, last))
    return [ordered[first : last + 1] for first, last in stretches]


def again_and_again(rows: Sequence[Seen], *, times: int, people: int) -> list[Seen]:
    """The rows of those who are there so many times, if they are enough people; else none."""
    seen = Counter(row.who for row in rows)
    often = {who for who, count in seen.items() if count >= times}
    return [row for row in rows if row.who in often] if len(often) >= people else []


def newly_met(rows: Iterable[Seen]) -> list[Seen]:
    """The first row of each person."""
    first: dict[int, Seen] = {}
    for row in sorted(rows, key=lambda row: (row.at, row.row_id)):
        first.setdefault(row.who, row)
    return list(first.values())
