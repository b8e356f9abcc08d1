"""What people are told of by template message: each event, its receiver and the values it has.

The one list of them: what a flow passes to `send_notice` is named here, so that the console can
offer it. Every value has an example as long as real ones get, by which a form is tried out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Value:
    """One value of an event: what it is called, and an example."""

    name: str
    example: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something people are told of; `is_for_reps` says that the receiver is an employee."""

    name: str
    values: Mapping[str, Value]
    is_for_reps: bool = False


NUMBER: Final = "number"
"""What the order's number is called among an event's values."""

_NUMBER: Final = Value("订单编号", "OD2603029X4K7M2Q8RT1B")
_GOODS: Final = Value("商品", "畅享手机 12 256GB 曜石黑…")
_AMOUNT: Final = Value("金额", "12999.00元")
_AT: Final = Value("时间", "2026-03-02 12:00")
_ORDER: Final = {NUMBER: _NUMBER, "goods": _GOODS}
_GIVEN: Final = {**_ORDER, "amount": Value("佣金", _AMOUNT.example), "at": _AT}

EVENTS: Final[Mapping[str, Event]] = {
    "order_paid": Event("订单已支付", {**_ORDER, "amount": _AMOUNT, "paid_at": _AT}),
    "real_name": Event("提醒实名认证", {**_ORDER, "until": Value("截止时间", _AT.example)}),
    "order_shipped": Event("已发货", _ORDER),
    "pickup_ready": Event("可到店取货", _ORDER),
    "plan_activated": Event("套餐已开通", _ORDER),
    "review_ask": Event("邀请评价", _ORDER),
    "order_refunded": Event("已退款", {"number": _NUMBER, "amount": _AMOUNT, "at": _AT}),
    "wechat_changed": Event("微信换绑完成", {"number": _NUMBER, "at": _AT}),
    "wechat_decided": Event(
        "微信换绑审批结果", {"result": Value("结果", "换绑已撤销，请核对您的订单"), "at": _AT}
    ),
    "rep_order": Event("客户下单", {**_ORDER, "amount": _AMOUNT, "paid_at": _AT}, is_for_reps=True),
    "customer_scanned": Event(
        "客户扫码", {"customer": Value("客户", "客户 10086001"), "at": _AT}, is_for_reps=True
    ),
    "rep_digest": Event(
        "客户动态摘要",
        {
            "summary": Value("摘要", "关注12 访问34 下单5 付款4…"),
            "follows": Value("关注数", "12"),
            "visits": Value("访问数", "34"),
            "orders": Value("下单数", "5"),
            "paid": Value("付款数", "4"),
            "until": _AT,
        },
        is_for_reps=True,
    ),
    "commission_free": Event(
        "佣金解冻", {"amount": _AMOUNT, "day": Value("日期", "2026-03-02")}, is_for_reps=True
    ),
    "credit_gained": Event("改判归您", _GIVEN, is_for_reps=True),
    "credit_lost": Event("改判给他人", _GIVEN, is_for_reps=True),
    "task_overdue": Event(
        "任务超时",
        {"number": _NUMBER, "step": Value("环节", "等待打包"), "due_at": _AT},
        is_for_reps=True,
    ),
    "night_list": Event(
        "夜间订单清单",
        {
            "orders": Value("订单数", "12"),
            "visits": Value("预约数", "3"),
            "day": Value("日期", "2026-03-02"),
        },
        is_for_reps=True,
    ),
    "daily_figures": Event(
        "昨日数据",
        {
            "day": Value("日期", "2026-03-01"),
            "place": Value("单位", "呼伦贝尔市海拉尔区分公司人民路营业厅"),
            "sales": Value("销售额", "12,345,678.90元"),
            "orders": Value("付款订单", "12345"),
            "follows": Value("关注", "12345"),
        },
        is_for_reps=True,
    ),
}
