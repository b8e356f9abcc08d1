"""The chain of balances in a fund flow: what the account held before its first movement and after its last.

The file tells seconds apart, not what came first within one. Each row says what was there after
it, and so what was there before it: but for the first row of a second, that is what another row left.
"""

from collections import Counter
from collections.abc import Iterable
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


def opening_fen(movements: Iterable[Movement]) -> int | None:
    """What the account held before the first of these movements, which come by time; None without any.

    A second that ends with what it began with (a payment and its refund) does not tell what that
    was: the one after it begins with the same. If no second tells, or rows are missing, the first row is taken
    for the first movement.
    """
    first: int | None = None
    for _, rows in groupby(movements, key=_second):
        group = [*rows]
        begun = Counter(row.before_fen for row in group)
        begun -= Counter(row.after_fen for row in group)
        if begun:
            return next(row.before_fen for row in group if row.before_fen in begun)
        first = group[0].before_fen if first is None else first
    return first


def closing_fen(latest_first: Iterable[Movement]) -> int | None:
    """What the account held after the last of these movements, which come from the last one back."""
    return opening_fen(
        Movement(row.booked_at, row.after_fen, row.before_fen) for row in latest_first
    )
