"""The words of the outlet's pages: nodes, ways to the customer, how much time is left."""

from collections.abc import Mapping
from typing import Any, Final

from flows.counter import OfferState
from flows.fulfilment.desk import DeskTask
from fulfilment.nodes import NAMES
from orders.models import Delivery
from wx_backend.clock import SHANGHAI

_HOUR, _DAY = 60, 24 * 60
DELIVERIES: Final[Mapping[str, str]] = {
    Delivery.COURIER: "快递配送",
    Delivery.PICKUP: "到店自提",
    Delivery.NONE: "无需配送",
}


def due_words(task: DeskTask) -> str:
    """`逾期 2 小时 5 分`, `剩 35 分`; further ahead, by when it is due as read in China."""
    left = task.minutes_left
    if left < 0:
        return f"逾期 {span(-left)}"
    if left <= 2 * _HOUR:
        return f"剩 {span(left)}"
    local = task.due_at.astimezone(SHANGHAI)
    return f"{local:%m-%d %H:%M} 前"


def span(minutes: int) -> str:
    """So many minutes as people say them."""
    days, hours = minutes // _DAY, minutes % _DAY // _HOUR
    if days:
        return f"{days} 天 {hours} 小时" if hours else f"{days} 天"
    return f"{hours} 小时 {minutes % _HOUR} 分" if hours else f"{minutes} 分"


OFFERS: Final[Mapping[str, str]] = {
    OfferState.WAITING: "等客户扫码",
    OfferState.OPENED: "客户已打开",
    OfferState.CONFIRMED: "客户已确认",
    OfferState.ORDERED: "已下单，待付款",
    OfferState.PAID: "已付款",
    OfferState.CLOSED: "订单已关闭",
    OfferState.EXPIRED: "已过期",
    OfferState.WITHDRAWN: "已撤回",
}
PAGE_VALUES: Final[Mapping[str, Any]] = {
    "offer_state": OFFERS.get,
    "due_words": due_words,
    "delivery_name": DELIVERIES.get,
    "node_name": NAMES.get,
}
