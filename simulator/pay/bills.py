"""Daily statements: the trade bill and the fund-flow bill, generated at nine, frozen, downloadable."""

import gzip
import hashlib
from collections.abc import Iterable, Sequence

from simulator.clock import DAY, HOUR, MINUTE, shanghai_text, start_of_day
from simulator.errors import PayError
from simulator.pay import ledger, params
from simulator.pay.gate import PayCall
from simulator.pay_records import Bill, Download, Merchant, Payment, Refund
from simulator.records import JSON
from simulator.world import World

_READY_AT = 9 * HOUR
_KEPT = 92 * DAY
_LINK_LIFE = 5 * MINUTE
_TRADE = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,"
    "付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,"
    "退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
_TRADE_SUM = (
    "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
)
_FLOW = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额（元）,账户结余（元）,"
    "资金变更提交申请人,备注,业务凭证号"
)
_FLOW_SUM = "资金流水总笔数,收入笔数,收入金额,支出笔数,支出金额"


def trade_bill(call: PayCall) -> JSON:
    """A link to the trade bill of `bill_date`; raises PayError."""
    kind = call.query.get("bill_type", "ALL")
    if kind not in ("ALL", "SUCCESS", "REFUND"):
        raise params.wrong("bill_type", "取值错误")
    return _offer(call, "trade", kind)


def fund_flow_bill(call: PayCall) -> JSON:
    """A link to the fund-flow bill of `bill_date`; raises PayError."""
    kind = call.query.get("account_type", "BASIC")
    if kind not in ("BASIC", "OPERATION", "FEES"):
        raise params.wrong("account_type", "取值错误")
    return _offer(call, "flow", kind)


def download(call: PayCall) -> bytes:
    """The file behind a link, which lives five minutes; raises PayError."""
    found = call.world.downloads.find(call.query.get("token", ""))
    if found is None or found.mchid != call.merchant.mchid:
        raise PayError(404, "RESOURCE_NOT_EXISTS", "下载地址不存在")
    if found.expires_at <= call.now:
        raise PayError(403, "NO_AUTH", "下载地址已失效")
    content = call.world.bills.rows[found.bill].content.encode()
    return gzip.compress(content, mtime=0) if found.is_gzip else content


def _offer(call: PayCall, family: str, kind: str) -> JSON:
    day = call.query.get("bill_date", "")
    _check_day(call, day)
    archive = call.query.get("tar_type", "")
    if archive not in ("", "GZIP"):
        raise params.wrong("tar_type", "取值错误")
    name = f"{call.merchant.mchid}/{family}/{kind}/{day}"
    bill = call.world.bills.find(name) or _generate(call, name, family, kind, day)
    token = call.world.chance(40)
    until = call.now + _LINK_LIFE
    is_gzip = archive == "GZIP"
    call.world.downloads.save(Download(token, call.merchant.mchid, name, is_gzip, until))
    digest = hashlib.sha1(bill.content.encode(), usedforsecurity=False).hexdigest()
    url = f"{call.world.base_url}/v3/billdownload/file?token={token}"
    return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}


def _check_day(call: PayCall, day: str) -> None:
    try:
        start = start_of_day(day)
    except ValueError as error:
        raise params.wrong("bill_date", "格式错误") from error
    if start + DAY > call.now or start < call.now - _KEPT:
        raise params.wrong("bill_date", "不在可下载的范围内")
    if call.now < start + DAY + _READY_AT:
        raise PayError(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")


def _generate(call: PayCall, name: str, family: str, kind: str, day: str) -> Bill:
    world, merchant = call.world, call.merchant
    if family == "trade":
        content = _trade_text(world, merchant, kind, start_of_day(day))
    else:
        content = _flow_text(world, merchant, kind, start_of_day(day))
    return world.bills.save(Bill(name, content))


def _trade_text(world: World, merchant: Merchant, kind: str, start: float) -> str:
    payments = [p for p in world.payments if _is_in(p.mchid, p.paid_at, merchant, start)]
    refunds = [r for r in world.refunds if _is_in(r.mchid, r.created_at, merchant, start)]
    if kind == "SUCCESS":
        refunds = []
    if kind == "REFUND":
        payments = []
    if not payments and not refunds:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    lines = [(p.paid_at, _payment_line(merchant, p)) for p in payments]
    lines += [(r.created_at, _refund_line(world, merchant, r)) for r in refunds]
    ordered = [line for _, line in sorted(lines, key=lambda entry: entry[0])]
    return _document(_TRADE, ordered, _TRADE_SUM, _trade_sum(merchant, payments, refunds))


def _payment_line(merchant: Merchant, payment: Payment) -> list[str]:
    return [
        *_common(payment, payment.paid_at, "SUCCESS"),
        yuan(payment.total),
        "0.00",
        *("0", "0", "0.00", "0.00", "", ""),
        payment.order["description"],
        payment.order.get("attach", ""),
        _fee(payment.fee),
        _rate(merchant),
        yuan(payment.total),
        "0.00",
        "",
    ]


def _refund_line(world: World, merchant: Merchant, refund: Refund) -> list[str]:
    payment = world.payments.rows[refund.payment]
    return [
        *_common(payment, refund.created_at, "REFUND"),
        "0.00",
        "0.00",
        refund.refund_id,
        refund.out_refund_no,
        yuan(refund.amount),
        "0.00",
        "ORIGINAL",
        refund.status,
        payment.order["description"],
        payment.order.get("attach", ""),
        _fee(-ledger.fee_of(merchant, refund.amount)),
        _rate(merchant),
        "0.00",
        yuan(refund.amount),
        "",
    ]


def _common(payment: Payment, at: float, state: str) -> list[str]:
    return [
        shanghai_text(at),
        payment.appid,
        payment.mchid,
        "0",
        "",
        payment.transaction_id,
        payment.out_trade_no,
        payment.payer_openid,
        payment.trade_type,
        state,
        "OTHERS",
        payment.currency,
    ]


def _trade_sum(
    merchant: Merchant, payments: Sequence[Payment], refunds: Sequence[Refund]
) -> list[str]:
    paid = sum(p.total for p in payments)
    back = sum(r.amount for r in refunds)
    fees = sum(p.fee for p in payments)
    fees -= sum(ledger.fee_of(merchant, r.amount) for r in refunds)
    # The count really reads like a decimal fraction.
    count = f"{len(payments) + len(refunds)}.0"
    return [count, yuan(paid), yuan(back), "0.00", _fee(fees), yuan(paid), yuan(back)]


def _flow_text(world: World, merchant: Merchant, kind: str, start: float) -> str:
    flows = [f for f in world.flows if _is_in(f.mchid, f.at, merchant, start)]
    if kind != "BASIC" or not flows:
        raise PayError(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    lines = [
        [
            shanghai_text(flow.at),
            flow.business_no,
            f"{flow.number:020d}",
            flow.name,
            flow.kind,
            "收入" if flow.delta > 0 else "支出",
            yuan(abs(flow.delta)),
            yuan(flow.balance),
            "system",
            flow.remark,
            flow.remark,
        ]
        for flow in flows
    ]
    earned = [f.delta for f in flows if f.delta > 0]
    spent = [-f.delta for f in flows if f.delta < 0]
    counts = [str(len(flows)), str(len(earned)), yuan(sum(earned))]
    return _document(_FLOW, lines, _FLOW_SUM, [*counts, str(len(spent)), yuan(sum(spent))])


def _is_in(mchid: str, at: float, merchant: Merchant, start: float) -> bool:
    return mchid == merchant.mchid and start <= at < start + DAY


def _document(
    head: str, lines: Iterable[Sequence[str]], sum_head: str, total: Sequence[str]
) -> str:
    """UTF-8 with a BOM, CRLF, and a backtick before every value."""
    rows = [head, *map(_ticked, lines), sum_head, _ticked(total)]
    return "\ufeff" + "".join(f"{row}\r\n" for row in rows)


def _ticked(values: Sequence[str]) -> str:
    return ",".join(f"`{value}" for value in values)


def yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def _fee(fen: int) -> str:
    return f"{yuan(fen)}000"


def _rate(merchant: Merchant) -> str:
    return f"{merchant.fee_bp // 100}.{merchant.fee_bp % 100:02d}%"
