"""How rates, terms and proposals read in the console's pages."""

from collections.abc import Mapping
from typing import Any, Final

from settlement.changes.models import Bearer, ProposalStatus, Subject
from settlement.changes.queries import By
from settlement.models import Milestone, Receiver, VolumeOf
from wx_backend.money import yuan

WORDS: Final[Mapping[str, str]] = {
    Receiver.REP: "员工",
    Receiver.MANAGER: "店长",
    Receiver.OUTLET: "网点",
    Receiver.CITY: "地市",
    Receiver.PROVINCE: "省份",
    ProposalStatus.PROPOSED: "待审批",
    ProposalStatus.APPROVED: "已通过",
    ProposalStatus.REFUSED: "已驳回",
    ProposalStatus.WITHDRAWN: "已撤回",
    Milestone.RECEIVED: "客户收货",
    Milestone.ACTIVATED: "业务开通",
    Milestone.FIRST_TOP_UP: "首次充值",
    Milestone.MONTH_ALIVE: "在网满月",
    Bearer.COMPANY: "公司核销",
    "goods": "实物",
    "plan": "套餐",
    "sim": "号卡",
}
SUBJECTS: Final[Mapping[str, str]] = {
    Subject.RATE: "佣金规则",
    Subject.RATE_END: "终止规则",
    Subject.VESTING: "结算条件",
    Subject.MANAGER: "店长任免",
    Subject.BEARER: "离职欠款承担",
}
WHOSE: Final[Mapping[str, str]] = {VolumeOf.REP: "员工当月", VolumeOf.OUTLET: "网点当月"}
SUMS: Final[Mapping[str, str]] = {By.CITY: "地市", By.OUTLET: "网点", By.REP: "员工"}


def says(value: str) -> str:
    """The Chinese word for a value; the value itself where there is none."""
    return WORDS.get(value, value)


def rate(rate_bp: int | None, piece_fen: int | None) -> str:
    """`3.33%` or `50.00 元/件`."""
    return _percent(rate_bp) if rate_bp is not None else f"{yuan(piece_fen or 0)} 元/件"


def tier_lines(rule: Any) -> list[str]:
    """A rate tier by tier, from a rule or from what a proposal says."""
    told: Mapping[str, Any] = rule if isinstance(rule, Mapping) else vars(rule)
    is_percent = told["rate_bp"] is not None
    lines = [rate(told["rate_bp"], told["piece_fen"])]
    for start, value in told["tiers"] or []:
        whose = WHOSE[told["volume_of"]]
        begins = f"满 {yuan(start)} 元" if is_percent else f"满 {start} 件"
        lines.append(
            f"{whose}{begins}后 {_percent(value) if is_percent else f'{yuan(value)} 元/件'}"
        )
    return lines


def step_line(step: Mapping[str, Any]) -> str:
    """`业务开通后 30 天 40%`."""
    what = says(step["milestone"])
    if step["milestone"] == Milestone.MONTH_ALIVE:
        what = f"在网满 {step['month']} 个月"
    days = f"后 {step['hold_days']} 天" if step["hold_days"] else ""
    return f"{what}{days}：{_percent(step['part_bp'])}"


def term(months: int | None) -> str:
    """Within how long an early end takes back."""
    if months is None:
        return "按套餐合约期"
    return f"{months} 个月" if months else "不扣回"


def _percent(basis_points: int) -> str:
    return f"{basis_points // 100}.{basis_points % 100:02d}%"
