"""A paid order's plans go to billing, which activates them: handed over, receipted, noted."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial

from billing import values
from billing.values import Accepted, Answer, Line, Received, Refused
from catalog.models import ProductKind
from catalog.queries import sku_number
from flows.delivery import move_line_on
from flows.fulfilment.hooks import line_activated
from flows.sealed import line_user_phone
from orders.hand_overs import (
    begin_hand_over,
    bring_back,
    hand_over_of,
    hand_overs_to_chase,
    note_try,
    open_hand_over,
    record_hand_over,
)
from orders.models import Fulfilment, HandOver, HandOverStatus, OrderLine, RealName, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order, order_by_number
from orders.real_name import is_given_up, is_undecided, without_a_pass
from org.queries import node_of, operator_identity_on
from payments.exceptions import close_exception, open_exception
from payments.models import ExceptionKind
from payments.queries import winner_of
from wx_backend import clock, platform
from wx_backend.clock import business_on
from wx_backend.errors import NotFound
from wx_backend.outbox import Steps, defer, remote_job

FOR_BILLING = frozenset({ProductKind.PLAN, ProductKind.SIM})
KNOWN = frozenset({RealName.PASSED, RealName.NOT_NEEDED})
TRY_AGAIN = timedelta(minutes=10)
CHASE_EVERY = timedelta(hours=6)


def start_hand_over(order: SalesOrder, *, now: datetime) -> None:
    """Have the lines that billing activates handed over; nothing for goods alone.

    Not before it is decided of each line's user who he is, and what a refusal takes along.
    """
    if any(is_undecided(line) for line in lines_of_order(order.id)):
        return
    positions = _wanted(order)
    if positions and open_hand_over(order_id=order.id, positions=positions, now=now):
        defer(hand_over, key=order.number, order_id=order.id)


@remote_job("billing.hand_over")
def hand_over(*, order_id: int, tries: int | None = None) -> Steps:
    """Hand the order over; an unknown outcome is handed over again, word for word.

    `tries` is how many calls had gone before when this one was put off: if others have been made
    since, the newest of them goes on.
    """
    order = locked_order(order_id)
    if not begin_hand_over(order_id=order_id, positions=_wanted(order), now=clock.now()):
        return
    row = hand_over_of(order_id)
    assert row is not None  # noqa: S101 - begun above
    if tries not in {None, row.tries}:
        return
    answer: Answer = yield partial(platform.billing().hand_over, _content(order, row.positions))
    _note(order, answer)


def take_receipt(said: Accepted, *, now: datetime) -> None:
    """Billing's receipt, by answer or by its own call: the plans are active. Once.

    Raises NotFound for an order that was never handed over.
    """
    order, row = _locked(said.order_number)
    if record_hand_over(
        order_id=order.id, status=HandOverStatus.ACCEPTED, note=said.receipt_no, now=now
    ):
        _activate(order, row.positions, now)
        close_exception(
            kind=ExceptionKind.BILLING_SILENT,
            key=order.number,
            by="billing",
            resolution="accepted",
            now=now,
        )
    elif (row.status, row.receipt_no) != (HandOverStatus.ACCEPTED, said.receipt_no):
        _show(order, ExceptionKind.BILLING_CONTRADICTS, f"accepted as {said.receipt_no}", now)


def take_refusal(*, order_number: str, reason: str, now: datetime) -> None:
    """Billing will not take the order as it is: a person has to look. Once.

    Raises NotFound for an order that was never handed over.
    """
    order, row = _locked(order_number)
    if record_hand_over(order_id=order.id, status=HandOverStatus.REFUSED, note=reason, now=now):
        _show(order, ExceptionKind.BILLING_REFUSED, reason, now)
    elif row.status == HandOverStatus.ACCEPTED:
        _show(order, ExceptionKind.BILLING_CONTRADICTS, f"refused: {reason}", now)


def hand_over_again(order: SalesOrder, *, by: str, now: datetime) -> bool:
    """A person says that what billing refused, or never answered, can go again.

    False if it is neither, or if nothing of it is wanted any more.
    """
    wanted = _wanted(locked_order(order.id))
    if not wanted or not bring_back(order_id=order.id, positions=wanted):
        return False
    for kind in (ExceptionKind.BILLING_REFUSED, ExceptionKind.BILLING_SILENT):
        close_exception(kind=kind, key=order.number, by=by, resolution="handed over again", now=now)
    defer(hand_over, key=f"{order.number}:{now:%Y%m%d%H%M%S}", order_id=order.id)
    return True


def content_for_billing(order_id: int, *, now: datetime) -> values.HandOver | None:
    """What a file says of an order; None when no line of it is billing's business any more.

    Billing will know it by the file: from now on its lines are fixed. Of what billing refused, or
    was never asked, only what is still wanted is said.
    """
    order = locked_order(order_id)
    wanted = _wanted(order)
    begin_hand_over(order_id=order_id, positions=wanted, now=now)
    row = hand_over_of(order_id)
    assert row is not None  # noqa: S101 - the file is made of hand-overs
    is_nowhere = row.status == HandOverStatus.REFUSED
    positions = [each for each in row.positions if each in wanted or not is_nowhere]
    return _content(order, positions) if positions else None


def chase_hand_overs(*, now: datetime) -> int:
    """Hand over again what billing has not decided on for long, every six hours; how many those are."""
    waiting = hand_overs_to_chase(
        asked_before=now - TRY_AGAIN, chased_before=now - CHASE_EVERY, now=now
    )
    for order_id in waiting:
        defer(hand_over, key=f"{order_id}:{now:%Y%m%d%H%M}", order_id=order_id)
    return len(waiting)


def watch_refunded(*, order_id: int, now: datetime) -> None:
    """A plan that billing activated and whose money is back has to be ended there by a person."""
    for line in lines_of_order(order_id):
        if line.fulfilment == Fulfilment.ACTIVATED and line.refunded_fen == line.paid_fen > 0:
            _show_activated(line, now)


def _show_activated(line: OrderLine, now: datetime) -> None:
    open_exception(
        kind=ExceptionKind.ACTIVATED_REFUNDED,
        key=f"line:{line.id}",
        details={"line": line.id, "order": line.order_id},
        now=now,
    )


def _locked(order_number: str) -> tuple[SalesOrder, HandOver]:
    """An order, locked, and its hand-over as it stands under the lock; NotFound without one."""
    found = order_by_number(order_number)
    if found is None:
        raise NotFound
    order = locked_order(found.id)
    row = hand_over_of(order.id)
    if row is None:
        raise NotFound
    return order, row


def _wanted(order: SalesOrder) -> list[int]:
    """The lines for billing whose users are known, and whose money stays."""
    lines = lines_of_order(order.id)
    lost = without_a_pass(lines)
    return [
        line.position
        for line in lines
        if line.product_kind in FOR_BILLING
        and line.real_name_state in KNOWN
        and line.id not in lost
        and not is_given_up(line)
    ]


def _note(order: SalesOrder, answer: Answer) -> None:
    """Billing's own call may have come meanwhile: the lock comes before the look."""
    now = clock.now()
    locked_order(order.id)
    if isinstance(answer, Accepted):
        take_receipt(answer, now=now)
    elif isinstance(answer, Received):
        record_hand_over(order_id=order.id, status=HandOverStatus.RECEIVED, note=None, now=now)
    elif isinstance(answer, Refused):
        take_refusal(order_number=order.number, reason=answer.reason, now=now)
    else:
        _note_silence(order, answer.reason, now)


def _note_silence(order: SalesOrder, reason: str, now: datetime) -> None:
    again_at = note_try(order_id=order.id, reason=reason, now=now)
    row = hand_over_of(order.id)
    assert row is not None  # noqa: S101 - it was just tried
    if again_at is not None:
        defer(hand_over, due_at=again_at, order_id=order.id, tries=row.tries)
    elif row.status == HandOverStatus.DEAD:
        _show(order, ExceptionKind.BILLING_SILENT, reason, now)


def _show(order: SalesOrder, kind: ExceptionKind, reason: str, now: datetime) -> None:
    winner = winner_of(order.id)
    open_exception(
        kind=kind,
        key=order.number,
        details={"order": order.number, "reason": reason},
        now=now,
        payment_id=winner.id if winner else None,
    )


def _activate(order: SalesOrder, positions: Iterable[int], now: datetime) -> None:
    """What was refunded meanwhile stays cancelled here, and a person ends it there."""
    for line in lines_of_order(order.id):
        if line.position not in positions:
            continue
        if line.fulfilment == Fulfilment.CANCELLED:
            _show_activated(line, now)
        elif line.fulfilment in {Fulfilment.WAITING, Fulfilment.SENT}:
            move_line_on(
                line_id=line.id,
                to=Fulfilment.ACTIVATED,
                actor="billing",
                cause="receipt",
                now=now,
            )
            line_activated(line_id=line.id, now=now)


def _content(order: SalesOrder, positions: Iterable[int]) -> values.HandOver:
    """What billing gets; the same for every repeat, since all of it is frozen or dated."""
    lines = [line for line in lines_of_order(order.id) if line.position in positions]
    assert order.paid_at is not None  # noqa: S101 - handed over once paid
    day = business_on(order.paid_at)
    return values.HandOver(
        order_number=order.number,
        outlet_code=_outlet_code(lines),
        lines=tuple(_line(order, line, day) for line in lines),
    )


def _outlet_code(lines: Iterable[OrderLine]) -> str:
    outlets = [line.outlet_id for line in lines if line.outlet_id is not None]
    return node_of(outlets[0]).code if outlets else ""


def _line(order: SalesOrder, line: OrderLine, day: date) -> Line:
    """The line with the codes by which billing knows its developer and its acceptor."""
    developer = line.developer_rep_id and operator_identity_on(line.developer_rep_id, day)
    acceptor = line.acceptor_rep_id and operator_identity_on(line.acceptor_rep_id, day)
    serving = acceptor or developer
    return Line(
        position=line.position,
        sku=sku_number(line.sku_id),
        quantity=line.quantity,
        paid_fen=line.paid_fen,
        prepaid_fen=line.collected_fen,
        developer_code=developer.developer_code if developer else "",
        channel_code=developer.channel_code if developer else "",
        staff_number=serving.staff_number if serving else "",
        user_phone=line.number_reference or line_user_phone(order, line) or "",
    )
