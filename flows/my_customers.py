"""Whose customers are a rep's today: by the same rules that would decide an order placed now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from members.queries import members_of_identities, subjects_of_identity
from orders.figures import Sales, sales_by_member
from org.queries import channel_class_of, rep_card
from org.roster import heirs_line
from referral.contest import judge_all
from referral.figures import Reached, identities_reached
from referral.policy import Terms
from referral.proofs import as_values, policy_in_force
from referral.queries import touches_of
from referral.sentences import KINDS
from referral.values import OrderFacts


@dataclass(frozen=True, slots=True)
class Customer:
    """A person whose next order would be the rep's; no name is known, so a short one is made.

    `protected_until` is set while colleagues are kept out; `mine_until` is when his last contact
    is too old to win. `sales` are his orders credited to the rep.
    """

    label: str
    first_at: datetime
    last_at: datetime
    last_kind: str
    protected_until: datetime | None
    mine_until: datetime
    sales: Sales


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """Some of the customers, the latest contact first; `after` begins the next page, if any."""

    customers: Sequence[Customer]
    after: int | None


@dataclass(frozen=True, slots=True)
class _Standing:
    identity_id: int
    reached: Reached
    kind: str
    last_at: datetime
    protected_until: datetime | None


def my_customers(rep_id: int, *, now: datetime, after: int = 0, limit: int) -> CustomerPage:
    """The customers of a rep, and of those who left theirs to him."""
    terms = policy_in_force(now).terms_for(channel_class_of(rep_id), "")
    mine = heirs_line(rep_id)
    since = now - timedelta(days=terms.window_days)
    reached = identities_reached(mine, since=since, after=after, limit=limit + 1)
    facts = OrderFacts(placed_at=now, home_outlet_id=rep_card(rep_id).outlet_id)
    standing = [_standing(each, mine, facts, terms) for each in reached[:limit]]
    return CustomerPage(
        customers=_shown(rep_id, [each for each in standing if each is not None], terms),
        after=after + limit if len(reached) > limit else None,
    )


def _standing(
    reached: Reached, mine: frozenset[int], facts: OrderFacts, terms: Terms
) -> _Standing | None:
    """How a person stands to the reps; None when somebody else would be credited."""
    subjects = subjects_of_identity(reached.identity_id)
    rows = touches_of(identity_ids=[*subjects.identity_ids], visitor_ids=[*subjects.visitor_ids])
    contest = judge_all(as_values(rows), facts, terms)
    leader = contest.leader
    if leader is None or leader.root_rep_id not in mine:
        return None
    return _Standing(
        identity_id=min(subjects.identity_ids),
        reached=reached,
        kind=KINDS[leader.kind],
        last_at=leader.event_at,
        protected_until=contest.protected_until,
    )


def _shown(rep_id: int, standing: Sequence[_Standing], terms: Terms) -> list[Customer]:
    """One row per person, although he may have been reached under several identities."""
    persons = {each.identity_id: each for each in reversed(standing)}
    members = members_of_identities(persons)
    sales = sales_by_member(rep_id, [member.id for member in members.values()])
    window = timedelta(days=terms.window_days)
    shown = []
    for identity_id, each in reversed(persons.items()):
        member = members.get(identity_id)
        shown.append(
            Customer(
                label=f"尾号 {member.number[-4:]}" if member else f"未注册 {identity_id:04d}",
                first_at=each.reached.first_at,
                last_at=each.last_at,
                last_kind=each.kind,
                protected_until=each.protected_until,
                mine_until=each.last_at + window,
                sales=sales.get(member.id, Sales()) if member else Sales(),
            )
        )
    return shown
