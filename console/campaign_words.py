"""How campaigns read in the console: states, ways, why somebody is left out, what was done."""

from collections.abc import Mapping
from typing import Final

from campaigns.mass_models import PartStatus
from campaigns.models import CampaignClass, CampaignStatus, Reason, RecipientStatus, Way
from console.segment_forms import ORDERED_WORDS
from console.words import MESSAGES
from flows.campaign.importing import MISSES
from orders.buyers import SERVICE_EVENTS

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "class": {
        CampaignClass.SERVICE: "服务通知",
        CampaignClass.PROMOTION: "营销推广",
        CampaignClass.MASS: "群发图文",
    },
    "status": {
        CampaignStatus.DRAFT: "草稿",
        CampaignStatus.FREEZING: "正在锁定名单",
        CampaignStatus.SUBMITTED: "待审批",
        CampaignStatus.SCHEDULED: "已批准，待开始",
        CampaignStatus.RUNNING: "发送中",
        CampaignStatus.PAUSED: "已暂停",
        CampaignStatus.DONE: "已完成",
        CampaignStatus.STOPPED: "已终止",
    },
    "way": {
        Way.TEMPLATE: "模板消息",
        Way.SUBSCRIPTION: "订阅通知",
        Way.CUSTOMER_SERVICE: "客服消息",
        Way.MASS: "群发",
    },
    "reason": {
        Reason.ERASED: "已注销",
        Reason.OPTED_OUT: "已退订",
        Reason.NOT_FOLLOWING: "未关注公众号",
        Reason.NO_EVENT: "没有对应的服务事件",
        Reason.NO_CONSENT: "没有剩余的订阅授权，也不在客服时限内",
        Reason.NO_WAY: "不在客服时限内",
        Reason.FREQUENCY: "近期已达接收上限",
        Reason.MONTHLY: "本月已收到 4 次群发",
        Reason.ALONE: "群发至少要有两人",
        Reason.FIELD: "填入姓名后字段超长",
    },
    "recipient": {
        RecipientStatus.WAITING: "待发送",
        RecipientStatus.SENDING: "发送中或待确认",
        RecipientStatus.SENT: "微信已接收",
        RecipientStatus.FAILED: "微信拒绝",
        RecipientStatus.UNKNOWN: "结果未知，不再重发",
        RecipientStatus.LEFT_OUT: "不发送",
        RecipientStatus.CONTROL: "对照组",
    },
    "part": {
        PartStatus.OPEN: "发送中或等待答复",
        PartStatus.ACCEPTED: "等待管理员确认或发送",
        PartStatus.FINISHED: "已发出",
        PartStatus.FAILED: "没有发出",
        PartStatus.REFUSED: "微信拒绝",
        PartStatus.WITHDRAWN: "未发送，已撤回",
        PartStatus.UNKNOWN: "结果未知，不再重发",
    },
    "mass_error": {
        "err(40001)": "管理员拒绝",
        "err(40002)": "管理员 30 分钟内未确认",
        "send fail": "微信发送失败",
        "SEND_FAIL": "微信发送失败",
        "DELETE": "已被删除",
    },
    "refusal": {
        "40003": "这些客户的 openid 不属于这个公众号",
        "40037": "模板编号不存在：模板可能已被删除，请同步模板库",
        "41030": "小程序页面不存在或未发布",
        "43004": "客户没有关注公众号",
        "43101": "客户拒收，或没有剩余的订阅授权",
        "43116": "模板已被微信封禁",
        "45011": "发送太快，微信要求放慢",
        "47003": "内容不符合模板字段的要求",
        "48001": "公众号没有这个接口的权限",
        "-1": "微信系统繁忙",
    },
    "message": MESSAGES,
    "event": {
        "created": "新建",
        "edited": "修改",
        "list": "导入名单",
        "submitted": "提交审批",
        "frozen": "名单已锁定",
        "approved": "批准",
        "refused": "退回",
        "withdrawn": "撤回",
        "overridden": "放行",
        "started": "开始发送",
        "paused": "暂停",
        "resumed": "继续",
        "stopped": "终止",
        "continued": "另建续发",
        "done": "发送完成",
    },
    "service_event": SERVICE_EVENTS,
    "ordered": ORDERED_WORDS,
    "miss": MISSES,
}


def says(kind: str, value: str | None) -> str:
    """A value of a kind as a person reads it."""
    return WORDS[kind].get(value or "", value or "")
