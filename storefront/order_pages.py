"""What the pages about one's own orders show: read once, names and sentences in place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.queries import sku_name
from flows.real_name import link_for
from flows.receipt_pages import ReceiptPage, filed_receipt, receipt_page
from flows.sealed import order_address, shown_contact
from flows.taking_back import can_take_back
from members.queries import member_ids_of
from orders.models import Delivery, Fulfilment, OrderLine, OrderStatus, RealName, SalesOrder
from orders.queries import lines_of_order, order_by_number, orders_of_members, transitions_of
from org.queries import node_of, rep_card
from payments.models import RefundStatus
from payments.queries import refunds_of_order
from referral.proofs import latest_attribution, receipt_of
from referral.sentences import REASONS
from referral.values import Reason
from storefront import session
from storefront.showcase import OutletPanel, outlet_panel
from wx_backend.errors import NotFound

_STEPS: Final[dict[str, str]] = {
    OrderStatus.PLACED: "提交订单",
    OrderStatus.PAID: "付款成功",
    OrderStatus.PART_REFUNDED: "部分退款到账",
    OrderStatus.REFUNDED: "全额退款到账",
    OrderStatus.CLOSED: "订单已关闭",
    Fulfilment.WAITING: "重新准备",
    Fulfilment.SENT: "已发货",
    Fulfilment.RECEIVED: "已收货",
    Fulfilment.ACTIVATED: "已开通",
    Fulfilment.FAILED: "办理未成功",
    Fulfilment.CANCELLED: "已取消",
}
_CAUSES: Final = {"expired": "超时未付款"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to an order."""

    words: str
    about: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Credit:
    """Why this rep: who is credited for a line, by which rule, and the number of the proof."""

    line_name: str
    rep_name: str
    outlet_name: str
    reason: str
    receipt_number: str


@dataclass(frozen=True, slots=True)
class RefundRow:
    number: str
    amount_fen: int
    status: RefundStatus
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class LineRow:
    name: str
    quantity: int
    paid_fen: int
    fulfilment: Fulfilment
    real_name: RealName
    number: str
    bundle: str
    gifts: Sequence[tuple[str, int]]
    real_name_link: str
    real_name_until: datetime | None


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in a list."""

    number: str
    status: OrderStatus
    names: str
    pieces: int
    payable_fen: int
    placed_at: datetime


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Everything the page of one order shows."""

    row: OrderRow
    lines: Sequence[LineRow]
    steps: Sequence[Step]
    credits: Sequence[Credit]
    refunds: Sequence[RefundRow]
    outlet: OutletPanel | None
    delivery: Delivery
    address: str
    contact: str
    expires_at: datetime
    can_refund: bool


def own_order(number: str, member_id: int) -> SalesOrder:
    """A member's order; NotFound for a foreign number as for a missing one."""
    order = order_by_number(number)
    if order is None or order.member_id not in member_ids_of(member_id):
        raise NotFound("订单不存在")
    return order


def own_receipt(number: str, receipt: str) -> ReceiptPage:
    """The proof of one line of one's own order; NotFound for a foreign or another order's."""
    order = own_order(number, session.member().member_id)
    filed = filed_receipt(receipt)
    if filed.order.id != order.id:
        raise NotFound("凭证不存在")
    return receipt_page(filed)


def order_rows(member_id: int, *, after: int, limit: int) -> list[OrderRow]:
    """A person's orders, newest first."""
    orders = orders_of_members(sorted(member_ids_of(member_id)), after=after, limit=limit)
    return [_row(order, lines_of_order(order.id)) for order in orders]


def order_page(number: str, member_id: int, now: datetime) -> OrderPage:
    """One of a person's own orders; NotFound for any other."""
    order = own_order(number, member_id)
    lines = lines_of_order(order.id)
    outlet_id = order.outlet_id or next((line.outlet_id for line in lines if line.outlet_id), None)
    address = order_address(order)
    return OrderPage(
        row=_row(order, lines),
        lines=[_line(order, line) for line in lines],
        steps=_steps(order, lines),
        credits=[credit for line in lines if (credit := _credit(line))],
        refunds=[
            RefundRow(each.out_refund_no, each.amount_fen, RefundStatus(each.status), each.asked_at)
            for each in refunds_of_order(order.id)
        ],
        outlet=outlet_panel(outlet_id, now) if outlet_id is not None else None,
        delivery=Delivery(order.delivery),
        address=" ".join(str(address.get(name, "")) for name in ("region", "street")).strip(),
        contact=shown_contact(order),
        expires_at=order.expires_at,
        can_refund=can_take_back(order, lines),
    )


def _row(order: SalesOrder, lines: Sequence[OrderLine]) -> OrderRow:
    return OrderRow(
        number=order.number,
        status=OrderStatus(order.status),
        names="、".join(line.name for line in lines),
        pieces=sum(line.quantity for line in lines),
        payable_fen=order.payable_fen,
        placed_at=order.placed_at,
    )


def _line(order: SalesOrder, line: OrderLine) -> LineRow:
    return LineRow(
        name=line.name,
        quantity=line.quantity,
        paid_fen=line.paid_fen,
        fulfilment=Fulfilment(line.fulfilment),
        real_name=RealName(line.real_name_state),
        number=line.number_reference or "",
        bundle=sku_name(line.bundle_sku_id) if line.bundle_sku_id is not None else "",
        gifts=line.gifts,
        real_name_link=link_for(order, line),
        real_name_until=line.real_name_until,
    )


def _steps(order: SalesOrder, lines: Sequence[OrderLine]) -> list[Step]:
    names = {line.id: line.name for line in lines}
    steps = []
    for move in transitions_of(order.id):
        about = names.get(move.line_id or 0, "") or _CAUSES.get(move.cause, "")
        steps.append(Step(_STEPS[move.to_status], about, move.moved_at))
    return steps[::-1]


def _credit(line: OrderLine) -> Credit | None:
    standing = latest_attribution(line.id)
    if standing is None:
        return None
    rep_id = standing.developer_rep_id or standing.acceptor_rep_id
    outlet = node_of(standing.outlet_id).name if standing.outlet_id is not None else ""
    return Credit(
        line_name=line.name,
        rep_name=rep_card(rep_id).name if rep_id is not None else "",
        outlet_name=outlet,
        reason=REASONS[Reason(standing.reason)],
        receipt_number=receipt_of(standing.id).number,
    )
