"""What late knowledge may change: a next version before payment, only a dispute after it."""

from datetime import datetime, timedelta

import pytest

from referral.policy import Policy
from referral.rules import decide, revision
from referral.values import Decision, Touch
from tests.referral.cast import ALICE, DAVE, POLICY, SECOND, at, opens, order

PLACED = at(10)
PAID = at(10, minutes=30)
FIRST = opens(1, ALICE, at(5))
FACTS = order(PLACED)


def scan(number: int, rep_id: int, event_at: datetime, known_at: datetime) -> Touch:
    return opens(number, rep_id, event_at, known_at=known_at)


def winner(decision: Decision | None) -> int | None:
    return None if decision is None else decision.winning_touch_id


def after(*late: Touch, paid_at: datetime | None = PAID) -> tuple[int | None, int | None]:
    """The winning touches of the next version and of the dispute, None where there is none."""
    current = decide([FIRST], FACTS, POLICY)
    result = revision(current, [FIRST, *late], FACTS, POLICY, paid_at=paid_at)
    return winner(result.replacement), winner(result.disputed)


def test_nothing_new_changes_nothing() -> None:
    assert after() == (None, None)


@pytest.mark.parametrize("paid_at", [PAID, None])
def test_a_touch_from_before_the_order_known_before_payment_appends_a_version(
    paid_at: datetime | None,
) -> None:
    late = scan(2, DAVE, PLACED, PAID - SECOND)
    assert after(late, paid_at=paid_at) == (2, None)


@pytest.mark.parametrize("delay", [timedelta(0), timedelta(minutes=40)])
def test_a_touch_known_from_the_payment_on_only_opens_a_dispute(delay: timedelta) -> None:
    late = scan(2, DAVE, PLACED - SECOND, PAID + delay)
    assert after(late) == (None, 2)


@pytest.mark.parametrize("known_at", [PLACED + 2 * SECOND, PAID + SECOND])
def test_a_touch_after_the_order_changes_nothing_whenever_known(known_at: datetime) -> None:
    assert after(scan(2, DAVE, PLACED + SECOND, known_at)) == (None, None)


def test_a_touch_that_loses_changes_nothing() -> None:
    assert after(scan(2, DAVE, at(4), PAID - SECOND)) == (None, None)


def test_both_can_happen() -> None:
    in_time = scan(2, DAVE, at(8), PAID - SECOND)
    too_late = scan(3, ALICE, at(9), PAID + SECOND)
    assert after(in_time, too_late) == (2, 3)


def test_a_better_proof_for_the_same_rep_is_a_version_but_no_dispute() -> None:
    assert after(scan(2, ALICE, at(9), PAID - SECOND)) == (2, None)
    assert after(scan(2, ALICE, at(9), PAID + SECOND)) == (None, None)


def test_a_line_keeps_its_policy() -> None:
    current = decide([FIRST], FACTS, POLICY)
    with pytest.raises(ValueError, match="policy version"):
        revision(current, [FIRST], FACTS, Policy(version=2), paid_at=None)
