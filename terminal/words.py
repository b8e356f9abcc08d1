"""How values read in the terminal's pages: the Chinese words for states, and times."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from orders.models import Fulfilment, OrderStatus
from settlement.models import Milestone
from settlement.queries import Earned
from wx_backend.clock import SHANGHAI

STATUSES: Final[Mapping[str, str]] = {
    OrderStatus.PLACED: "待付款",
    OrderStatus.PAID: "已付款",
    OrderStatus.PART_REFUNDED: "部分退款",
    OrderStatus.REFUNDED: "已退款",
    OrderStatus.CLOSED: "已关闭",
}
STEPS: Final[Mapping[str, str]] = {
    **STATUSES,
    OrderStatus.PLACED: "客户下单",
    Fulfilment.WAITING: "重新处理",
    Fulfilment.SENT: "已发货",
    Fulfilment.RECEIVED: "已收货",
    Fulfilment.ACTIVATED: "已开通",
    Fulfilment.FAILED: "办理失败",
    Fulfilment.CANCELLED: "已取消",
}
WAITS: Final[Mapping[str, str]] = {
    Milestone.RECEIVED: "待客户收货后起算",
    Milestone.ACTIVATED: "待业务开通后起算",
}


def when(instant: datetime | None) -> str:
    """`2026-03-08 22:00`, as read in China; a dash for what has not happened."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if instant else "—"


def stands(earned: Earned) -> str:
    """Where one commission is on its way to the rep."""
    if earned.net_fen == 0:
        return "已全部扣回"
    if earned.vested_at is not None:
        return f"已于 {when(earned.vested_at)} 可发"
    if earned.due_at is not None:
        return f"预计 {when(earned.due_at)} 可发"
    return WAITS[earned.milestone]
