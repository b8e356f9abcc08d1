"""Who gets the line, once it is known whose customer the buyer is."""

from dataclasses import dataclass
from datetime import datetime

from referral.policy import Terms
from referral.values import OrderFacts, Portion, Reason, Role, Touch

WHOLE_BP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A rep's claim to be the developer, by his leading touch.

    `protected_until` is the end of a protection that is on, else None.
    """

    rep_id: int
    touch: Touch
    protected_until: datetime | None

    @property
    def holds_at_counter(self) -> bool:
        """Does it stand when a colleague serves?"""
        return self.protected_until is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """How one line is given out; the fields mean what they mean in `Decision`."""

    reason: Reason
    developer_rep_id: int | None
    outlet_id: int
    portions: tuple[Portion, ...]
    is_taken_at_counter: bool = False
    left_rep_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Holder:
    """Who stands for a part: a rep with his outlet, or with no rep the outlet's pool."""

    rep_id: int | None
    outlet_id: int


_Part = tuple[Role, _Holder, int]


def award(
    claim: Claim | None, outlet_touch: Touch | None, facts: OrderFacts, terms: Terms
) -> Award:
    """Give out one line: heirs stand in, the counter splits or takes, nobody earns on himself."""
    acceptor = None if facts.acceptor_rep_id is None else _rep(facts.acceptor_rep_id, None, facts)
    if claim is None:
        return _to_pool(outlet_touch, facts) if acceptor is None else _taken(acceptor, None, facts)
    developer = _standing_for(claim, facts)
    left_rep_id = None if developer.rep_id == claim.rep_id else claim.rep_id
    if acceptor is not None and acceptor.rep_id != developer.rep_id:
        if not claim.holds_at_counter:
            return _taken(acceptor, left_rep_id, facts)
        parts = [
            (Role.DEVELOPER, developer, terms.split_developer_bp),
            (Role.ACCEPTOR, acceptor, terms.split_acceptor_bp),
        ]
        return _given(Reason.SPLIT_AT_COUNTER, parts, facts, left_rep_id)
    line = [(Role.DEVELOPER, developer, WHOLE_BP)]
    return _given(Reason.LAST_EMPLOYEE, line, facts, left_rep_id)


def _standing_for(claim: Claim, facts: OrderFacts) -> _Holder:
    """The claimant, or whoever his claim passed on to when he left; a circle ends in a pool."""
    rep_id, left = claim.rep_id, set[int]()
    touch: Touch | None = claim.touch
    while (heir := facts.heirs.get(rep_id)) is not None:
        left.add(rep_id)
        if heir.rep_id is None or heir.rep_id in left:
            return _Holder(None, heir.outlet_id or _rep(rep_id, touch, facts).outlet_id)
        rep_id, touch = heir.rep_id, None
    return _rep(rep_id, touch, facts)


def _rep(rep_id: int, touch: Touch | None, facts: OrderFacts) -> _Holder:
    """A rep with his outlet, failing that the outlet of his code, of the pickup, of the home."""
    of_code = None if touch is None else touch.outlet_id
    known = facts.rep_outlets.get(rep_id), of_code, facts.pickup_outlet_id
    return _Holder(rep_id, next((each for each in known if each), facts.home_outlet_id))


def _to_pool(outlet_touch: Touch | None, facts: OrderFacts) -> Award:
    """No rep anywhere: the outlet of the code, else the chosen pickup, else the home area."""
    if outlet_touch is not None and outlet_touch.outlet_id is not None:
        reason, outlet_id = Reason.OUTLET_OF_CODE, outlet_touch.outlet_id
    elif facts.pickup_outlet_id is not None:
        reason, outlet_id = Reason.PICKUP_OUTLET, facts.pickup_outlet_id
    else:
        reason, outlet_id = Reason.HOME_OUTLET, facts.home_outlet_id
    pool = Portion(role=Role.DEVELOPER, rep_id=None, outlet_id=outlet_id, share_bp=WHOLE_BP)
    return Award(reason=reason, developer_rep_id=None, outlet_id=outlet_id, portions=(pool,))


def _taken(acceptor: _Holder, left_rep_id: int | None, facts: OrderFacts) -> Award:
    """Nobody's claim holds against the staff who served: he is the developer too."""
    line = [(Role.DEVELOPER, acceptor, WHOLE_BP)]
    return _given(Reason.ACCEPTOR_TAKES_LINE, line, facts, left_rep_id)


def _given(reason: Reason, parts: list[_Part], facts: OrderFacts, left_rep_id: int | None) -> Award:
    """Fix the parts; what a rep buys or will use himself goes to his outlet's pool."""
    developer = parts[0][1]
    portions = tuple(
        Portion(
            role=role,
            rep_id=None if holder.rep_id in facts.own_rep_ids else holder.rep_id,
            outlet_id=holder.outlet_id,
            share_bp=share_bp,
        )
        for role, holder, share_bp in parts
    )
    final = reason
    if developer.rep_id is None:
        final = Reason.REP_LEFT
    elif portions[0].rep_id is None:
        final = Reason.SELF_PURCHASE
    return Award(
        reason=final,
        developer_rep_id=portions[0].rep_id,
        outlet_id=developer.outlet_id,
        portions=tuple(part for part in portions if part.share_bp),
        is_taken_at_counter=reason is Reason.ACCEPTOR_TAKES_LINE,
        left_rep_id=left_rep_id,
    )
