"""Who gets the line: Bob buys; Alice, Dave and Erin are reps, Carol serves at the counter."""

from datetime import datetime

import pytest

from referral.policy import Policy
from referral.rules import decide
from referral.values import (
    Heir,
    Portion,
    Reason,
    Role,
    VerdictReason,
)
from tests.referral.cast import (
    ALICE,
    CAROL,
    DAVE,
    ERIN,
    HOME,
    NORTH,
    SOUTH,
    TOWN,
    at,
    decided,
    follows,
    opens,
    order,
    paid,
    verdict,
)


def test_a_protected_developer_and_the_acceptor_split() -> None:
    decision = decided(follows(1, ALICE, at(15)), facts=order(at(20), acceptor_rep_id=CAROL))
    assert paid(decision) == {("developer", ALICE, NORTH): 7000, ("acceptor", CAROL, TOWN): 3000}
    assert (decision.developer_rep_id, decision.acceptor_rep_id) == (ALICE, CAROL)
    assert (decision.reason, decision.outlet_id) == (Reason.SPLIT_AT_COUNTER, NORTH)
    assert decision.winning_touch_id == 1
    assert decision.protected_until == at(22)
    assert (decision.share_bp(Role.DEVELOPER), decision.share_bp(Role.ACCEPTOR)) == (7000, 3000)


@pytest.mark.parametrize(
    ("followed_at", "is_split"), [(at(13, seconds=1), True), (at(13), False), (at(1), False)]
)
def test_without_protection_the_acceptor_takes_the_line(
    followed_at: datetime, is_split: bool
) -> None:
    facts = order(at(20), acceptor_rep_id=CAROL)
    decision = decided(follows(1, ALICE, followed_at), facts=facts)
    if is_split:
        assert decision.share_bp(Role.ACCEPTOR) == 3000
        return
    assert paid(decision) == {("developer", CAROL, TOWN): 10_000}
    assert decision.reason is Reason.ACCEPTOR_TAKES_LINE
    assert decision.winning_touch_id is None
    assert decision.overridden_rep_id == ALICE
    assert verdict(decision, 1) is VerdictReason.TAKEN_AT_COUNTER


def test_a_walk_in_customer_is_the_acceptors() -> None:
    decision = decided(facts=order(at(20), acceptor_rep_id=CAROL))
    assert (decision.developer_rep_id, decision.acceptor_rep_id) == (CAROL, CAROL)
    assert decision.overridden_rep_id is None


def test_serving_his_own_customer_the_rep_has_the_whole_line() -> None:
    decision = decided(opens(1, ALICE, at(15)), facts=order(at(20), acceptor_rep_id=ALICE))
    assert paid(decision) == {("developer", ALICE, NORTH): 10_000}
    assert decision.winning_touch_id == 1


def test_a_part_of_nothing_is_not_a_part() -> None:
    policy = Policy.from_mapping(
        {"version": 2, "split_developer_bp": 10_000, "split_acceptor_bp": 0}
    )
    facts = order(at(20), acceptor_rep_id=CAROL)
    decision = decide([follows(1, ALICE, at(19))], facts, policy)
    only = Portion(role=Role.DEVELOPER, rep_id=ALICE, outlet_id=NORTH, share_bp=10_000)
    assert decision.portions == (only,)


def test_without_a_rep_the_outlet_of_the_code_has_the_line() -> None:
    touches = opens(1, None, at(1), outlet_id=NORTH), opens(2, None, at(2), outlet_id=SOUTH)
    decision = decided(*touches, facts=order(at(20), pickup_outlet_id=TOWN))
    assert paid(decision) == {("developer", None, SOUTH): 10_000}
    assert (decision.reason, decision.winning_touch_id) == (Reason.OUTLET_OF_CODE, 2)
    assert verdict(decision, 1) is VerdictReason.NO_EMPLOYEE_ON_PATH


def test_without_a_code_the_chosen_pickup_has_the_line() -> None:
    old = opens(1, None, at(0), outlet_id=NORTH)
    decision = decided(old, facts=order(at(31), pickup_outlet_id=TOWN))
    assert (decision.reason, decision.outlet_id) == (Reason.PICKUP_OUTLET, TOWN)


def test_without_anything_the_home_area_has_the_line() -> None:
    decision = decided()
    assert (decision.reason, decision.outlet_id) == (Reason.HOME_OUTLET, HOME)
    assert decision.developer_rep_id is None
    assert decision.share_bp(Role.DEVELOPER) == 0


def test_a_rep_outranks_a_later_outlet_code() -> None:
    decision = decided(opens(1, ALICE, at(1)), opens(2, None, at(2), outlet_id=SOUTH))
    assert decision.developer_rep_id == ALICE
    assert verdict(decision, 2) is VerdictReason.NO_EMPLOYEE_ON_PATH


def test_a_rep_of_no_known_outlet_counts_for_the_outlet_of_his_code() -> None:
    stranger = 77
    facts = order(at(20), pickup_outlet_id=TOWN)
    assert decided(opens(1, stranger, at(1), outlet_id=SOUTH), facts=facts).outlet_id == SOUTH
    assert decided(opens(1, stranger, at(1)), facts=facts).outlet_id == TOWN
    assert decided(opens(1, stranger, at(1))).outlet_id == HOME


def test_nobody_earns_on_what_he_buys_or_uses_himself() -> None:
    touches = opens(1, DAVE, at(1)), follows(2, ALICE, at(2))
    decision = decided(*touches, facts=order(at(20), own_rep_ids=frozenset({ALICE})))
    assert paid(decision) == {("developer", None, NORTH): 10_000}
    assert (decision.reason, decision.developer_rep_id) == (Reason.SELF_PURCHASE, None)
    assert verdict(decision, 2) is VerdictReason.SELF_PURCHASE
    assert verdict(decision, 1) is VerdictReason.EARLIER_THAN_WINNER


def test_a_rep_may_buy_through_a_colleague() -> None:
    facts = order(at(20), own_rep_ids=frozenset({DAVE}))
    assert decided(opens(1, ALICE, at(1)), facts=facts).developer_rep_id == ALICE


def test_serving_oneself_pays_nothing_either() -> None:
    facts = order(at(20), acceptor_rep_id=CAROL, own_rep_ids=frozenset({CAROL}))
    decision = decided(opens(1, ALICE, at(1)), facts=facts)
    assert paid(decision) == {("developer", None, TOWN): 10_000}
    assert decision.reason is Reason.SELF_PURCHASE
    assert verdict(decision, 1) is VerdictReason.TAKEN_AT_COUNTER


def test_the_colleague_who_serves_a_buying_rep_keeps_his_part() -> None:
    facts = order(at(20), acceptor_rep_id=CAROL, own_rep_ids=frozenset({ALICE}))
    decision = decided(follows(1, ALICE, at(19)), facts=facts)
    assert paid(decision) == {("developer", None, NORTH): 7000, ("acceptor", CAROL, TOWN): 3000}
    assert decision.reason is Reason.SELF_PURCHASE


def test_an_heir_stands_in_for_a_rep_who_left() -> None:
    facts = order(at(20), heirs={ALICE: Heir(rep_id=DAVE)})
    decision = decided(follows(1, ALICE, at(15)), facts=facts)
    assert paid(decision) == {("developer", DAVE, SOUTH): 10_000}
    assert (decision.winning_touch_id, decision.left_rep_id) == (1, ALICE)


def test_the_outlets_pool_stands_in_by_default() -> None:
    facts = order(at(20), heirs={ALICE: Heir(outlet_id=NORTH)})
    decision = decided(opens(1, DAVE, at(1)), follows(2, ALICE, at(15)), facts=facts)
    assert paid(decision) == {("developer", None, NORTH): 10_000}
    assert (decision.reason, decision.left_rep_id) == (Reason.REP_LEFT, ALICE)
    assert verdict(decision, 2) is VerdictReason.REP_LEFT


def test_an_heir_who_left_too_passes_it_on() -> None:
    heirs = {ALICE: Heir(rep_id=DAVE), DAVE: Heir(rep_id=ERIN)}
    assert (
        decided(opens(1, ALICE, at(15)), facts=order(at(20), heirs=heirs)).developer_rep_id == ERIN
    )


def test_heirs_in_a_circle_end_in_the_pool() -> None:
    heirs = {ALICE: Heir(rep_id=DAVE), DAVE: Heir(rep_id=ALICE)}
    decision = decided(opens(1, ALICE, at(15)), facts=order(at(20), heirs=heirs))
    assert (decision.reason, decision.developer_rep_id) == (Reason.REP_LEFT, None)


def test_the_pool_and_the_acceptor_share_a_protected_customer() -> None:
    facts = order(at(20), heirs={ALICE: Heir(outlet_id=NORTH)}, acceptor_rep_id=CAROL)
    decision = decided(follows(1, ALICE, at(15)), facts=facts)
    assert paid(decision) == {("developer", None, NORTH): 7000, ("acceptor", CAROL, TOWN): 3000}


def test_an_heir_is_one_or_the_other() -> None:
    for wrong in ({}, {"rep_id": 1, "outlet_id": 2}):
        with pytest.raises(ValueError, match="either"):
            Heir(**wrong)
