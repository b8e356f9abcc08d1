"""The attribution policy: pure functions from touches and facts to who is credited, and why."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from referral.award import Award, Claim, award
from referral.contest import Contest, judge_all
from referral.policy import Policy
from referral.values import Decision, OrderFacts, Reason, Touch, Verdict, VerdictReason

# Decisions in which the leading touch lost although no later touch beat it.
_LEADER_LOST = {
    Reason.REP_LEFT: VerdictReason.REP_LEFT,
    Reason.SELF_PURCHASE: VerdictReason.SELF_PURCHASE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What late knowledge changes: a next version, a dispute, both or neither."""

    replacement: Decision | None
    disputed: Decision | None


def decide(touches: Iterable[Touch], facts: OrderFacts, policy: Policy) -> Decision:
    """Who is credited for one order line, with a verdict on every touch.

    Independent of the order of `touches` and of repeats. Raises ValueError when two different
    touches carry one id.
    """
    terms = policy.terms_for(facts.channel_class, facts.product_category)
    contest = judge_all(touches, facts, terms)
    claim = _claim(contest)
    line = award(claim, contest.outlet_touch, facts, terms)
    verdicts = _final(contest, line)
    return Decision(
        policy_version=policy.version,
        reason=line.reason,
        developer_rep_id=line.developer_rep_id,
        acceptor_rep_id=facts.acceptor_rep_id,
        outlet_id=line.outlet_id,
        winning_touch_id=next((each.touch_id for each in verdicts if each.is_won), None),
        portions=line.portions,
        verdicts=verdicts,
        overridden_rep_id=claim.rep_id if claim is not None and line.is_taken_at_counter else None,
        left_rep_id=line.left_rep_id,
        protected_until=None if claim is None else claim.protected_until,
    )


def revision(
    current: Decision,
    touches: Iterable[Touch],
    facts: OrderFacts,
    policy: Policy,
    *,
    paid_at: datetime | None,
) -> Revision:
    """What follows when more touches are known than `current` was decided from.

    Knowledge from before the payment may append the next version, whatever it changes. Knowledge
    from the payment's instant on rewrites nothing; where it would give the line to somebody else
    it only opens a dispute. Raises ValueError for another policy version than the line has.
    """
    if policy.version != current.policy_version:
        raise ValueError("a line keeps the policy version it was placed under")
    known = list(touches)
    in_time = [touch for touch in known if paid_at is None or touch.known_at < paid_at]
    timely, full = decide(in_time, facts, policy), decide(known, facts, policy)
    standing = timely if _outcome(timely) != _outcome(current) else current
    return Revision(
        replacement=None if standing is current else timely,
        disputed=full if _credits(full) != _credits(standing) else None,
    )


def _claim(contest: Contest) -> Claim | None:
    """Whose customer the buyer is: the leading touch's rep's."""
    leader = contest.leader
    if leader is None or leader.root_rep_id is None:
        return None
    return Claim(rep_id=leader.root_rep_id, touch=leader, protected_until=contest.protected_until)


def _final(contest: Contest, line: Award) -> tuple[Verdict, ...]:
    """The verdicts, after the line itself was given out."""
    leader, outlet_touch = contest.leader, contest.outlet_touch
    changed: dict[int, VerdictReason] = {}
    if leader is not None:
        changed[leader.id] = _on_leader(line)
    if outlet_touch is not None and line.reason is Reason.OUTLET_OF_CODE:
        changed[outlet_touch.id] = VerdictReason.WON
    return tuple(
        replace(each, reason=changed[each.touch_id]) if each.touch_id in changed else each
        for each in contest.verdicts
    )


def _on_leader(line: Award) -> VerdictReason:
    """Did the last touch that counted bring the line home?"""
    if line.is_taken_at_counter:
        return VerdictReason.TAKEN_AT_COUNTER
    return _LEADER_LOST.get(line.reason, VerdictReason.WON)


def _credits(decision: Decision) -> tuple[object, ...]:
    """Who gets what."""
    return (
        decision.developer_rep_id,
        decision.acceptor_rep_id,
        decision.outlet_id,
        decision.portions,
    )


def _outcome(decision: Decision) -> tuple[object, ...]:
    """Who gets what, and on which ground."""
    return *_credits(decision), decision.reason, decision.winning_touch_id
