"""Decide again from a receipt alone: what it says must follow from what it contains."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from referral.policy import Policy, Terms
from referral.receipt import NEVER_SO, bare, explain
from referral.rules import decide
from referral.sentences import Names
from referral.values import Certainty, Decision, Heir, Hop, OrderFacts, Touch, TouchKind


@dataclass(frozen=True, slots=True)
class Replay:
    """What a receipt was written from, and what the rules say about it today.

    The policy holds the numbers in force for this line under its version, and no overrides.
    """

    decision: Decision
    touches: list[Touch]
    facts: OrderFacts
    policy: Policy

    def body(self, names: Names | None = None) -> dict[str, Any]:
        """The receipt as it would be written now."""
        return explain(self.decision, self.touches, self.facts, self.policy, names)


def replay(body: dict[str, Any]) -> Replay:
    """Rebuild touches, facts and policy from a receipt and decide again.

    Works on bodies with and without words. Raises KeyError, TypeError or ValueError for what is
    no receipt body.
    """
    touches, facts = case_in(body)
    policy = Policy(version=body["policy"]["version"], terms=Terms(**body["policy"]["terms"]))
    return Replay(decide(touches, facts, policy), touches, facts, policy)


def case_in(body: dict[str, Any]) -> tuple[list[Touch], OrderFacts]:
    """Every touch and the facts a receipt was written from, to be decided by whatever policy."""
    return [_touch(each) for each in body["touches"]], _facts(body["order"])


def frozen_in(body: dict[str, Any]) -> tuple[OrderFacts, frozenset[int]]:
    """The facts a receipt was written from, and the ids of the touches known then."""
    return _facts(body["order"]), frozenset(each["id"] for each in body["touches"])


def is_consistent(body: dict[str, Any]) -> bool:
    """Does everything in it, words apart, follow from its touches, facts and terms?"""
    return bool(bare(replay(body).body()) == bare(body))


def spoken(body: dict[str, Any], names: Names) -> dict[str, Any]:
    """The same receipt with sentences and names; ValueError when it contradicts itself."""
    again = replay(body).body(names)
    if bare(again) != bare(body):
        raise ValueError("this receipt contradicts itself")
    return again


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _touch(row: dict[str, Any]) -> Touch:
    same = ("id", "root_rep_id", "is_confirmed_act", "is_push", "outlet_id", "code_id", "share_id")
    return Touch(
        key=bytes.fromhex(row["key"]),
        kind=TouchKind(row["kind"]),
        certainty=Certainty(row["certainty"]),
        event_at=datetime.fromisoformat(row["event_at"]),
        known_at=datetime.fromisoformat(row["known_at"]),
        path=tuple(Hop(**hop) for hop in row["path"]),
        **{name: row[name] for name in same},
    )


def _facts(row: dict[str, Any]) -> OrderFacts:
    read = ("placed_at", "hold_at", "chosen_at", "own_rep_ids", "rep_outlets", "heirs", *NEVER_SO)
    return OrderFacts(
        placed_at=datetime.fromisoformat(row["placed_at"]),
        hold_at=_instant(row["hold_at"]),
        chosen_at=_instant(row.get("chosen_at")),
        own_rep_ids=frozenset(row["own_rep_ids"]),
        rep_outlets={each["rep_id"]: each["outlet_id"] for each in row["rep_outlets"]},
        heirs={each["rep_id"]: Heir(**each["heir"]) for each in row["heirs"]},
        **{name: value for name, value in row.items() if name not in read},
    )
