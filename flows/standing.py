"""Whose customer a person is today: by the same rules that would decide an order placed now."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from members.queries import Subjects, subjects_of_identities
from org.queries import RepCard
from org.roster import heirs_line
from referral.contest import judge_all
from referral.policy import Terms
from referral.proofs import as_values, policy_in_force
from referral.queries import touches_of
from referral.values import OrderFacts, Touch


@dataclass(frozen=True, slots=True)
class Standing:
    """A person who is the rep's customer now, under all of his identities.

    `touches` are those that lead to the rep, in the order they happened; `leader` is the one that
    would win. `protected_until` is set while colleagues are kept out; `mine_until` is when the
    last contact is too old to win.
    """

    identity_ids: frozenset[int]
    touches: tuple[Touch, ...]
    leader: Touch
    protected_until: datetime | None
    mine_until: datetime

    @property
    def identity_id(self) -> int:
        """By which a person is told from others, whichever of his identities was met."""
        return min(self.identity_ids)

    @property
    def first_at(self) -> datetime:
        """His first contact with what leads to the rep."""
        return self.touches[0].event_at


@dataclass(frozen=True, slots=True)
class Judge:
    """The rules of this moment for one rep and those who left their customers to him."""

    rep_ids: frozenset[int]
    facts: OrderFacts
    terms: Terms

    def standing(self, identity_id: int) -> Standing | None:
        """How the person behind an identity stands; None when somebody else would be credited."""
        return self.standings([identity_id]).get(identity_id)

    def standings(self, identity_ids: Iterable[int]) -> dict[int, Standing]:
        """How the persons behind these identities stand, in their order; who is another's is left out."""
        subjects = subjects_of_identities([*dict.fromkeys(identity_ids)])
        rows = touches_of(
            identity_ids=[*chain.from_iterable(each.identity_ids for each in subjects.values())],
            visitor_ids=[*chain.from_iterable(each.visitor_ids for each in subjects.values())],
        )
        by_identity, by_visitor = dict[int | None, list[Touch]](), dict[int | None, list[Touch]]()
        for row, touch in zip(rows, as_values(rows), strict=True):
            by_identity.setdefault(row.identity_id, []).append(touch)
            by_visitor.setdefault(row.visitor_id, []).append(touch)
        found = {}
        for identity_id, person in subjects.items():
            his = [
                *chain.from_iterable(by_identity.get(each, ()) for each in person.identity_ids),
                *chain.from_iterable(by_visitor.get(each, ()) for each in person.visitor_ids),
            ]
            if standing := self._standing(person, his):
                found[identity_id] = standing
        return found

    def _standing(self, subjects: Subjects, touches: Sequence[Touch]) -> Standing | None:
        contest = judge_all(touches, self.facts, self.terms)
        leader = contest.leader
        if leader is None or leader.root_rep_id not in self.rep_ids:
            return None
        return Standing(
            identity_ids=subjects.identity_ids,
            touches=tuple(each for each in contest.ordered if each.root_rep_id in self.rep_ids),
            leader=leader,
            protected_until=contest.protected_until,
            mine_until=leader.event_at + timedelta(days=self.terms.window_days),
        )


def judge_of(card: RepCard, now: datetime) -> Judge:
    """The judge of a rep's customers."""
    return Judge(
        rep_ids=heirs_line(card.rep_id),
        facts=OrderFacts(placed_at=now, home_outlet_id=card.outlet_id),
        terms=policy_in_force(now).terms_for(card.channel_class, ""),
    )
