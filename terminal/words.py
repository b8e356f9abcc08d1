"""How values read in the terminal's pages: the Chinese words for states, and times."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from orders.models import Fulfilment, OrderStatus
from settlement.models import Milestone, ShareRole
from settlement.queries import Earned
from terminal.desk_words import span
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
ROLES: Final[Mapping[str, str]] = {
    ShareRole.DEVELOPER: "发展人",
    ShareRole.ACCEPTOR: "受理人",
    ShareRole.MANAGER: "店长",
}
MILESTONES: Final[Mapping[str, str]] = {
    Milestone.RECEIVED: "客户收货",
    Milestone.ACTIVATED: "业务开通",
    Milestone.FIRST_TOP_UP: "首次充值",
}


def when(instant: datetime | None) -> str:
    """`2026-03-08 22:00`, as read in China; a dash for what has not happened."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" if instant else "—"


def day(instant: datetime) -> str:
    """`7 月 3 日`, as read in China."""
    local = instant.astimezone(SHANGHAI)
    return f"{local.month} 月 {local.day} 日"


def left(until: datetime, *, now: datetime) -> str:
    """How much time is left, as people say it."""
    return span(max(0, int((until - now).total_seconds()) // 60))


def milestone(part: Earned) -> str:
    """What a part of a commission waits for."""
    if part.milestone is Milestone.MONTH_ALIVE:
        return f"在网满 {part.month} 个月"
    return MILESTONES[part.milestone]


def stands(part: Earned) -> str:
    """Where one part of a commission is on its way to the rep."""
    if part.amount_fen and part.net_fen == 0:
        return "已全部扣回"
    if part.vested_at is not None:
        return f"{day(part.vested_at)}已解冻"
    if part.due_at is not None:
        return f"{day(part.due_at)}解冻"
    return f"达成后 {part.hold_days} 天解冻" if part.hold_days else "达成后解冻"
