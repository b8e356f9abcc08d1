"""What became known of a buyer only after he had paid: a dispute, where it would have given the line to somebody else."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from json import loads
from typing import Final

from flows.attribution import (
    LEARNT_LATE,
    case_today,
    credited,
    standing_of,
    touches_of_buyer,
    with_newcomers,
)
from flows.confirmed_acts import own_acts
from members.behind import behind
from members.queries import persons_of
from orders.models import OrderLine, SalesOrder
from orders.queries import Paid, lines_of_order, orders_by_id, orders_paid_in
from referral.disputes import disputes_of_lines, open_dispute
from referral.late import note_looked_at, touches_to_look_at
from referral.proofs import receipt_of_line
from referral.queries import Met
from referral.replay import frozen_in
from referral.rules import decide
from referral.values import Touch, TouchKind

LOOKED_AT: Final = 500
"""Touches in one transaction."""
SETTLED: Final = timedelta(minutes=5)
"""A transaction that writes a touch down has ended by then."""
DISPUTABLE: Final = timedelta(days=90)


def dispute_late_touches(*, now: datetime) -> int:
    """Look at the next touches: was one from before an order learnt after its payment? How many were looked at.

    Each is looked at once, so that what nobody touched late is never asked about. What an older system is said to
    have known is no such touch: it can be taken back at any time.
    """
    touches = touches_to_look_at(known_before=now - SETTLED, limit=LOOKED_AT)
    late = [each for each in touches if each.kind != TouchKind.IMPORTED]
    for order in orders_by_id(_paid_before_known(late, now)).values():
        _dispute(order, now)
    if touches:
        note_looked_at(touches[-1].id)
    return len(touches)


def _paid_before_known(touches: Sequence[Met], now: datetime) -> set[int]:
    """The orders that one of these touches came before, and was learnt too late for."""
    if not touches:
        return set()
    people = behind(
        identity_ids={each.identity_id for each in touches if each.identity_id is not None},
        visitor_ids={each.visitor_id for each in touches if each.visitor_id is not None},
    )
    who = {
        each.id: people.of(identity_id=each.identity_id, visitor_id=each.visitor_id)
        for each in touches
    }
    paid = orders_paid_in(
        set[int]().union(*who.values()),
        placed_from=min(each.event_at for each in touches),
        paid_from=now - DISPUTABLE,
        paid_until=max(each.known_at for each in touches),
    )
    return {
        order.id for order in paid for touch in touches if _is_late(touch, order, who[touch.id])
    }


def _is_late(touch: Met | Touch, order: Paid | SalesOrder, people: Collection[int]) -> bool:
    return (
        order.member_id in people
        and touch.event_at <= order.placed_at
        and order.paid_at is not None
        and touch.known_at >= order.paid_at
    )


def _dispute(order: SalesOrder, now: datetime) -> None:
    """Open one on each line that would be somebody else's with all that was learnt too late."""
    lines = lines_of_order(order.id)
    own = own_acts(order.id, (line.id for line in lines))
    his = touches_of_buyer(min(persons_of({order.member_id})))
    touches = [touch for touch in his if touch.key not in own]
    late = [
        touch
        for touch in touches
        if touch.kind is not TouchKind.IMPORTED and _is_late(touch, order, {order.member_id})
    ]
    for line in lines:
        against = _speaks_against(order, line, touches, late)
        if against is not None and not _has_counted(against, line, touches):
            open_dispute(
                order_line_id=line.id,
                key=f"touch:{against.id}",
                reason=LEARNT_LATE,
                touch_id=against.id,
                now=now,
            )


def _speaks_against(
    order: SalesOrder, line: OrderLine, touches: Sequence[Touch], late: Sequence[Touch]
) -> Touch | None:
    """The late touch by which the line would be somebody else's; None where it changes nothing.

    What was learnt between the payment and the moment we knew of it may have been counted already.
    """
    placed, known = frozen_in(loads(receipt_of_line(line.id).body))
    case = case_today(order, line, touches)
    facts = with_newcomers(placed, case.facts)
    then = [t for t in touches if t.id in known or not _is_late(t, order, {order.member_id})]
    new = [touch for touch in late if touch.id not in known]
    decided, had = decide([*then, *new], facts, case.policy), decide(then, facts, case.policy)
    if not new or credited(decided) in (credited(had), credited(standing_of(line))):
        return None
    return next((t for t in new if t.id == decided.winning_touch_id), new[-1])


def _has_counted(against: Touch, line: OrderLine, touches: Sequence[Touch]) -> bool:
    """Whether a dispute for the same rep was opened when this touch was known already.

    It counted there, whichever of his touches the dispute names.
    """
    rep_id = against.root_rep_id
    his = {touch.id for touch in touches if rep_id is not None and touch.root_rep_id == rep_id}
    return any(
        dispute.touch_id in his and dispute.opened_at >= against.known_at
        for dispute in disputes_of_lines([line.id])
    )
