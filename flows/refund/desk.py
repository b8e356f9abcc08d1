"""Refunds by staff: lines and fen of an order, a second person above a limit, all within their scope."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select

from flows.refund.abnormal import PayerCard, agree_to_way_out, send_another_way
from flows.refund.agree import LinesBack, limit_fen, refund_order_lines, send_back_again
from flows.refund.giving import give_back, give_whole_back
from orders.models import OrderLine, SalesOrder
from orders.moves import locked_order
from orders.queries import lines_of_order, order_by_id
from orders.refunds import refundable_fen
from orders.search import order_ids, order_within
from org.queries import under
from org.roster import holds_everything
from payments.again import to_send_again
from payments.desk import refund_within, refunds_within
from payments.errors import NoSuchProposal, NotPaid
from payments.models import Payment, Refund, RefundProposal, RefundStatus, WayOut
from payments.proposals import (
    amounts_of,
    decide_proposal,
    open_proposal,
    order_of_proposal,
    proposals_of_order,
    waiting_proposals,
    withdraw_proposal,
)
from payments.queries import (
    order_of_attempt,
    refund_by_id,
    refunds_of_order,
    winner_of,
)
from payments.rules import REFUND_SPACING
from payments.ways_out import (
    refund_of_way_out,
    ways_out_of,
    ways_out_waiting,
    withdraw_way_out,
)
from wx_backend.errors import BadInput, NotFound

SHOWN = 100


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line and what of it can still go back, in fen."""

    row: OrderLine
    left_fen: int


@dataclass(frozen=True, slots=True)
class RefundForm:
    """What a person needs to see before he gives money back; `next_at` is the earliest moment."""

    order: SalesOrder
    payment: Payment
    lines: Sequence[LineLeft]
    refunds: Sequence[Refund]
    proposals: Sequence[RefundProposal]
    limit_fen: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundAsk:
    """What a person asks for: fen by position of the line, why; `key` makes a repeat the same."""

    number: str
    amounts: Mapping[int, int]
    reason: str
    actor: str
    key: str


@dataclass(frozen=True, slots=True)
class RefundView:
    """A refund with the number of its order, and where somebody wanted it to go instead.

    `again` is None unless it is a closed one of a whole payment that may go back once more: then
    whether that waits for a second person.
    """

    row: Refund
    order_number: str
    ways_out: Sequence[WayOut] = ()
    again: bool | None = None


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A proposal with the number of its order, and of the closed refund it would follow, if any."""

    row: RefundProposal
    order_number: str
    again_of: str


def refund_form(number: str, node_id: int) -> RefundForm:
    """The form for an order of the node's. NotFound; NotPaid for an order nobody paid."""
    order = _order(number, node_id)
    payment = winner_of(order.id)
    if payment is None:
        raise NotPaid
    left = refundable_fen(order_id=order.id)
    asked_at = payment.refund_asked_at
    return RefundForm(
        order=order,
        payment=payment,
        lines=[LineLeft(line, left.get(line.id, 0)) for line in lines_of_order(order.id)],
        refunds=refunds_of_order(order.id),
        proposals=proposals_of_order(order.id),
        limit_fen=limit_fen(),
        next_at=None if asked_at is None else asked_at + REFUND_SPACING,
    )


def ask_refund(ask: RefundAsk, *, node_id: int, now: datetime) -> bool:
    """Give lines of an order back: at once (True), or above the limit once another person agrees.

    Raises NotFound, BadInput without an amount, and what `give_back` refuses.
    """
    order = _order(ask.number, node_id)
    amounts = _by_line(order, ask.amounts)
    back = LinesBack(order.id, amounts, ask.reason, ask.actor, ask.key)
    return give_back(back, now=now)


def give_back_again(
    *, out_refund_no: str, key: str, node_id: int, actor: str, now: datetime
) -> bool:
    """Return a whole payment once more, after WeChat Pay closed its refund of this number.

    Raises NotFound, and what `give_whole_back` refuses.
    """
    closed = refund_file(out_refund_no, node_id).row
    return give_whole_back(refund_id=closed.id, key=key, actor=actor, now=now)


def decide(*, proposal_id: int, is_agreed: bool, node_id: int, actor: str, now: datetime) -> str:
    """A second person agrees to a proposal or declines it; the order's number.

    Raises SecondPersonNeeded for the one who proposed, ProposalDecided, NoSuchProposal, and what
    `refund_order_lines` refuses.
    """
    order = _proposed(proposal_id, node_id)
    locked_order(order.id)
    row = open_proposal(proposal_id, actor=actor)
    refund_id = None
    if is_agreed:
        refund_id = _carry_out(row, now)
    decide_proposal(row, refund_id=refund_id, actor=actor, now=now)
    return order.number


def withdraw(*, proposal_id: int, node_id: int, actor: str, now: datetime) -> str:
    """Whoever proposed a refund takes it back; the number of the order whose lines it was about, if any.

    Raises NotTheAsker, ProposalDecided, NoSuchProposal.
    """
    order = _proposed(proposal_id, node_id)
    is_whole = withdraw_proposal(proposal_id, actor=actor, now=now).again_of_id is not None
    return "" if is_whole else order.number


def refunds_to_watch(node_id: int) -> list[RefundView]:
    """Refunds that are abnormal, failed or still under way, the abnormal ones first."""
    rows = refunds_within(_orders(node_id), limit=SHOWN)
    rows = sorted(rows, key=lambda row: (row.status != RefundStatus.ABNORMAL, -row.id))
    return [RefundView(row, _order_number(row.payment_id)) for row in rows]


def proposals_waiting(node_id: int) -> list[ProposalView]:
    """Proposals that wait for a second person, with the numbers of what they are about."""
    return [
        ProposalView(
            row,
            order.number if (order := order_by_id(row.order_id)) else "",
            refund_by_id(row.again_of_id).out_refund_no if row.again_of_id else "",
        )
        for row in waiting_proposals(_orders(node_id), limit=SHOWN)
    ]


def refund_file(out_refund_no: str, node_id: int) -> RefundView:
    """One refund of the node's orders. Raises NotFound."""
    row = refund_within(out_refund_no, _orders(node_id))
    if row is None:
        raise NotFound("退款不存在")
    again = to_send_again([row.out_refund_no]).get(row.out_refund_no)
    return RefundView(row, _order_number(row.payment_id), ways_out_of(row.id), again)


def work_off(
    *, out_refund_no: str, card: PayerCard | None, node_id: int, actor: str, now: datetime
) -> bool:
    """Send an abnormal refund another way; False while a second person has to agree first."""
    row = refund_file(out_refund_no, node_id).row
    return send_another_way(refund_id=row.id, card=card, actor=actor, now=now)


def decide_way_out(
    *, way_out_id: int, is_agreed: bool, node_id: int, actor: str, now: datetime
) -> str:
    """A second person says whether a refund goes another way; its number. See `agree_to_way_out`."""
    number = _sent_elsewhere(way_out_id, node_id)
    agree_to_way_out(way_out_id=way_out_id, is_agreed=is_agreed, actor=actor, now=now)
    return number


def take_way_out_back(*, way_out_id: int, node_id: int, actor: str, now: datetime) -> str:
    """Whoever proposed that a refund goes another way takes it back; its number. As `withdraw`."""
    number = _sent_elsewhere(way_out_id, node_id)
    withdraw_way_out(way_out_id, actor=actor, now=now)
    return number


def ways_out_to_decide(node_id: int) -> Sequence[tuple[WayOut, Refund]]:
    """Where abnormal refunds shall go that wait for a second person."""
    return ways_out_waiting(_orders(node_id), limit=SHOWN)


def _carry_out(row: RefundProposal, now: datetime) -> int:
    """Give back what was proposed; the refund's id."""
    if row.again_of_id is not None:
        return send_back_again(refund_id=row.again_of_id, actor=row.proposed_by, now=now)
    back = LinesBack(row.order_id, amounts_of(row), row.reason, row.proposed_by, row.key)
    return refund_order_lines(back, now=now)


def _proposed(proposal_id: int, node_id: int) -> SalesOrder:
    """The order a proposal is about, if it is the node's. Raises NoSuchProposal."""
    order = order_by_id(order_of_proposal(proposal_id))
    assert order is not None  # noqa: S101 - a foreign key says so
    if order_within(order.number, under(node_id)) is None:
        raise NoSuchProposal
    return order


def _sent_elsewhere(way_out_id: int, node_id: int) -> str:
    """The number of the refund a proposal is about, if it is the node's. Raises NoSuchProposal."""
    number = refund_by_id(refund_of_way_out(way_out_id)).out_refund_no
    if refund_within(number, _orders(node_id)) is None:
        raise NoSuchProposal
    return number


def _by_line(order: SalesOrder, amounts: Mapping[int, int]) -> dict[int, int]:
    lines = {line.position: line.id for line in lines_of_order(order.id)}
    if not amounts or not set(amounts) <= set(lines) or min(amounts.values()) <= 0:
        raise BadInput("请填写要退的金额", fields=["amount"])
    return {lines[position]: fen for position, fen in amounts.items()}


def _order(number: str, node_id: int) -> SalesOrder:
    order = order_within(number, under(node_id))
    if order is None:
        raise NotFound("订单不存在")
    return order


def _orders(node_id: int) -> Select[int] | None:
    """The orders a node sees; None for all."""
    return None if holds_everything(node_id) else order_ids(under(node_id))


def _order_number(payment_id: int) -> str:
    order = order_by_id(order_of_attempt(payment_id))
    return order.number if order else ""
