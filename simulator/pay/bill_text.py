"""The text of statements: columns by kind of bill, backticks, summaries."""

from collections.abc import Mapping, Sequence

from simulator.clock import DAY, shanghai_day, shanghai_text
from simulator.errors import PayError
from simulator.pay.bill_plants import planted
from simulator.pay_records import Flow, Merchant, Payment, Refund
from simulator.world import World

_TRADE = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
]
_OF_REFUNDS = {
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "申请退款金额",
}
_COLUMNS = {
    "ALL": _TRADE,
    "SUCCESS": [name for name in _TRADE if name not in _OF_REFUNDS],
    "REFUND": [*_TRADE[:12], "退款申请时间", "退款成功时间", *_TRADE[12:]],
}
_FLOW = [
    "记账时间",
    "微信支付业务单号",
    "资金流水单号",
    "业务名称",
    "业务类型",
    "收支类型",
    "收支金额(元)",
    "账户结余(元)",
    "资金变更提交申请人",
    "备注",
    "业务凭证号",
]
_MOVED = "收支金额(元)"
# The bill has its own words for how a refund stands.
_REFUND_STATES = {"CLOSED": "FAIL", "ABNORMAL": "CHANGE"}

Line = Mapping[str, str]


def trade_text(world: World, merchant: Merchant, kind: str, start: float) -> str:
    """The trade bill (`ALL`, `SUCCESS`, `REFUND`) of the day that starts then; raises PayError."""
    payments = [p for p in world.payments if _is_in(p.mchid, p.paid_at, merchant, start)]
    refunds = [r for r in world.refunds if _is_in(r.mchid, r.created_at, merchant, start)]
    lines = [(p.paid_at, _payment_line(merchant, p)) for p in payments if kind != "REFUND"]
    lines += [
        (r.created_at, _refund_line(world, merchant, r)) for r in refunds if kind != "SUCCESS"
    ]
    ordered = [line for _, line in sorted(lines, key=lambda entry: entry[0])]
    ordered = planted(merchant, "trade", shanghai_day(start), ordered)
    if not ordered:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    return _document(_COLUMNS[kind], ordered, _trade_summary(ordered))


def flow_text(world: World, merchant: Merchant, kind: str, start: float) -> str:
    """The fund-flow bill of the account for the day that starts then; raises PayError."""
    flows = [f for f in world.flows if _is_in(f.mchid, f.at, merchant, start)]
    lines = planted(merchant, "flow", shanghai_day(start), [_flow_line(flow) for flow in flows])
    if kind != "BASIC" or not lines:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    earned, spent = (
        [_fen(line[_MOVED]) for line in lines if line["收支类型"] == way]
        for way in ("收入", "支出")
    )
    summary = {
        "资金流水总笔数": f"{len(lines)}.0",
        "收入笔数": f"{len(earned)}.0",
        "收入金额": yuan(sum(earned)),
        "支出笔数": f"{len(spent)}.0",
        "支出金额": yuan(sum(spent)),
    }
    return _document(_FLOW, lines, summary)


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _payment_line(merchant: Merchant, payment: Payment) -> dict[str, str]:
    return _common(merchant, payment, payment.paid_at) | {
        "交易状态": "SUCCESS",
        "应结订单金额": yuan(payment.total),
        "微信退款单号": "0",
        "商户退款单号": "0",
        "手续费": _fee(payment.fee),
        "订单金额": yuan(payment.total),
    }


def _refund_line(world: World, merchant: Merchant, refund: Refund) -> dict[str, str]:
    payment = world.payments.rows[refund.payment]
    done = shanghai_text(refund.succeeded_at) if refund.succeeded_at else ""
    return _common(merchant, payment, refund.created_at) | {
        "交易状态": "REFUND",
        "微信退款单号": refund.refund_id,
        "商户退款单号": refund.out_refund_no,
        "退款金额": yuan(refund.amount),
        "退款类型": "ORIGINAL",
        "退款状态": _REFUND_STATES.get(refund.status, refund.status),
        "手续费": _fee(-refund.fee),
        "申请退款金额": yuan(refund.amount),
        "退款申请时间": shanghai_text(refund.created_at),
        "退款成功时间": done,
    }


def _common(merchant: Merchant, payment: Payment, at: float) -> dict[str, str]:
    zeros = ("应结订单金额", "代金券金额", "退款金额", "充值券退款金额", "订单金额", "申请退款金额")
    return dict.fromkeys(zeros, "0.00") | {
        "交易时间": shanghai_text(at),
        "公众账号ID": payment.appid,
        "商户号": payment.mchid,
        "特约商户号": "0",
        "微信订单号": payment.transaction_id,
        "商户订单号": payment.out_trade_no,
        "用户标识": payment.payer_openid,
        "交易类型": payment.trade_type,
        "付款银行": "OTHERS",
        "货币种类": payment.currency,
        "商品名称": _escaped(payment.order["description"]),
        "商户数据包": _escaped(payment.order.get("attach", "")),
        "费率": f"{merchant.fee_bp // 100}.{merchant.fee_bp % 100:02d}%",
    }


def _trade_summary(lines: Sequence[Line]) -> Line:
    # The count really reads like a decimal fraction.
    summary = {"总交易单数": f"{len(lines)}.0"}
    for total, column in (
        ("应结订单总金额", "应结订单金额"),
        ("退款总金额", "退款金额"),
        ("充值券退款总金额", "充值券退款金额"),
        ("手续费总金额", "手续费"),
        ("订单总金额", "订单金额"),
        ("申请退款总金额", "申请退款金额"),
    ):
        fen = sum(_fen(line[column]) for line in lines)
        summary[total] = _fee(fen) if column == "手续费" else yuan(fen)
    return summary


def _flow_line(flow: Flow) -> dict[str, str]:
    return {
        "记账时间": shanghai_text(flow.at),
        "微信支付业务单号": flow.business_no,
        "资金流水单号": f"{flow.number:020d}",
        "业务名称": flow.name,
        "业务类型": flow.kind,
        "收支类型": "收入" if flow.delta > 0 else "支出",
        "收支金额(元)": yuan(abs(flow.delta)),
        "账户结余(元)": yuan(flow.balance),
        "资金变更提交申请人": "system",
        "备注": flow.remark,
        "业务凭证号": flow.voucher,
    }


def _is_in(mchid: str, at: float, merchant: Merchant, start: float) -> bool:
    return mchid == merchant.mchid and start <= at < start + DAY


def _document(columns: Sequence[str], lines: Sequence[Line], summary: Line) -> str:
    """UTF-8 with a BOM, CRLF, and a backtick before every value."""
    rows = [",".join(columns)]
    rows += [_ticked([line.get(name, "") for name in columns]) for line in lines]
    rows += [",".join(summary), _ticked(list(summary.values()))]
    return "\ufeff" + "".join(f"{row}\r\n" for row in rows)


def _ticked(values: Sequence[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def _escaped(text: str) -> str:
    """The merchant's own text cannot break the layout: a comma becomes backslash and blank."""
    return text.replace(",", "\\ ").replace("\n", "\\n")


def _fee(fen: int) -> str:
    return f"{yuan(fen)}000"


def _fen(text: str) -> int:
    """Back from the bill's yuan, two decimals or five."""
    sign = -1 if text.startswith("-") else 1
    whole, _, decimals = text.lstrip("-").partition(".")
    return sign * (int(whole) * 100 + int(decimals[:2]))
