"""Why a touch won or lost and a line went where it went, in sentences a rep can read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from referral.policy import Terms
from referral.values import (
    Certainty,
    Decision,
    Portion,
    Reason,
    Role,
    Touch,
    TouchKind,
    Verdict,
    VerdictReason,
)
from wx_backend.clock import SHANGHAI

KINDS: Mapping[TouchKind, str] = {
    TouchKind.IMPORTED: "旧系统导入",
    TouchKind.LINK_OPENED: "打开链接",
    TouchKind.LAUNCHED: "打开小程序",
    TouchKind.SCAN: "扫码",
    TouchKind.SUBSCRIBE: "扫码并关注",
    TouchKind.SERVED: "到店受理",
    TouchKind.PAID: "支付订单",
}

LEARNT: Mapping[Certainty, str] = {
    Certainty.PLATFORM: "微信平台推送，签名已验证",
    Certainty.SIGNED: "本系统签发的分享码，签名已验证",
    Certainty.LEGACY: "旧系统的码或链接，无签名，在有效期内",
    Certainty.STAFF: "工作人员登录后登记",
    Certainty.INFERRED: "由旁证推断",
    Certainty.UNVERIFIED: "未能验证来源",
}

VERDICTS: Mapping[VerdictReason, str] = {
    VerdictReason.DUPLICATE: "与另一条记录是同一事件，只算一次。",
    VerdictReason.UNVERIFIED: "来源未能验证（分享码缺失、被改动或已失效），只作展示，不参与归属。",
    VerdictReason.INFERRED: "由旁证推断的接触，只作展示，不参与归属。",
    VerdictReason.AFTER_ORDER: "发生在下单之后，不影响本单。",
    VerdictReason.AFTER_HOLD: "发生在锁定成功之后，归属在锁定时已经确定。",
    VerdictReason.AFTER_CHOICE: "发生在放入购物车之后，这件商品的归属在放入时已经确定。",
    VerdictReason.NO_EMPLOYEE_ON_PATH: "分享路径上没有销售人员，不归个人。",
    VerdictReason.YIELDS_TO_PROVEN: "由旧系统导入的关系；有效期内有本系统证实的接触，以后者为准。",
    VerdictReason.INSIDE_COLLEAGUES_PROTECTION: (
        "当时客户在{rival}的保护期内（至{until}），只作记录，以后也不会因此获得归属。"
    ),
    VerdictReason.PUSH_TO_A_COLLEAGUES_CUSTOMER: "这是群发推送，当时客户属于{rival}，推送不转移客户。",
    VerdictReason.PUSH_EXTENDS_NOTHING: "这是群发推送，客户本来就属于{rep}，推送不延长有效期。",
    VerdictReason.FIRST_TOUCH_TOO_LATE: (
        "锁定前{minutes}分钟内才第一次接触，此前已有其他销售人员接触过客户，不计入。"
    ),
    VerdictReason.OUTSIDE_WINDOW: "发生在{days}天有效期之外。",
    VerdictReason.EARLIER_THAN_WINNER: "有效，但之后还有有效接触，以最后一次为准。",
    VerdictReason.TAKEN_AT_COUNTER: "是最后一次有效接触，但客户不在保护期内，本单归现场受理人。",
    VerdictReason.REP_LEFT: "是最后一次有效接触，但{rep}已离职，由网点承接。",
    VerdictReason.SELF_PURCHASE: "{rep}是购买人或使用人本人，自购不计个人酬金。",
    VerdictReason.WON: "是{days}天有效期内最后一次有效接触，本单归{rep}。",
}

REASONS: Mapping[Reason, str] = {
    Reason.LAST_EMPLOYEE: "下单前最后一次有效接触来自该销售人员的分享。",
    Reason.SPLIT_AT_COUNTER: "客户由发展人带来，另有受理人现场受理，两人按比例分成。",
    Reason.ACCEPTOR_TAKES_LINE: "没有受保护的发展人，本单归现场受理人。",
    Reason.SELF_PURCHASE: "销售人员本人购买或使用，归网点，不计个人酬金。",
    Reason.REP_LEFT: "发展人已离职，由网点承接，不计个人酬金。",
    Reason.OUTLET_OF_CODE: "没有销售人员，归所扫码的网点，不计个人酬金。",
    Reason.PICKUP_OUTLET: "没有销售人员，归客户选择的自提网点，不计个人酬金。",
    Reason.HOME_OUTLET: "没有销售人员，归客户所在区域的网点，不计个人酬金。",
}

ROLES: Mapping[Role, str] = {Role.DEVELOPER: "发展人", Role.ACCEPTOR: "受理人"}


@dataclass(frozen=True, slots=True)
class Names:
    """What reps and outlets are called; whoever has no name here is shown by number."""

    reps: Mapping[int, str] = field(default_factory=dict)
    outlets: Mapping[int, str] = field(default_factory=dict)

    def rep(self, rep_id: int | None) -> str:
        return "无" if rep_id is None else self.reps.get(rep_id, f"销售人员{rep_id}号")

    def outlet(self, outlet_id: int) -> str:
        return self.outlets.get(outlet_id, f"网点{outlet_id}号")

    def sharer(self, rep_id: int | None, outlet_id: int | None, *, is_first: bool) -> str:
        """Who passed it on: a rep; the outlet whose code began the path; else a customer."""
        if rep_id is not None:
            return self.rep(rep_id)
        return self.outlet(outlet_id) if is_first and outlet_id is not None else "客户转发"


def verdict_sentence(
    verdict: Verdict, touch: Touch, decision: Decision, terms: Terms, names: Names
) -> str:
    """Why this touch won or lost."""
    if verdict.is_won and touch.root_rep_id is None:
        return f"没有销售人员的有效接触，最后一次是{names.outlet(decision.outlet_id)}的码，本单归该网点。"
    sentence = VERDICTS[verdict.reason].format(
        rep=names.rep(touch.root_rep_id),
        rival=names.rep(verdict.rival_rep_id),
        until=shanghai_time(verdict.until) if verdict.until else "",
        days=terms.window_days,
        minutes=terms.flash_recent_minutes,
    )
    if verdict.is_won and decision.left_rep_id is not None:
        sentence += f"{names.rep(decision.left_rep_id)}已离职，由{names.rep(decision.developer_rep_id)}承接。"
    return sentence


def result_sentence(decision: Decision, names: Names) -> str:
    """Why the line went where it went, and who gets which part."""
    parts = "；".join(portion_sentence(portion, names) for portion in decision.portions)
    return f"{REASONS[decision.reason]}{parts}。"


def portion_sentence(portion: Portion, names: Names) -> str:
    """`发展人爱丽丝（北门营业厅）70%`."""
    outlet = names.outlet(portion.outlet_id)
    percent = f"{portion.share_bp / 100:g}%"
    if portion.rep_id is None:
        return f"{ROLES[portion.role]}部分{percent}计入{outlet}"
    return f"{ROLES[portion.role]}{names.rep(portion.rep_id)}（{outlet}）{percent}"


def shanghai_time(instant: datetime) -> str:
    """`2026年3月8日22:00:00`, as read in China."""
    return f"{instant.astimezone(SHANGHAI):%Y年%-m月%-d日%H:%M:%S}"
