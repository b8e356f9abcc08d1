"""The Chinese words of months, statements and pay-outs."""

from collections.abc import Mapping
from typing import Final

from ledger.models import AccountKind
from settlement.payouts.models import BatchStatus, PayoutStatus, Rail
from settlement.statements.models import Movement, PeriodStatus, StatementOwner

PERIODS: Final[Mapping[str, str]] = {
    PeriodStatus.OPEN: "未结账",
    PeriodStatus.CLOSING: "结账中",
    PeriodStatus.CLOSED: "已结账",
}
OWNERS: Final[Mapping[str, str]] = {
    StatementOwner.REP: "员工",
    StatementOwner.OUTLET: "网点",
    StatementOwner.CITY: "地市",
    StatementOwner.PROVINCE: "省",
}
MOVEMENTS: Final[Mapping[str, str]] = {
    Movement.ACCRUED: "新增佣金",
    Movement.VESTED: "转为可发",
    Movement.TAKEN_BACK: "退款扣回",
    Movement.PAID: "发放",
    Movement.OTHER: "其他",
}
RAILS: Final[Mapping[str, str]] = {Rail.FILE: "财务付款文件", Rail.TRANSFER: "微信转账"}
BATCHES: Final[Mapping[str, str]] = {
    BatchStatus.PROPOSED: "待审批",
    BatchStatus.REJECTED: "已驳回",
    BatchStatus.WITHDRAWN: "已撤回",
    BatchStatus.APPROVED: "放款中",
    BatchStatus.RELEASED: "发放中",
    BatchStatus.PAUSED: "已暂停",
    BatchStatus.DONE: "已完成",
}
PAYOUTS: Final[Mapping[str, str]] = {
    PayoutStatus.PROPOSED: "待审批",
    PayoutStatus.LEFT_OUT: "未列入",
    PayoutStatus.REJECTED: "已驳回",
    PayoutStatus.WITHDRAWN: "已撤回",
    PayoutStatus.READY: "待付款",
    PayoutStatus.ASKING: "请求中",
    PayoutStatus.UNKNOWN: "结果未知，查询中",
    PayoutStatus.SENT: "待到账",
    PayoutStatus.PAID: "已到账",
    PayoutStatus.FAILED: "未成功",
    PayoutStatus.CANCELLED: "已撤销",
}
TRANSFERS: Final[Mapping[str, str]] = {
    "ACCEPTED": "已受理",
    "PROCESSING": "锁定资金中",
    "WAIT_USER_CONFIRM": "待收款人确认",
    "TRANSFERING": "转账中",
    "SUCCESS": "已到账",
    "FAIL": "已失败",
    "CANCELING": "撤销中",
    "CANCELLED": "已撤销",
}
EVENTS: Final[Mapping[str, str]] = {
    "proposed": "提出批次",
    "approved": "批准",
    "rejected": "驳回",
    "withdrawn": "撤回",
    "paused": "暂停",
    "resumed": "继续发放",
    "downloaded": "下载付款文件",
    "returned": "登记回盘文件",
    "cancelling": "申请撤销",
    "paid": "到账",
    "failed": "未成功，退回可发余额",
    "cancelled": "撤销，退回可发余额",
}
ACCOUNTS: Final[Mapping[str, str]] = {
    AccountKind.RECEIVABLE: "应收",
    AccountKind.WECHAT_CLEARING: "微信支付清算",
    AccountKind.REVENUE: "销售收入",
    AccountKind.COLLECTED_FOR_BILLING: "代收话费",
    AccountKind.REFUND_CLEARING: "退款清算",
    AccountKind.COMMISSION_EXPENSE: "佣金支出",
    AccountKind.COMMISSION_HELD: "待结佣金",
    AccountKind.COMMISSION_PAYABLE: "可发佣金",
    AccountKind.CLAWBACK: "佣金扣回",
    AccountKind.PAYOUT_TRANSIT: "发放在途",
    AccountKind.PAYOUT_FUNDS: "发放资金",
    AccountKind.TAX_WITHHELD: "代扣税",
    AccountKind.PAYOUT_FEE: "发放手续费",
}

SETS: Final[Mapping[str, Mapping[str, str]]] = {
    "period": PERIODS,
    "owner": OWNERS,
    "movement": MOVEMENTS,
    "rail": RAILS,
    "batch": BATCHES,
    "payout": PAYOUTS,
    "transfer": TRANSFERS,
    "payout_event": EVENTS,
}
