"""The chain of balances in a fund flow: what the account held before its first movement and after its last.

The file tells seconds apart, not what came first within one. Each row says what was there after
it, and so what was there before it: but for the first row of a second, that is what another row left.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple


class Movement(NamedTuple):
    """One row: when it was booked, what the account held before it and after it."""

    booked_at: datetime
    before_fen: int
    after_fen: int


_second = attrgetter("booked_at")


def openings(movements: Iterable[Movement]) -> set[int]:
    """What the account may have held before the first of these movements, which come by time.

    One amount, once a second ends with another than it began with. One that does not (a payment and its
    refund) may have begun with whatever the account held within it, and the one after it begins
    with the same: if all are so, it is what all of them held. Where rows are missing the first second tells.
    """
    maybe: set[int] = set()
    for _, rows in groupby(movements, key=_second):
        group = [*rows]
        begun = Counter(row.before_fen for row in group)
        begun -= Counter(row.after_fen for row in group)
        if begun:
            return {next(row.before_fen for row in group if row.before_fen in begun)}
        held = {row.before_fen for row in group}
        maybe = maybe & held or maybe or held
    return maybe


def closings(latest_first: Iterable[Movement]) -> set[int]:
    """What the account may have held after the last of these movements, which come from the last one back."""
    return openings(Movement(row.booked_at, row.after_fen, row.before_fen) for row in latest_first)


def likeliest(maybe: Collection[int], others: Iterable[int]) -> int | None:
    """Of what the account may have held what others say it did, else the least: money comes, then goes back.

    None where nothing moved. The others are asked only where it takes them.
    """
    if len(maybe) > 1:
        return next((fen for fen in others if fen in maybe), min(maybe))
    return next(iter(maybe), None)
