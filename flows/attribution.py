"""Deciding who is credited: at placement, again at payment, and a dispute when it is too late."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from json import loads

from catalog.queries import category_slug
from flows.confirmed_acts import own_acts
from flows.sealed import line_user_phone, vault
from members.queries import (
    appid_of,
    member_ids_of,
    members_by_phone,
    persons_of,
    subjects_of,
    subjects_of_identity,
)
from orders.models import OrderLine, SalesOrder
from orders.operations import attribute_line
from orders.queries import lines_of_order, order_by_id
from org.queries import (
    channel_class_of,
    node_by_code,
    outlets_of_reps,
    rep_of_member,
    successors_of,
)
from referral.contest import judge_all
from referral.disputes import open_dispute
from referral.models import Attribution
from referral.proofs import (
    Case,
    as_values,
    latest_attribution,
    policy_in_force,
    policy_version,
    receipt_of_line,
    write_attribution,
)
from referral.queries import Met, touches_of, withdrawn_among
from referral.replay import frozen_in
from referral.rules import decide
from referral.values import Decision, Heir, OrderFacts, Role, Touch, TouchKind
from wx_backend.errors import NotFound
from wx_backend.platform import account_of

LEARNT_LATE = "下单前的接触在付款后才得知"
NOT_HIS_CONTACTS = "归属依据了另一位客户的接触，两个微信已分开"


def attribute_order(*, order_id: int, now: datetime) -> None:
    """Decide every line of a new order, freeze it there, and write the receipts."""
    order = _order(order_id)
    policy = policy_in_force(order.placed_at)
    touches = touches_of_buyer(order.member_id)
    for line in lines_of_order(order_id):
        facts = _facts(order, line, touches)
        case = Case(order_line_id=line.id, touches=touches, facts=facts, policy=policy)
        _decide(case, now=now)


def developer_at_counter(
    *, member_id: int, identity_id: int, acceptor_rep_id: int, category_id: int, now: datetime
) -> int | None:
    """Who would be the developer if this person ordered at this rep's counter now."""
    touches = touches_of_buyer(member_id)
    reps = {touch.root_rep_id for touch in touches if touch.root_rep_id is not None}
    reps.add(acceptor_rep_id)
    own = rep_of_member(*member_ids_of(member_id))
    facts = OrderFacts(
        placed_at=now,
        home_outlet_id=_home_outlet(identity_id),
        pickup_outlet_id=None,
        channel_class=_channel_class(touches),
        product_category=category_slug(category_id),
        own_rep_ids=frozenset() if own is None else frozenset({own}),
        acceptor_rep_id=acceptor_rep_id,
        rep_outlets=outlets_of_reps(reps),
        heirs=_heirs(reps, now),
    )
    return decide(touches, facts, policy_in_force(now)).developer_rep_id


def customer_of(identity_id: int, *, now: datetime) -> int | None:
    """Whose customer the person behind an identity is: by the rules an order of now would go by."""
    person = subjects_of_identity(identity_id)
    rows = touches_of(identity_ids=[*person.identity_ids], visitor_ids=[*person.visitor_ids])
    touches = as_values(rows)
    channel = _channel_class(touches)
    facts = OrderFacts(
        placed_at=now, home_outlet_id=_home_outlet(identity_id), channel_class=channel
    )
    leader = judge_all(touches, facts, policy_in_force(now).terms_for(channel, "")).leader
    return None if leader is None else leader.root_rep_id


def attribute_again(*, order_id: int, now: datetime) -> None:
    """Just before payment counts: contacts learnt since the order append a version if they matter.

    So do imported ones that were taken back since. All else is as it was when the order was placed: a rep who moved, left or was bound meanwhile
    changes nothing about it.
    """
    order = _order(order_id)
    met = [each for each in _met(order.member_id) if each.key not in own_acts(order_id)]
    ids = {each.id for each in met}
    for line in lines_of_order(order_id):
        placed, known = frozen_in(loads(receipt_of_line(line.id).body))
        gone = known - ids
        is_less = bool(gone and withdrawn_among(gone))
        if is_less or not ids <= known:
            _decide_again(case_today(order, line, as_values(met)), line, placed, is_less, now)


def _decide_again(
    today: Case, line: OrderLine, placed: OrderFacts, is_less: bool, now: datetime
) -> None:
    """Decide by the facts of placing, and today's about reps nobody knew of then."""
    facts = with_newcomers(placed, today.facts)
    if is_less:
        facts = replace(facts, channel_class=today.facts.channel_class)
    case = replace(today, facts=facts)
    if _outcome(decide(case.touches, case.facts, case.policy)) != _standing(line):
        _decide(case, now=now)


def with_newcomers(placed: OrderFacts, today: OrderFacts) -> OrderFacts:
    """The facts of the moment of placing, and today's about reps nobody knew of then."""
    new = today.rep_outlets.keys() - placed.rep_outlets.keys()
    return replace(
        placed,
        channel_class=today.channel_class if new else placed.channel_class,
        rep_outlets={**placed.rep_outlets, **{rep: today.rep_outlets[rep] for rep in new}},
        heirs={**placed.heirs, **{rep: today.heirs[rep] for rep in new & today.heirs.keys()}},
    )


def dispute_parted(*, order_id: int, now: datetime) -> int:
    """Open a dispute where somebody's contacts decided who turned out not to be the buyer; of how many lines.

    What stands was decided by what was known then, and stays until somebody has looked.
    """
    order, opened = _order(order_id), 0
    mine = touches_of_buyer(min(persons_of({order.member_id})))
    for line in lines_of_order(order_id):
        placed, known = frozen_in(loads(receipt_of_line(line.id).body))
        touches = [touch for touch in mine if touch.id in known]
        decided = decide(touches, placed, policy_version(standing_of(line).policy_version))
        if credited(decided) != credited(standing_of(line)):
            opened += open_dispute(
                order_line_id=line.id, key="parted", reason=NOT_HIS_CONTACTS, now=now
            )
    return opened


def credited(decided: Decision | Attribution) -> tuple[int | None, ...]:
    """Who has the line by a decision."""
    return decided.developer_rep_id, decided.acceptor_rep_id, decided.outlet_id


def standing_of(line: OrderLine) -> Attribution:
    """The version of a line's attribution that stands."""
    standing = latest_attribution(line.id)
    assert standing is not None  # noqa: S101 - made with the order
    return standing


def _decide(case: Case, *, now: datetime) -> None:
    decision = decide(case.touches, case.facts, case.policy)
    attribution = write_attribution(case, decision, now=now)
    attribute_line(
        line_id=case.order_line_id,
        developer_rep_id=attribution.developer_rep_id,
        acceptor_rep_id=attribution.acceptor_rep_id,
        outlet_id=attribution.outlet_id,
        policy_version=attribution.policy_version,
    )


def case_today(order: SalesOrder, line: OrderLine, touches: Sequence[Touch]) -> Case:
    """What a line would be decided from today, by the policy it was placed under."""
    return Case(
        order_line_id=line.id,
        touches=touches,
        facts=_facts(order, line, touches),
        policy=policy_version(standing_of(line).policy_version),
    )


def _outcome(decision: Decision) -> tuple[object, ...]:
    """What of a decision is written on the line."""
    return (
        decision.developer_rep_id,
        decision.acceptor_rep_id,
        decision.share_bp(Role.DEVELOPER),
        decision.share_bp(Role.ACCEPTOR),
        decision.outlet_id,
        decision.winning_touch_id,
        decision.reason.value,
    )


def _standing(line: OrderLine) -> tuple[object, ...]:
    """The same of the version that stands."""
    row = latest_attribution(line.id)
    if row is None:
        return ()
    return (
        row.developer_rep_id,
        row.acceptor_rep_id,
        row.developer_bp,
        row.acceptor_bp,
        row.outlet_id,
        row.touch_id,
        row.reason,
    )


def _order(order_id: int) -> SalesOrder:
    order = order_by_id(order_id)
    if order is None:
        raise NotFound
    return order


def _met(member_id: int) -> list[Met]:
    """Every contact of the buyer, by whichever of his identities and browsers."""
    subjects = subjects_of(member_id)
    return touches_of(identity_ids=[*subjects.identity_ids], visitor_ids=[*subjects.visitor_ids])


def touches_of_buyer(member_id: int) -> list[Touch]:
    """The same as the rules take them."""
    return as_values(_met(member_id))


def _facts(order: SalesOrder, line: OrderLine, touches: Sequence[Touch]) -> OrderFacts:
    """What else the rules ask about a line, as of the moment it was placed."""
    frozen_at = min(at for at in (line.hold_at, line.chosen_at, order.placed_at) if at is not None)
    reps = {touch.root_rep_id for touch in touches if touch.root_rep_id is not None}
    if line.acceptor_rep_id is not None:
        reps.add(line.acceptor_rep_id)
    return OrderFacts(
        placed_at=order.placed_at,
        hold_at=line.hold_at,
        chosen_at=line.chosen_at,
        home_outlet_id=_home_outlet(order.identity_id),
        pickup_outlet_id=order.outlet_id,
        channel_class=_channel_class([t for t in touches if t.event_at <= frozen_at]),
        product_category=category_slug(line.category_id),
        own_rep_ids=own_reps(order, line),
        acceptor_rep_id=line.acceptor_rep_id,
        rep_outlets=outlets_of_reps(reps),
        heirs=_heirs(reps, order.placed_at),
    )


def _home_outlet(identity_id: int) -> int:
    """Whose pool takes what nobody else can claim: the outlet the account names."""
    code = account_of(appid_of(identity_id)).default_outlet
    node = node_by_code(code)
    if node is None:
        raise NotFound("公众号的默认网点不存在", outlet=code)
    return node.id


def _channel_class(touches: Sequence[Touch]) -> str:
    """The channel class whose terms apply: that of the rep who was touched last.

    What an older system knew, and what we sent out ourselves, has no say beside what happened here.
    """
    by_reps = [touch for touch in touches if touch.root_rep_id is not None]
    own = [t for t in by_reps if t.kind is not TouchKind.IMPORTED and not t.is_push]
    last = max(own or by_reps, key=lambda touch: (touch.event_at, touch.id), default=None)
    return channel_class_of(last.root_rep_id) if last and last.root_rep_id else ""


def own_reps(order: SalesOrder, line: OrderLine) -> frozenset[int]:
    """The reps who are the buyer himself, or the one who will use the line."""
    people = [member_ids_of(order.member_id)]
    phone = line_user_phone(order, line)
    if phone is not None:
        people += [member_ids_of(member) for member in members_by_phone(vault().index(phone))]
    found = (rep_of_member(*person) for person in people)
    return frozenset(rep_id for rep_id in found if rep_id is not None)


def _heirs(reps: set[int], at: datetime) -> dict[int, Heir]:
    """Who stands in for those who had left."""
    heirs = {}
    for rep_id, successor in successors_of(reps, at).items():
        if successor.rep_id is None:
            heirs[rep_id] = Heir(outlet_id=successor.outlet_id)
        elif successor.rep_id != rep_id:
            heirs[rep_id] = Heir(rep_id=successor.rep_id)
    return heirs
