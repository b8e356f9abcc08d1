"""A customer asks to give back what reached him, and staff answer; money moves once the goods are back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Select

from catalog.models import ProductKind
from flows.fulfilment.progress import line_of, lock
from fulfilment.errors import NotReturnable, NotYet, RequestDecided
from fulfilment.models import Chain, ChainStatus, ReturnCase, ReturnKind
from fulfilment.nodes import Node
from fulfilment.queries import chain_of_line
from fulfilment.return_models import RequestStatus, ReturnRequest
from fulfilment.return_requests import (
    arrived_at,
    end_request,
    is_written,
    request_by_id,
    requests_waiting,
    return_until,
    waiting_request,
    write_request,
)
from fulfilment.returns import start_return
from orders.models import Fulfilment, OrderLine
from orders.queries import line_by_id, lines_of_order, order_by_id
from orders.search import order_ids, order_within
from org.queries import under
from org.roster import holds_everything
from wx_backend.errors import BadInput, NotFound
from wx_backend.platform import config

SHOWN: Final = 100
_OPENED: Final = frozenset({ProductKind.PLAN, ProductKind.SIM})


class Stage(StrEnum):
    """How far a request has come, as its customer is told."""

    ASKED = "asked"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    AGREED = "agreed"
    EXCHANGED = "exchanged"
    RECEIVED = "received"
    REFUNDING = "refunding"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request that waits for an answer, with what it is about."""

    row: ReturnRequest
    order_number: str
    line: OrderLine


def ask_back(
    *, order_id: int, line_id: int, key: str, reason: str, actor: str, now: datetime
) -> None:
    """Ask to give a whole line back; the same key is the same request.

    Raises NotFound for a line of another order, AlreadyAsked, and NotReturnable with the reason.
    """
    chain = lock(_chain(order_id, line_id))
    if is_written(chain, key):
        return
    if waiting_request(chain) is None:
        why = why_not(chain, line_of(chain), lines_of_order(order_id), arrived_at(chain), now)
        if why:
            raise NotReturnable(why)
    write_request(chain, key=key, reason=reason, actor=actor, now=now)


def take_back_request(*, order_id: int, line_id: int, actor: str, now: datetime) -> None:
    """The customer keeps the line after all. Raises NotFound, RequestDecided once it was answered."""
    chain = lock(_chain(order_id, line_id))
    row = waiting_request(chain)
    if row is None:
        raise RequestDecided
    end_request(row, RequestStatus.WITHDRAWN, actor=actor, now=now)


def answer_request(
    *, request_id: int, is_agreed: bool, answer: str, node_id: int, actor: str, now: datetime
) -> str:
    """Let a line come back, or say why not; its order's number.

    The line is at its outlet's desk then, to be taken in. Raises NotFound outside of the node's
    orders, BadInput for a refusal without a word, RequestDecided, and NotYet for a line that goes
    back already.
    """
    number = _order_of(request_id, node_id)
    if not is_agreed and not answer:
        raise BadInput("请填写不同意的原因，客户可见", fields=["answer"])
    lock(request_by_id(request_id)[1])
    row, chain = request_by_id(request_id)
    to = RequestStatus.AGREED if is_agreed else RequestStatus.DECLINED
    end_request(row, to, actor=actor, now=now, answer=answer)
    if is_agreed and not start_return(
        chain, ReturnKind.RETURNED, reason=row.reason, actor=row.asked_by, now=now
    ):
        raise NotYet(node=Node.RETURNED)
    return number


def why_not(
    chain: Chain,
    line: OrderLine,
    lines: Sequence[OrderLine],
    arrived: datetime | None,
    now: datetime,
) -> str:
    """Why a line is not given back online, in words for its customer; empty when it is.

    `lines` are all of its order.
    """
    if arrived is None:
        return "收到商品后才能申请退货"
    if _is_opened(line, lines):
        return "已开通的号卡、套餐及同套装的商品不能在线退货，请到营业厅办理"
    if chain.status == ChainStatus.ENDED or line.refund_reserved_fen >= line.paid_fen:
        return "这件商品已在退换货或退款中"
    days = config().returns.days
    if now >= return_until(arrived, days=days):
        return f"已超过收货后 {days} 天的退货期限，请联系营业厅"
    return ""


def stage_of(row: ReturnRequest, case: ReturnCase | None, line: OrderLine) -> Stage:
    """How far a request has come; `case` is the return of its line, if there is one."""
    if row.status != RequestStatus.AGREED:
        return Stage(row.status)
    if case is not None and case.kind == ReturnKind.EXCHANGED:
        return Stage.EXCHANGED
    if line.refunded_fen == line.paid_fen:
        return Stage.REFUNDED
    if line.refund_reserved_fen == line.paid_fen:
        return Stage.REFUNDING
    is_here = case is not None and case.goods_back_at is not None
    return Stage.RECEIVED if is_here else Stage.AGREED


def waiting_at(node_id: int) -> list[Waiting]:
    """What waits for an answer about the orders a node sees, the oldest first."""
    orders = None if holds_everything(node_id) else order_ids(under(node_id))
    return [_waiting(row, chain) for row, chain in requests_waiting(orders, limit=SHOWN)]


def askers_waiting(orders: Select[int] | None, *, limit: int) -> list[str]:
    """Who asked for what waits about these orders; None: all."""
    return [row.asked_by for row, _ in requests_waiting(orders, limit=limit)]


def _waiting(row: ReturnRequest, chain: Chain) -> Waiting:
    order, line = order_by_id(chain.order_id), line_by_id(chain.order_line_id)
    assert order is not None  # noqa: S101 - foreign keys say so
    assert line is not None  # noqa: S101 - foreign keys say so
    return Waiting(row, order.number, line)


def _chain(order_id: int, line_id: int) -> Chain:
    """The chain of a line of this order; NotFound for any other."""
    line = line_by_id(line_id)
    if line is None or line.order_id != order_id:
        raise NotFound
    chain = chain_of_line(line_id)
    if chain is None:
        raise NotReturnable
    return chain


def _order_of(request_id: int, node_id: int) -> str:
    """The number of the order a request is about, if it is the node's. Raises NotFound."""
    order = order_by_id(request_by_id(request_id)[1].order_id)
    if order is None or order_within(order.number, under(node_id)) is None:
        raise NotFound
    return order.number


def _is_opened(line: OrderLine, lines: Sequence[OrderLine]) -> bool:
    """Whether the operator opened it, or opens something that was sold in one bundle with it."""
    together = [
        each
        for each in lines
        if each.id == line.id
        or (line.bundle_sku_id is not None and each.bundle_sku_id == line.bundle_sku_id)
    ]
    return any(
        each.product_kind in _OPENED and each.fulfilment != Fulfilment.CANCELLED
        for each in together
    )
