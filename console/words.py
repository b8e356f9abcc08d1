"""How values read in the console's pages: the Chinese words for states, times, rates."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from console import farming_words, goods_words, settlement_words
from flows.message_events import EVENTS
from orders.models import Delivery, Fulfilment, HandOverStatus, OrderStatus, RealName
from org.models import ChannelClass, RepStatus, Role, Tier
from payments.models import ExceptionKind, PaymentStatus, RefundStatus
from reconciliation.models import BillStatus, DayStatus, DifferenceClass, DifferenceStatus
from templates_msg.models import MessageStatus, Quiet
from wechat.pay.abnormal import Way
from wechat.pay.bills import BillKind
from wx_backend.clock import SHANGHAI

STATUSES: Final[Mapping[str, str]] = {
    OrderStatus.PLACED: "待付款",
    OrderStatus.PAID: "已付款",
    OrderStatus.PART_REFUNDED: "部分退款",
    OrderStatus.REFUNDED: "已退款",
    OrderStatus.CLOSED: "已关闭",
}
FULFILMENTS: Final[Mapping[str, str]] = {
    Fulfilment.WAITING: "待处理",
    Fulfilment.SENT: "已发货",
    Fulfilment.RECEIVED: "已收货",
    Fulfilment.ACTIVATED: "已开通",
    Fulfilment.FAILED: "办理失败",
    Fulfilment.CANCELLED: "已取消",
}
DELIVERIES: Final[Mapping[str, str]] = {
    Delivery.COURIER: "快递配送",
    Delivery.PICKUP: "到店自提",
    Delivery.NONE: "无需配送",
}
MESSAGES: Final[Mapping[str, str]] = {
    MessageStatus.QUEUED: "待发送",
    MessageStatus.SENDING: "发送中",
    MessageStatus.SENT: "已接收，尚无回执",
    Quiet.NEVER_TOLD: "已发出，微信不回执",
    Quiet.NUMBERLESS: "已接收，无法查到回执",
    MessageStatus.DELIVERED: "已送达",
    MessageStatus.BLOCKED: "被用户拒收",
    MessageStatus.FAILED: "失败",
    MessageStatus.UNKNOWN: "结果未知",
}
REAL_NAMES: Final[Mapping[str, str]] = {
    RealName.NOT_NEEDED: "无需实名",
    RealName.WAITING: "待实名",
    RealName.PASSED: "实名通过",
    RealName.REFUSED: "实名未通过",
    RealName.EXPIRED: "实名超时",
}
PAYMENTS: Final[Mapping[str, str]] = {
    PaymentStatus.CREATED: "已创建",
    PaymentStatus.PREPAYING: "下单中",
    PaymentStatus.PREPAID: "等待付款",
    PaymentStatus.UNKNOWN: "结果未知，查询中",
    PaymentStatus.SUCCEEDED: "已到账",
    PaymentStatus.CLOSED: "已关闭",
}
REFUNDS: Final[Mapping[str, str]] = {
    RefundStatus.REQUESTED: "已申请",
    RefundStatus.UNKNOWN: "结果未知，查询中",
    RefundStatus.PROCESSING: "处理中",
    RefundStatus.ABNORMAL: "异常",
    RefundStatus.SUCCEEDED: "已退回",
    RefundStatus.CLOSED: "未成功",
}
REPS: Final[Mapping[str, str]] = {
    RepStatus.ACTIVE: "在职",
    RepStatus.DISABLED: "已停用",
    RepStatus.LEFT: "已离职",
}
ROLES: Final[Mapping[str, str]] = {
    Role.ADMINISTRATOR: "管理员",
    Role.MANAGER: "经理",
    Role.MARKETER: "营销",
    Role.FINANCE: "财务",
    Role.CLERK: "营业员",
}
TIERS: Final[Mapping[str, str]] = {
    Tier.GROUP: "集团",
    Tier.PROVINCE: "省分",
    Tier.CITY: "市分",
    Tier.OUTLET: "营业网点",
}
CHANNELS: Final[Mapping[str, str]] = {
    ChannelClass.OWN_HALL: "自有营业厅",
    ChannelClass.FRANCHISE: "加盟店",
    ChannelClass.PARTNER: "合作渠道",
    ChannelClass.ONLINE_TEAM: "线上团队",
}
EXCEPTIONS: Final[Mapping[str, str]] = {
    ExceptionKind.UNKNOWN_ORDER: "到账但找不到订单",
    ExceptionKind.MISMATCH: "到账信息与订单不符",
    ExceptionKind.DOUBLE_PAYMENT: "重复付款",
    ExceptionKind.PAID_AFTER_CLOSE: "订单关闭后到账",
    ExceptionKind.SHORTAGE: "付款后缺货",
    ExceptionKind.UNKNOWN_REFUND: "找不到对应的退款",
    ExceptionKind.REFUND_MISMATCH: "退款信息不符",
    ExceptionKind.REFUND_ABNORMAL: "退款异常",
    ExceptionKind.REFUND_CLOSED: "退款未成功",
    ExceptionKind.UNREADABLE_NOTICE: "无法读取的通知",
    ExceptionKind.PAYOUT_UNKNOWN: "找不到对应的发放",
    ExceptionKind.PAYOUT_MISMATCH: "发放信息不符",
    ExceptionKind.PAYOUT_FUNDS: "运营账户余额不足",
    ExceptionKind.BILLING_REFUSED: "计费拒绝受理",
    ExceptionKind.BILLING_SILENT: "计费长期无回应",
    ExceptionKind.BILLING_CONTRADICTS: "计费前后说法不一",
    ExceptionKind.BILLING_FILE: "计费回执文件有误",
    ExceptionKind.ACTIVATED_REFUNDED: "已退款的套餐仍在用",
    ExceptionKind.SHIPPING_REFUSED: "小程序发货信息被拒",
}
HAND_OVERS: Final[Mapping[str, str]] = {
    HandOverStatus.WAITING: "待交接",
    HandOverStatus.UNKNOWN: "未回应",
    HandOverStatus.RECEIVED: "已收件",
    HandOverStatus.ACCEPTED: "已受理",
    HandOverStatus.REFUSED: "被拒绝",
    HandOverStatus.DEAD: "已停止",
}
DIFFERENCES: Final[Mapping[str, str]] = {
    DifferenceClass.MISSING_HERE: "账单有、我方无",
    DifferenceClass.MISSING_THERE: "我方有、账单无",
    DifferenceClass.AMOUNT_DIFFERS: "金额不一致",
    DifferenceClass.STATE_DIFFERS: "状态不一致",
    DifferenceClass.DUPLICATE: "账单重复",
    DifferenceClass.FEE_DIFFERS: "手续费或资金不符",
    DifferenceClass.NOT_ACKNOWLEDGED: "已付款、计费未回执",
    DifferenceClass.LEDGER_DIFFERS: "总账不一致",
}
DIFFERENCE_STATES: Final[Mapping[str, str]] = {
    DifferenceStatus.OPEN: "待处理",
    DifferenceStatus.EXPLAINED: "已说明",
    DifferenceStatus.CORRECTED: "已更正",
    DifferenceStatus.CLOSED: "自动消失",
}
EVIDENCE: Final[Mapping[str, str]] = {
    "platform_id": "微信支付单号",
    "platform_ids": "微信支付单号",
    "payment_number": "商户订单号",
    "number": "商户单号",
    "state": "状态",
    "traded_at": "交易时间",
    "currency": "币种",
    "copies": "出现次数",
    "fee_e5": "手续费（十万分之一元）",
    "hand_over": "移交状态",
    "reason": "原因",
    "postings": "入账笔数",
}
DETAILS: Final[Mapping[str, str]] = {
    "amount_fen": "金额（元）",
    "batch": "发放批次",
    "cause": "原因",
    "differences": "不符之处",
    "error": "错误",
    "kind": "种类",
    "line": "订单行",
    "mchid": "商户号",
    "notice": "通知",
    "order": "订单",
    "out_bill_no": "发放单号",
    "out_trade_no": "商户单号",
    "reason": "原因",
    "source": "来源",
    "state": "状态",
    "todo": "待办",
    "transaction_id": "微信支付单号",
    "why": "原因",
}
DAYS: Final[Mapping[str, str]] = {
    DayStatus.WAITING: "等待账单",
    DayStatus.COMPARED: "已比对",
    DayStatus.CLOSED: "已日清",
}
BILLS: Final[Mapping[str, str]] = {
    BillKind.TRADE: "交易账单",
    BillKind.FUND_FLOW: "资金账单",
    BillStatus.FETCHED: "读取中",
    BillStatus.READ: "已读取",
    BillStatus.ABSENT: "当日无交易",
    BillStatus.REFUSED: "无法读取",
}
LEGS: Final[Mapping[str, str]] = {
    "bill_payments": "微信账单收款",
    "our_payments": "我方收款",
    "ledger_payments": "总账收款",
    "bill_refunds": "微信账单退款",
    "our_refunds": "我方退款",
    "ledger_refunds": "总账退款",
    "billing_due": "应由计费回执",
    "billing_open": "计费未回执",
    "foreign": "其他系统（不计入）",
    "other_moves": "提现等非交易变动",
}
WORK: Final[Mapping[str, str]] = {"push": "微信推送", "notice": "支付通知", "job": "后台任务"}
ACTORS: Final[Mapping[str, str]] = {
    "system": "系统",
    "staff": "员工",
    "rep": "网点员工",
    "member": "客户",
    "wechat": "微信支付",
    "billing": "计费系统",
    "command": "服务器命令",
    "real_name": "实名认证服务",
}

WAYS_OUT: Final[Mapping[str, str]] = {
    Way.PAYER_CARD: "退至用户银行卡",
    Way.MERCHANT: "退至商户，人工付款",
}

SETS: Final[Mapping[str, Mapping[str, str]]] = {
    "status": STATUSES,
    "step": {**FULFILMENTS, **STATUSES, OrderStatus.PLACED: "提交订单"},
    "fulfilment": FULFILMENTS,
    "delivery": DELIVERIES,
    "real_name": REAL_NAMES,
    "payment": PAYMENTS,
    "refund": REFUNDS,
    "message": MESSAGES,
    "told_of": {key: event.name for key, event in EVENTS.items()},
    "way_out": WAYS_OUT,
    "rep": REPS,
    "role": ROLES,
    "channel": CHANNELS,
    "tier": TIERS,
    "exception": EXCEPTIONS,
    "hand_over_status": HAND_OVERS,
    **settlement_words.SETS,
    **farming_words.SETS,
    "detail": DETAILS,
    "work": WORK,
    **goods_words.SETS,
    "difference": DIFFERENCES,
    "difference_state": DIFFERENCE_STATES,
    "day": DAYS,
    "bill": BILLS,
    "leg": LEGS,
}


def word(kind: str, value: str) -> str:
    """The Chinese word for a value; the value itself where there is none."""
    return SETS[kind].get(value, value)


def actor(text: str, *, names: Mapping[int, str]) -> str:
    """`staff:7` -> what staff 7 is called by `names`; a customer stays nameless."""
    kind, _, number = text.partition(":")
    name = ACTORS.get(kind, kind)
    return names.get(int(number), f"{name} {number}") if kind == "staff" else name


# What a browser calls itself contains the names of those it wants to be taken for: order matters.
_BROWSERS: Final = (
    ("MicroMessenger", "微信"),
    ("Edg/", "Edge"),
    ("Chrome/", "Chrome"),
    ("Firefox/", "Firefox"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("Android", "安卓"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(agent: str) -> str:
    """What a browser says of itself, in two words; the beginning of it where it is no known one."""
    found = [
        next((name for mark, name in each if mark in agent), "") for each in (_SYSTEMS, _BROWSERS)
    ]
    return " · ".join(filter(None, found)) or agent[:40] or "未知设备"


def age(span: timedelta) -> str:
    """A span in its largest unit: `3 天`, `5 小时`, `12 分钟`."""
    if span.days > 0:
        return f"{span.days} 天"
    minutes = max(0, int(span.total_seconds() // 60))
    return f"{minutes // 60} 小时" if minutes >= 60 else f"{minutes} 分钟"


def when(instant: datetime | None) -> str:
    """`2026-03-08 22:00:00`, as read in China; a dash for what has not happened."""
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}" if instant else "—"


def percent(basis_points: int) -> str:
    """`7000` -> `70%`."""
    return f"{basis_points / 100:g}%"
