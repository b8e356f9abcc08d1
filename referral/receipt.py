"""The receipt: the proof of one attribution, as plain data that can be read, kept and re-decided."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from referral.contest import in_order
from referral.policy import Policy, Terms
from referral.rules import decide
from referral.sentences import (
    KINDS,
    LEARNT,
    Names,
    result_sentence,
    verdict_sentence,
)
from referral.values import Decision, OrderFacts, Touch, Verdict, VerdictReason
from wx_backend.strict import dumps

_Judged = tuple[Touch, Verdict]

FORMAT = 1
DECIDED_AGAIN_MAX = 50
DIGEST_BYTES = 32
GENESIS = bytes(DIGEST_BYTES)
"""What the first receipt of a chain has for the digest before it."""

NEVER_SO: Mapping[str, object] = {"is_renewal": False, "account_manager_rep_id": None}
"""What every receipt has said since the first, and goes on saying: no line here is known to renew a contract."""

WORDS = frozenset({"sentence", "kind_name", "learnt", "root_rep", "path_sentence"})
"""The keys under which a body speaks to people: names and wordings, which may change later."""

# Touches refused for one of these never influenced another touch: without them all stays.
_WITHOUT_EFFECT = frozenset(
    {
        VerdictReason.DUPLICATE,
        VerdictReason.UNVERIFIED,
        VerdictReason.INFERRED,
        VerdictReason.AFTER_ORDER,
        VerdictReason.AFTER_HOLD,
        VerdictReason.AFTER_CHOICE,
        VerdictReason.NO_EMPLOYEE_ON_PATH,
        VerdictReason.YIELDS_TO_PROVEN,
        VerdictReason.INSIDE_COLLEAGUES_PROTECTION,
        VerdictReason.PUSH_TO_A_COLLEAGUES_CUSTOMER,
        VerdictReason.PUSH_EXTENDS_NOTHING,
        VerdictReason.FIRST_TOUCH_TOO_LATE,
    }
)
_LOST_TO_LATER = frozenset({VerdictReason.EARLIER_THAN_WINNER, VerdictReason.OUTSIDE_WINDOW})


def explain(
    decision: Decision,
    touches: Iterable[Touch],
    facts: OrderFacts,
    policy: Policy,
    names: Names | None = None,
) -> dict[str, Any]:
    """The body of the receipt: JSON-able, equal for equal input, with every number it rests on.

    Sentences stand beside codes and follow from them. Raises ValueError when `decision` is not
    what the policy says about these touches and facts.
    """
    ordered = in_order(touches)
    if decide(ordered, facts, policy) != decision:
        raise ValueError("this decision does not follow from these touches")
    names = names or Names()
    terms = policy.terms_for(facts.channel_class, facts.product_category)
    judged = list(zip(ordered, decision.verdicts, strict=True))
    without = _counterfactuals(judged, decision, facts, policy)
    return {
        "format": FORMAT,
        "order": _order(facts, ordered),
        "policy": {"version": policy.version, "terms": asdict(terms)},
        "result": _result(decision, names),
        "touches": [
            _touch(touch, names) | {"verdict": _verdict(verdict, touch, decision, terms, names)}
            for touch, verdict in judged
        ],
        "without": [_without(touch, other, decision, names) for touch, other in without],
        "without_left_out": len(judged) - len(without),
    }


def bare(value: Any) -> Any:
    """A body, or a part of it, without its words: ids, codes, numbers and instants only."""
    if isinstance(value, dict):
        return {key: bare(item) for key, item in value.items() if key not in WORDS}
    if isinstance(value, list):
        return [bare(item) for item in value]
    return value


def receipt_digest(body: dict[str, Any], previous: bytes) -> bytes:
    """32 bytes that fix this receipt and, through `previous`, every one before it.

    SHA-256 over the digest before (`GENESIS` for the first) and the body as canonical JSON.
    Raises ValueError for a digest of another length.
    """
    if len(previous) != DIGEST_BYTES:
        raise ValueError("a receipt digest has 32 bytes")
    return sha256(previous + dumps(body)).digest()


def stamp(instant: datetime) -> str:
    """An instant as text: ISO 8601, UTC, `Z`."""
    return instant.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def _counterfactuals(
    judged: list[_Judged], decision: Decision, facts: OrderFacts, policy: Policy
) -> list[tuple[Touch, Decision]]:
    """Touches with the decision there would be without their event, in order.

    Only the `DECIDED_AGAIN_MAX` last of those that could have mattered are decided again, so that
    a customer who follows five hundred times does not cost five hundred decisions; the others of
    them are left out.
    """
    without = []
    left = DECIDED_AGAIN_MAX
    is_simple = facts.hold_at is None and not any(touch.is_push for touch, _ in judged)
    for touch, verdict in reversed(judged):
        if _is_idle(touch, verdict, is_simple):
            without.append((touch, decision))
        elif left:
            left -= 1
            others = [other for other, _ in judged if other.key != touch.key]
            without.append((touch, decide(others, facts, policy)))
    return without[::-1]


def _is_idle(touch: Touch, verdict: Verdict, is_simple: bool) -> bool:
    """Is the result certainly the same without it? It lost, and nothing looked back at it."""
    return verdict.reason in _WITHOUT_EFFECT or (
        is_simple and verdict.reason in _LOST_TO_LATER and not touch.is_confirmed_act
    )


def _without(touch: Touch, other: Decision, decision: Decision, names: Names) -> dict[str, Any]:
    is_same = (other.portions, other.reason) == (decision.portions, decision.reason)
    lead = "没有这次接触，结果不变。" if is_same else "没有这次接触，结果会不同："
    return {
        "touch_id": touch.id,
        "changes": not is_same,
        "reason": other.reason.value,
        "portions": _portions(other),
        "sentence": lead if is_same else lead + result_sentence(other, names),
    }


def _result(decision: Decision, names: Names) -> dict[str, Any]:
    return {
        "reason": decision.reason.value,
        "sentence": result_sentence(decision, names),
        "developer_rep_id": decision.developer_rep_id,
        "acceptor_rep_id": decision.acceptor_rep_id,
        "overridden_rep_id": decision.overridden_rep_id,
        "left_rep_id": decision.left_rep_id,
        "outlet_id": decision.outlet_id,
        "winning_touch_id": decision.winning_touch_id,
        "protected_until": decision.protected_until and stamp(decision.protected_until),
        "portions": _portions(decision),
    }


def _portions(decision: Decision) -> list[dict[str, Any]]:
    return [asdict(portion) | {"role": portion.role.value} for portion in decision.portions]


def _touch(touch: Touch, names: Names) -> dict[str, Any]:
    delay = int((touch.known_at - touch.event_at).total_seconds())
    return {
        "id": touch.id,
        "key": touch.key.hex(),
        "kind": touch.kind.value,
        "kind_name": KINDS[touch.kind],
        "certainty": touch.certainty.value,
        "learnt": LEARNT[touch.certainty] + (f"，事后{delay}秒得知" if delay > 0 else ""),
        "event_at": stamp(touch.event_at),
        "known_at": stamp(touch.known_at),
        "root_rep_id": touch.root_rep_id,
        "root_rep": names.rep(touch.root_rep_id),
        "is_confirmed_act": touch.is_confirmed_act,
        "is_push": touch.is_push,
        "outlet_id": touch.outlet_id,
        "code_id": touch.code_id,
        "share_id": touch.share_id,
        "path": [asdict(hop) for hop in touch.path],
        "path_sentence": " → ".join(
            names.sharer(hop.rep_id, touch.outlet_id, is_first=number == 0)
            for number, hop in enumerate(touch.path)
        ),
    }


def _verdict(
    verdict: Verdict, touch: Touch, decision: Decision, terms: Terms, names: Names
) -> dict[str, Any]:
    return {
        "reason": verdict.reason.value,
        "is_won": verdict.is_won,
        "rival_rep_id": verdict.rival_rep_id,
        "until": verdict.until and stamp(verdict.until),
        "sentence": verdict_sentence(verdict, touch, decision, terms, names),
    }


def _order(facts: OrderFacts, touches: list[Touch]) -> dict[str, Any]:
    """The facts of the line, of all reps only those who play a part."""
    heirs, outlets = facts.heirs, facts.rep_outlets
    reps = _concerned(facts, touches)
    # Receipts of lines that never lay in a cart say nothing of it, as they always have.
    chosen = {} if facts.chosen_at is None else {"chosen_at": stamp(facts.chosen_at)}
    return chosen | {
        **NEVER_SO,
        "placed_at": stamp(facts.placed_at),
        "hold_at": facts.hold_at and stamp(facts.hold_at),
        "channel_class": facts.channel_class,
        "product_category": facts.product_category,
        "home_outlet_id": facts.home_outlet_id,
        "pickup_outlet_id": facts.pickup_outlet_id,
        "acceptor_rep_id": facts.acceptor_rep_id,
        "own_rep_ids": sorted(facts.own_rep_ids),
        "rep_outlets": [{"rep_id": r, "outlet_id": outlets[r]} for r in reps if r in outlets],
        "heirs": [{"rep_id": r, "heir": asdict(heirs[r])} for r in reps if r in heirs],
    }


def _concerned(facts: OrderFacts, touches: list[Touch]) -> list[int]:
    """The reps of the touches, the acceptor, and the heirs of them all."""
    waiting = {touch.root_rep_id for touch in touches}
    waiting.add(facts.acceptor_rep_id)
    found: set[int] = set()
    while waiting:
        rep_id = waiting.pop()
        if rep_id is None or rep_id in found:
            continue
        found.add(rep_id)
        if rep_id in facts.heirs:
            waiting.add(facts.heirs[rep_id].rep_id)
    return sorted(found)
