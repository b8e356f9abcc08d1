"""What an older system knew counts while nothing that happened here says otherwise."""

import pytest

from referral.values import Reason, TouchKind, VerdictReason
from tests.referral.cast import (
    ALICE,
    DAVE,
    ERIN,
    at,
    decided,
    follows,
    is_pushed,
    opens,
    order,
    touch,
    verdict,
)

IMPORTED = TouchKind.IMPORTED


def test_an_imported_customer_is_credited_to_his_rep() -> None:
    decision = decided(touch(1, ALICE, IMPORTED, at(0)))
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 1) is VerdictReason.WON


def test_it_is_as_old_as_any_other_contact() -> None:
    decision = decided(touch(1, ALICE, IMPORTED, at(0)), facts=order(at(31)))
    assert decision.developer_rep_id is None
    assert verdict(decision, 1) is VerdictReason.OUTSIDE_WINDOW


@pytest.mark.parametrize("day", [1, 19])
@pytest.mark.parametrize("kind", [TouchKind.SCAN, TouchKind.SUBSCRIBE, TouchKind.LINK_OPENED])
def test_it_never_beats_what_happened_here(day: float, kind: TouchKind) -> None:
    decision = decided(touch(1, DAVE, kind, at(day)), touch(2, ALICE, IMPORTED, at(10)))
    assert decision.developer_rep_id == DAVE
    assert verdict(decision, 1) is VerdictReason.WON
    assert verdict(decision, 2) is VerdictReason.YIELDS_TO_PROVEN


def test_it_counts_when_what_happened_here_is_too_old() -> None:
    facts = order(at(40))
    decision = decided(opens(1, DAVE, at(1)), touch(2, ALICE, IMPORTED, at(20)), facts=facts)
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 1) is VerdictReason.OUTSIDE_WINDOW


def test_it_protects_nobody() -> None:
    decision = decided(touch(1, ALICE, IMPORTED, at(19)), follows(2, DAVE, at(19.5)))
    assert decision.developer_rep_id == DAVE
    assert decision.protected_until is not None


def test_a_push_does_not_take_an_imported_customer() -> None:
    decision = decided(touch(1, ALICE, IMPORTED, at(1)), is_pushed(2, DAVE, at(2)))
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 2) is VerdictReason.PUSH_TO_A_COLLEAGUES_CUSTOMER


def test_what_lost_to_a_protection_does_not_make_it_yield() -> None:
    """Dave's touch never counted, and the act that protected Erin is out of the window."""
    touches = (
        follows(1, ERIN, at(0)),
        opens(2, DAVE, at(6)),
        touch(3, ALICE, IMPORTED, at(20)),
    )
    decision = decided(*touches, facts=order(at(33)))
    assert verdict(decision, 2) is VerdictReason.INSIDE_COLLEAGUES_PROTECTION
    assert decision.developer_rep_id == ALICE


def test_of_two_imported_ones_the_later_leads() -> None:
    decision = decided(touch(1, ALICE, IMPORTED, at(1)), touch(2, DAVE, IMPORTED, at(2)))
    assert (decision.developer_rep_id, decision.reason) == (DAVE, Reason.LAST_EMPLOYEE)
