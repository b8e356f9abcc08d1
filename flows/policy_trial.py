"""What a policy would have changed of the newest lines: decided twice from their receipts, nothing changed."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from json import loads
from typing import Final

from orders.paid_lines import newest_paid_lines
from org.roster import names_of_nodes, names_of_reps
from referral.policy import Policy
from referral.proofs import standing_receipts
from referral.replay import case_in
from referral.rules import decide
from referral.values import Decision, Role

DAYS: Final = 30
LINES_MAX: Final = 500
EXAMPLES_MAX: Final = 20


class Change(StrEnum):
    """What becomes of a line."""

    ANOTHER = "another"
    NOBODY = "nobody"
    SOMEBODY = "somebody"
    PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Credit:
    """Who has a line, and how much of it in basis points; no developer means the pool of the outlet."""

    developer_rep_id: int | None
    developer_bp: int
    acceptor_rep_id: int | None
    acceptor_bp: int
    outlet_id: int | None


@dataclass(frozen=True, slots=True)
class Example:
    """A line that would go otherwise, by the number of its receipt, with who gets it under either policy."""

    receipt: str
    change: Change
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Trial:
    """How many lines were decided under both policies, and how many of them would go otherwise.

    `is_cut`: there are more than `LINES_MAX`, and the newest of them are these.
    """

    lines: int
    is_cut: bool
    counts: Mapping[Change, int]
    examples: Sequence[Example]

    @property
    def changed(self) -> int:
        """How many go otherwise in any way."""
        return sum(self.counts.values())


_Moved = tuple[str, Change, Credit, Credit]


def try_policy(before: Policy, after: Policy, *, now: datetime) -> Trial:
    """Decide the newest lines paid in the last `DAYS` days under either policy, and compare.

    Not with what stands: that was decided by the policy of its day, and perhaps given to another
    rep after a dispute. What differs here is what `after` changes of `before`, and nothing else.
    """
    since = now - timedelta(days=DAYS)
    line_ids = newest_paid_lines(since=since, limit=LINES_MAX + 1)
    checked, moved = 0, list[_Moved]()
    for number, body in standing_receipts(line_ids[:LINES_MAX]):
        checked += 1
        touches, facts = case_in(loads(body))
        old, new = (_credit(decide(touches, facts, policy)) for policy in (before, after))
        if old != new:
            moved.append((number, _change(old, new), old, new))
    return Trial(
        lines=checked,
        is_cut=len(line_ids) > LINES_MAX,
        counts=Counter(change for _, change, _, _ in moved),
        examples=_examples(moved),
    )


def _credit(decision: Decision) -> Credit:
    return Credit(
        decision.developer_rep_id,
        decision.share_bp(Role.DEVELOPER),
        decision.acceptor_rep_id,
        decision.share_bp(Role.ACCEPTOR),
        decision.outlet_id,
    )


def _change(before: Credit, after: Credit) -> Change:
    if before.developer_rep_id == after.developer_rep_id:
        return Change.PARTS
    if after.developer_rep_id is None:
        return Change.NOBODY
    return Change.SOMEBODY if before.developer_rep_id is None else Change.ANOTHER


def _examples(moved: Sequence[_Moved]) -> list[Example]:
    """Some of each change, the newest first, with today's names."""
    order = list(Change)
    each_max = EXAMPLES_MAX // len(order)
    by_change = ([row for row in moved if row[1] is change][:each_max] for change in order)
    shown = [row for rows in by_change for row in rows]
    credits_ = [credit for _, _, *both in shown for credit in both]
    reps = names_of_reps(_reps(credits_))
    places = names_of_nodes(each.outlet_id for each in credits_ if each.outlet_id is not None)
    return [
        Example(number, change, _named(before, reps, places), _named(after, reps, places))
        for number, change, before, after in shown
    ]


def _reps(found: Iterable[Credit]) -> set[int]:
    both = (rep for each in found for rep in (each.developer_rep_id, each.acceptor_rep_id))
    return {rep for rep in both if rep is not None}


def _named(credit: Credit, reps: Mapping[int, str], places: Mapping[int, str]) -> str:
    """`爱丽丝 70%、卡萝 30%`; the pool of an outlet where nobody earns."""
    parts = [
        (credit.developer_rep_id, credit.developer_bp),
        (credit.acceptor_rep_id, credit.acceptor_bp),
    ]
    told = [f"{reps[rep]} {bp / 100:g}%" for rep, bp in parts if rep is not None and bp]
    place = places[credit.outlet_id] if credit.outlet_id is not None else ""
    return f"{'、'.join(told) or '网点公共池'}（{place}）"
