"""Daily statements: the trade bill and the fund-flow bill, generated at nine, frozen, downloadable."""

import gzip
import hashlib

from simulator.clock import DAY, HOUR, MINUTE, start_of_day
from simulator.errors import PayError
from simulator.pay import params
from simulator.pay.bill_text import flow_text, trade_text
from simulator.pay.gate import PayCall
from simulator.pay_records import Bill, Download
from simulator.records import JSON

_READY_AT = 9 * HOUR
_KEPT = 92 * DAY
_LINK_LIFE = 5 * MINUTE


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
    if found is None or found.expires_at <= call.now:
        raise PayError(400, "INVALID_REQUEST", "下载地址不存在或已失效")
    if found.mchid != call.merchant.mchid:
        raise PayError(403, "NO_AUTH", "下载账单的商户号和申请账单的商户号不一致")
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
        raise PayError(400, "INVALID_REQUEST", "bill_date 格式错误") from error
    if start + DAY > call.now or start < call.now - _KEPT:
        raise PayError(400, "INVALID_REQUEST", "bill_date 不在可下载的范围内")
    if call.now < start + DAY + _READY_AT:
        raise PayError(400, "STATEMENT_CREATING", "账单生成中，请稍后再试")


def _generate(call: PayCall, name: str, family: str, kind: str, day: str) -> Bill:
    world, merchant = call.world, call.merchant
    if family == "trade":
        content = trade_text(world, merchant, kind, start_of_day(day))
    else:
        content = flow_text(world, merchant, kind, start_of_day(day))
    return world.bills.save(Bill(name, content))
