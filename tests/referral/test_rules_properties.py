"""What holds for any touches at all."""

import random
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from referral.contest import in_order
from referral.receipt import explain
from referral.replay import is_consistent
from referral.rules import decide
from referral.values import (
    DECIDING,
    Certainty,
    Decision,
    Heir,
    OrderFacts,
    Touch,
    TouchKind,
    VerdictReason,
)
from tests.referral.cast import (
    ALICE,
    CAROL,
    DAVE,
    ERIN,
    NORTH,
    POLICY,
    SOUTH,
    TOWN,
    at,
    order,
    touch,
)
from tests.referral.oracle import DAY, PROTECTION, RECENT, WINDOW, Contact, Line, World

REPS = (ALICE, DAVE, ERIN, CAROL)
END = 60 * DAY
# Instants that lie on edges of each other and of the order far more often than chance would have it.
STEPS = (0, 1, RECENT, RECENT + 1, DAY, PROTECTION - 1, PROTECTION, WINDOW, WINDOW + 1)
SECONDS = st.lists(st.sampled_from(STEPS), min_size=1, max_size=3).map(lambda s: END - sum(s))
LOST_THOUGH_COUNTED = {VerdictReason.EARLIER_THAN_WINNER, VerdictReason.OUTSIDE_WINDOW}
COUNTED = LOST_THOUGH_COUNTED | {
    VerdictReason.TAKEN_AT_COUNTER,
    VerdictReason.REP_LEFT,
    VerdictReason.SELF_PURCHASE,
    VerdictReason.WON,
}
# The machine may be busy with other things; slow is not wrong.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def touches(draw: st.DrawFn, min_size: int = 0) -> list[Touch]:
    def one(number: int) -> Touch:
        kind = draw(st.sampled_from(TouchKind))
        instant = at(seconds=draw(SECONDS | st.integers(0, END + DAY)))
        return touch(
            number,
            draw(st.none() | st.sampled_from(REPS)),
            kind,
            instant,
            known_at=instant + timedelta(seconds=draw(st.integers(0, 5000))),
            certainty=draw(st.sampled_from(Certainty)),
            is_push=draw(st.booleans()),
            is_confirmed_act=draw(st.booleans()),
            outlet_id=draw(st.sampled_from((None, NORTH, SOUTH))),
        )

    return [one(number) for number in range(draw(st.integers(min_size, 8)))]


@st.composite
def orders(draw: st.DrawFn) -> OrderFacts:
    heirs = st.sampled_from([Heir(rep_id=rep) for rep in REPS] + [Heir(outlet_id=TOWN)])
    return order(
        at(seconds=END + draw(st.integers(0, 300))),
        hold_at=draw(st.none() | st.just(at(seconds=END))),
        chosen_at=draw(st.none() | st.just(at(seconds=END - DAY))),
        pickup_outlet_id=draw(st.sampled_from((None, TOWN))),
        acceptor_rep_id=draw(st.none() | st.sampled_from(REPS)),
        own_rep_ids=draw(st.frozensets(st.sampled_from(REPS), max_size=2)),
        heirs=draw(st.dictionaries(st.sampled_from(REPS), heirs, max_size=3)),
    )


def reason_of(decision: Decision, touch_id: int) -> VerdictReason:
    return next(each.reason for each in decision.verdicts if each.touch_id == touch_id)


def without_verdicts(decision: Decision) -> Decision:
    return replace(decision, verdicts=())


@UNHURRIED
@given(touches(), orders(), st.randoms(use_true_random=False))
def test_neither_order_of_arrival_nor_repeats_matter(
    known: list[Touch], facts: OrderFacts, rng: random.Random
) -> None:
    shuffled = known + known[:3]
    rng.shuffle(shuffled)
    assert decide(shuffled, facts, POLICY) == decide(known, facts, POLICY)


@UNHURRIED
@given(touches(), orders())
def test_every_decision_is_whole(known: list[Touch], facts: OrderFacts) -> None:
    decision = decide(known, facts, POLICY)
    assert sum(part.share_bp for part in decision.portions) == 10_000
    assert [each.touch_id for each in decision.verdicts] == [each.id for each in in_order(known)]
    won = [each.touch_id for each in decision.verdicts if each.is_won]
    assert won == ([] if decision.winning_touch_id is None else [decision.winning_touch_id])
    assert not {part.rep_id for part in decision.portions} & facts.own_rep_ids


@UNHURRIED
@given(touches(), orders())
def test_a_winner_is_certain_in_time_and_within_the_window(
    known: list[Touch], facts: OrderFacts
) -> None:
    decision = decide(known, facts, POLICY)
    for winner in (each for each in known if each.id == decision.winning_touch_id):
        assert winner.certainty in DECIDING
        assert timedelta(0) <= facts.frozen_at - winner.event_at <= timedelta(days=30)


@UNHURRIED
@given(touches(), orders())
def test_touches_that_never_counted_leave_no_trace(known: list[Touch], facts: OrderFacts) -> None:
    decision = decide(known, facts, POLICY)
    loses = {each.touch_id for each in decision.verdicts if not each.is_won}
    idle = {i for i in loses if reason_of(decision, i) not in COUNTED}
    rest = [each for each in known if each.id not in idle]
    assert without_verdicts(decide(rest, facts, POLICY)) == without_verdicts(decision)


@UNHURRIED
@given(touches(min_size=1), orders())
def test_a_losing_touch_that_is_no_act_changes_nothing(
    known: list[Touch], facts: OrderFacts
) -> None:
    """The documented exceptions: acts protect, and pushes and holds look at who was there."""
    facts = replace(facts, hold_at=None)
    added, *others = (replace(each, is_push=False) for each in known)
    added = replace(added, is_confirmed_act=False)
    larger = decide([added, *others], facts, POLICY)
    if reason_of(larger, added.id) in LOST_THOUGH_COUNTED:
        assert without_verdicts(larger) == without_verdicts(decide(others, facts, POLICY))


@UNHURRIED
@given(touches(), orders(), st.permutations(REPS))
def test_names_do_not_matter(known: list[Touch], facts: OrderFacts, others: list[int]) -> None:
    """Renaming the reps renames the credited rep and nothing else."""
    name = dict(zip(REPS, others, strict=True))
    plain = replace(facts, heirs={}, own_rep_ids=frozenset(), rep_outlets={})
    renamed = [
        replace(each, root_rep_id=each.root_rep_id and name[each.root_rep_id]) for each in known
    ]
    served_by = plain.acceptor_rep_id and name[plain.acceptor_rep_id]
    other_facts = replace(plain, acceptor_rep_id=served_by)
    one, other = decide(known, plain, POLICY), decide(renamed, other_facts, POLICY)
    assert other.winning_touch_id == one.winning_touch_id
    assert other.reason is one.reason
    assert other.developer_rep_id == (one.developer_rep_id and name[one.developer_rep_id])


@settings(UNHURRIED, max_examples=300)
@given(
    touches(),
    st.booleans(),
    st.none() | st.sampled_from(REPS),
    st.frozensets(st.sampled_from(REPS)),
)
def test_longer_stories_agree_with_the_oracle_too(
    known: list[Touch], is_held: bool, acceptor: int | None, own: frozenset[int]
) -> None:
    """All kinds, pushed acts and up to eight touches; the oracle is told only the certain ones."""
    instant = at(seconds=END)
    facts = order(
        instant,
        hold_at=instant if is_held else None,
        acceptor_rep_id=acceptor,
        own_rep_ids=own,
    )
    paid: dict[int | None, int] = {}
    for part in decide(known, facts, POLICY).portions:
        paid[part.rep_id] = paid.get(part.rep_id, 0) + part.share_bp
    contacts = [
        Contact(
            each.id,
            each.root_rep_id,
            int((each.event_at - at()).total_seconds()),
            list(TouchKind).index(each.kind),
            each.key,
            each.is_confirmed_act,
            each.is_push,
        )
        for each in known
        if each.root_rep_id is not None and each.certainty in DECIDING
    ]
    assert paid == World(contacts, Line(END, is_held, acceptor, own)).parts()


@settings(UNHURRIED, max_examples=60)
@given(touches(), orders())
def test_every_receipt_can_be_decided_again_and_tells_the_truth(
    known: list[Touch], facts: OrderFacts
) -> None:
    decision = decide(known, facts, POLICY)
    body = explain(decision, known, facts, POLICY)
    assert is_consistent(body)
    for said in body["without"]:
        rest = [each for each in known if each.id != said["touch_id"]]
        assert said["reason"] == decide(rest, facts, POLICY).reason.value
