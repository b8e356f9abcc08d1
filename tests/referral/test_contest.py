"""Whose customer Bob is: the window, protection, pushes and holds as a table of examples."""

from dataclasses import replace
from datetime import timedelta

import pytest

from referral.policy import Policy
from referral.rules import decide
from referral.values import (
    Certainty,
    Hop,
    OrderFacts,
    Reason,
    TouchKind,
    VerdictReason,
    last_employee,
)
from tests.referral.cast import (
    ALICE,
    CAROL,
    DAVE,
    ERIN,
    NORTH,
    SECOND,
    at,
    decided,
    follows,
    is_pushed,
    opens,
    order,
    paid,
    touch,
    verdict,
)


def test_a_customers_re_share_carries_the_rep_on() -> None:
    path = (
        Hop(share_id=1, rep_id=ALICE, place="moments"),
        Hop(share_id=2, rep_id=None, place="chat"),
    )
    assert last_employee(path) == ALICE
    decision = decided(opens(1, ALICE, at(1), path=path, share_id=2))
    assert decision.developer_rep_id == ALICE
    assert decision.reason is Reason.LAST_EMPLOYEE
    assert paid(decision) == {("developer", ALICE, NORTH): 10_000}


def test_a_colleague_on_the_path_takes_over_the_credit() -> None:
    hops = [ALICE, None, DAVE, None]
    path = [Hop(share_id=i, rep_id=rep, place="chat") for i, rep in enumerate(hops)]
    assert last_employee(path) == DAVE
    assert last_employee(path[1:2]) is None
    assert last_employee([]) is None


def test_a_touch_cannot_credit_somebody_its_path_does_not_name() -> None:
    path = (Hop(share_id=1, rep_id=ALICE, place="chat"),)
    with pytest.raises(ValueError, match="credits somebody else"):
        opens(1, DAVE, at(1), path=path)


def test_the_last_touch_wins() -> None:
    decision = decided(opens(1, ALICE, at(1)), opens(2, DAVE, at(2)), opens(3, ALICE, at(3)))
    assert (decision.developer_rep_id, decision.winning_touch_id) == (ALICE, 3)
    assert verdict(decision, 1) is VerdictReason.EARLIER_THAN_WINNER
    assert verdict(decision, 2) is VerdictReason.EARLIER_THAN_WINNER


@pytest.mark.parametrize(
    ("age", "is_winner"),
    [
        (timedelta(days=30) - SECOND, True),
        (timedelta(days=30), True),
        (timedelta(days=30) + SECOND, False),
        (timedelta(0), True),
        (-SECOND, False),
    ],
)
def test_the_window_is_thirty_days_to_the_second(age: timedelta, is_winner: bool) -> None:
    decision = decided(opens(1, ALICE, at(0)), facts=order(at(0) + age))
    assert (decision.developer_rep_id == ALICE) is is_winner


def test_what_happened_after_the_order_counts_for_nothing() -> None:
    decision = decided(opens(1, ALICE, at(1)), follows(2, DAVE, at(20, seconds=1)))
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 2) is VerdictReason.AFTER_ORDER


def test_a_late_push_is_judged_by_when_it_happened() -> None:
    late = follows(1, ALICE, at(19), known_at=at(19, minutes=40))
    assert decided(late, opens(2, DAVE, at(18))).developer_rep_id == ALICE


def test_instants_are_compared_in_whole_seconds() -> None:
    scan = opens(1, ALICE, at(20, seconds=0.9))
    assert decided(scan, facts=order(at(20, seconds=0.1))).developer_rep_id == ALICE


def test_in_one_second_the_weightier_contact_wins() -> None:
    opened, scanned = opens(1, ALICE, at(1)), touch(2, DAVE, TouchKind.SCAN, at(1))
    assert decided(opened, scanned).developer_rep_id == DAVE
    assert decided(scanned, opened).developer_rep_id == DAVE


def test_two_scans_in_one_second_have_one_owner() -> None:
    scans = [touch(i, rep, TouchKind.SCAN, at(1)) for i, rep in ((1, ALICE), (2, DAVE))]
    last = max(scans, key=lambda each: each.key)
    assert decided(*scans).winning_touch_id == last.id
    assert decided(*reversed(scans)).winning_touch_id == last.id


@pytest.mark.parametrize("act", [TouchKind.SUBSCRIBE, TouchKind.PAID, TouchKind.SERVED])
def test_a_confirmed_act_keeps_colleagues_out_for_seven_days(act: TouchKind) -> None:
    decision = decided(touch(1, ALICE, act, at(1)), opens(2, DAVE, at(5)))
    assert decision.developer_rep_id == ALICE
    seen = decision.verdicts[1]
    assert seen.reason is VerdictReason.INSIDE_COLLEAGUES_PROTECTION
    assert (seen.rival_rep_id, seen.until) == (ALICE, at(8))


@pytest.mark.parametrize(
    ("later", "developer"),
    [
        (timedelta(days=7) - SECOND, ALICE),
        (timedelta(days=7), DAVE),
        (timedelta(days=7) + SECOND, DAVE),
    ],
)
def test_protection_is_over_after_exactly_seven_days(later: timedelta, developer: int) -> None:
    decision = decided(follows(1, ALICE, at(1)), opens(2, DAVE, at(1) + later))
    assert decision.developer_rep_id == developer


def test_opening_a_page_does_not_start_protection() -> None:
    assert decided(opens(1, ALICE, at(1)), opens(2, DAVE, at(2))).developer_rep_id == DAVE


def test_opening_a_page_does_not_renew_protection() -> None:
    touches = follows(1, ALICE, at(1)), opens(2, ALICE, at(6)), opens(3, DAVE, at(9))
    assert decided(*touches).developer_rep_id == DAVE


def test_a_second_confirmed_act_renews_protection() -> None:
    touches = (
        follows(1, ALICE, at(1)),
        touch(2, ALICE, TouchKind.PAID, at(6)),
        opens(3, DAVE, at(9)),
    )
    assert decided(*touches).developer_rep_id == ALICE


def test_what_was_seen_inside_protection_never_wins_later() -> None:
    """Alice's window has closed and Dave's contact is fresh enough, but it was only seen."""
    decision = decided(follows(1, ALICE, at(0)), opens(2, DAVE, at(3)), facts=order(at(31)))
    assert decision.developer_rep_id is None
    assert verdict(decision, 1) is VerdictReason.OUTSIDE_WINDOW
    assert verdict(decision, 2) is VerdictReason.INSIDE_COLLEAGUES_PROTECTION


def test_a_follow_inside_protection_protects_nobody() -> None:
    """Unfollow and re-follow through Dave: Alice's protection survives, then Erin may come."""
    touches = follows(1, ALICE, at(1)), follows(2, DAVE, at(3)), opens(3, ERIN, at(9))
    assert decided(*touches[:2]).developer_rep_id == ALICE
    assert decided(*touches).developer_rep_id == ERIN


def test_an_injected_touch_seconds_before_the_order_takes_nothing() -> None:
    decision = decided(follows(1, ALICE, at(15)), touch(2, DAVE, TouchKind.SCAN, at(20) - SECOND))
    assert decision.developer_rep_id == ALICE


def test_five_hundred_scans_count_as_one_customer() -> None:
    farmed = [touch(i, DAVE, TouchKind.SCAN, at(2, seconds=i)) for i in range(2, 502)]
    decision = decided(follows(1, ALICE, at(1)), *farmed)
    assert decision.developer_rep_id == ALICE
    assert len(decision.verdicts) == 501


@pytest.mark.parametrize(
    ("certainty", "reason"),
    [
        (Certainty.UNVERIFIED, VerdictReason.UNVERIFIED),
        (Certainty.INFERRED, VerdictReason.INFERRED),
    ],
)
def test_what_is_not_certain_is_shown_and_never_decides(
    certainty: Certainty, reason: VerdictReason
) -> None:
    decision = decided(opens(1, ALICE, at(1)), follows(2, DAVE, at(2), certainty=certainty))
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 2) is reason


@pytest.mark.parametrize("certainty", [Certainty.SIGNED, Certainty.LEGACY, Certainty.STAFF])
def test_signed_legacy_and_staff_contacts_count(certainty: Certainty) -> None:
    assert decided(opens(1, ALICE, at(1), certainty=certainty)).developer_rep_id == ALICE


def test_one_event_learnt_twice_is_one_touch() -> None:
    first = follows(1, ALICE, at(1))
    again = replace(first, id=2, kind=TouchKind.IMPORTED, known_at=at(3))
    decision = decided(again, first)
    assert decision.winning_touch_id == 1
    assert verdict(decision, 2) is VerdictReason.DUPLICATE


def test_a_verified_copy_of_an_event_outranks_an_unverified_one() -> None:
    sure = follows(2, ALICE, at(1), known_at=at(2))
    guess = replace(sure, id=1, certainty=Certainty.UNVERIFIED, known_at=at(1))
    assert decided(guess, sure).winning_touch_id == 2


def test_one_id_cannot_mean_two_touches() -> None:
    with pytest.raises(ValueError, match="id 1"):
        decided(opens(1, ALICE, at(1)), opens(1, DAVE, at(1)))


def test_naive_instants_are_refused() -> None:
    naive = at(1).replace(tzinfo=None)
    with pytest.raises(ValueError, match="naive"):
        opens(1, ALICE, naive)
    with pytest.raises(ValueError, match="aware"):
        order(naive)
    with pytest.raises(ValueError, match="aware"):
        order(at(1), hold_at=naive)


def test_a_push_finds_a_customer_nobody_has() -> None:
    assert decided(is_pushed(1, ALICE, at(1))).developer_rep_id == ALICE


def test_a_push_takes_nobodys_customer() -> None:
    decision = decided(opens(1, ALICE, at(1)), is_pushed(2, DAVE, at(19)))
    assert decision.developer_rep_id == ALICE
    assert decision.verdicts[1].reason is VerdictReason.PUSH_TO_A_COLLEAGUES_CUSTOMER
    assert decision.verdicts[1].rival_rep_id == ALICE


def test_a_push_extends_nobodys_window() -> None:
    decision = decided(opens(1, ALICE, at(0)), is_pushed(2, ALICE, at(19)), facts=order(at(31)))
    assert decision.developer_rep_id is None
    assert verdict(decision, 2) is VerdictReason.PUSH_EXTENDS_NOTHING


def test_a_push_protects_nobody_even_if_called_an_act() -> None:
    pushed = is_pushed(1, ALICE, at(1), is_confirmed_act=True)
    assert decided(pushed, opens(2, DAVE, at(2))).developer_rep_id == DAVE


def test_a_customer_of_long_ago_is_free_for_a_push() -> None:
    touches = opens(1, ALICE, at(0)), is_pushed(2, DAVE, at(30, seconds=1))
    assert decided(*touches, facts=order(at(31))).developer_rep_id == DAVE


def held(hold_at: object = at(20), **others: object) -> OrderFacts:
    return order(at(20, minutes=8), hold_at=hold_at, **others)


def test_attribution_freezes_at_the_hold() -> None:
    decision = decided(opens(1, ALICE, at(1)), opens(2, DAVE, at(20, minutes=3)), facts=held())
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 2) is VerdictReason.AFTER_HOLD


@pytest.mark.parametrize(
    ("before_the_hold", "developer"),
    [
        (timedelta(minutes=10) + SECOND, DAVE),
        (timedelta(minutes=10), ALICE),
        (SECOND, ALICE),
    ],
)
def test_a_first_touch_in_the_last_ten_minutes_comes_too_late(
    before_the_hold: timedelta, developer: int
) -> None:
    touches = opens(1, ALICE, at(1)), opens(2, DAVE, at(20) - before_the_hold)
    assert decided(*touches, facts=held()).developer_rep_id == developer


def test_a_first_touch_in_the_last_ten_minutes_counts_if_it_is_the_only_one() -> None:
    assert decided(opens(1, DAVE, at(20) - SECOND), facts=held()).developer_rep_id == DAVE


def test_a_rep_who_was_there_before_may_come_back_before_the_hold() -> None:
    touches = opens(1, DAVE, at(1)), opens(2, ALICE, at(2)), opens(3, DAVE, at(20) - SECOND)
    assert decided(*touches, facts=held()).developer_rep_id == DAVE


def test_without_a_hold_the_last_ten_minutes_are_like_any_other() -> None:
    touches = opens(1, ALICE, at(1)), opens(2, DAVE, at(20) - SECOND)
    assert decided(*touches).developer_rep_id == DAVE


def test_protection_is_judged_at_the_hold() -> None:
    facts = held(hold_at=at(20), acceptor_rep_id=CAROL)
    decision = decided(follows(1, ALICE, at(13, minutes=5)), facts=facts)
    assert decision.reason is Reason.SPLIT_AT_COUNTER


def test_a_hold_comes_before_the_order() -> None:
    with pytest.raises(ValueError, match="before"):
        order(at(1), hold_at=at(2))


def test_every_number_can_differ_by_channel_and_category() -> None:
    policy = Policy.from_mapping(
        {"version": 2, "overrides": [{"product_category": "plan", "window_days": 90}]}
    )
    seen = opens(1, ALICE, at(0))
    plan = decide([seen], order(at(60), product_category="plan"), policy)
    phone = decide([seen], order(at(60), product_category="phone"), policy)
    assert (plan.developer_rep_id, phone.developer_rep_id) == (ALICE, None)
    assert plan.policy_version == 2
