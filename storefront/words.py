"""How values read in the mall's pages: money, times, and the Chinese words for states."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from flask import Blueprint

from catalog.models import ProductKind
from orders.models import Delivery, Fulfilment, OrderStatus, RealName
from payments.models import RefundStatus
from wx_backend.clock import SHANGHAI
from wx_backend.money import yuan
from wx_backend.strict import dumps

KINDS: Final = {
    ProductKind.GOODS: "终端",
    ProductKind.PLAN: "套餐",
    ProductKind.SIM: "号卡",
    ProductKind.BUNDLE: "套装",
}
STATUSES: Final = {
    OrderStatus.PLACED: "待付款",
    OrderStatus.PAID: "已付款",
    OrderStatus.PART_REFUNDED: "部分退款",
    OrderStatus.REFUNDED: "已退款",
    OrderStatus.CLOSED: "已关闭",
}
FULFILMENTS: Final = {
    Fulfilment.WAITING: "准备中",
    Fulfilment.SENT: "已发货",
    Fulfilment.RECEIVED: "已收货",
    Fulfilment.ACTIVATED: "已开通",
    Fulfilment.FAILED: "办理失败",
    Fulfilment.CANCELLED: "已取消",
}
DELIVERIES: Final = {
    Delivery.COURIER: "快递配送",
    Delivery.PICKUP: "到店自提",
    Delivery.NONE: "线上开通，无需配送",
}
REAL_NAMES: Final = {
    RealName.NOT_NEEDED: "",
    RealName.WAITING: "待实名认证",
    RealName.PASSED: "实名认证已通过",
    RealName.REFUSED: "实名认证未通过",
    RealName.EXPIRED: "实名认证已超时",
}
REFUNDS: Final = {
    RefundStatus.REQUESTED: "已申请",
    RefundStatus.UNKNOWN: "处理中",
    RefundStatus.PROCESSING: "处理中",
    RefundStatus.ABNORMAL: "退款异常，客服处理中",
    RefundStatus.SUCCEEDED: "已到账",
    RefundStatus.CLOSED: "未成功",
}

REFUND_REASONS: Final = (
    *("不想要了", "选错了规格或颜色", "收货信息填写有误", "送达时间太久"),
    *("别处价格更低", "套餐不合适", "其他原因"),
)
"""Why somebody takes an order back before it was sent."""
RETURN_REASONS: Final = (
    *("不想要了", "选错了规格或颜色", "商品与描述不符", "商品有质量问题"),
    *("少件或发错", "别处价格更低", "其他原因"),
)
"""Why somebody gives back what arrived."""


def shanghai(instant: datetime) -> str:
    """`2026-03-08 22:00`, as read in China."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def as_json(value: Any) -> str:
    """A dataclass for a data attribute that a script reads."""
    return dumps(asdict(value)).decode()


def register(bp: Blueprint) -> None:
    """Let the templates use them."""
    bp.add_app_template_filter(yuan, "yuan")
    bp.add_app_template_filter(shanghai, "shanghai")
    bp.add_app_template_filter(as_json, "as_json")
    bp.add_app_template_global(KINDS.get, "kind_word")
    bp.add_app_template_global(STATUSES.get, "status_word")
    bp.add_app_template_global(FULFILMENTS.get, "fulfilment_word")
    bp.add_app_template_global(DELIVERIES.get, "delivery_word")
    bp.add_app_template_global(REAL_NAMES.get, "real_name_word")
    bp.add_app_template_global(REFUNDS.get, "refund_word")
