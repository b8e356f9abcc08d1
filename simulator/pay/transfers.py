"""Merchant transfers to a person, who must confirm within 24 hours."""

import json

from simulator import paykeys
from simulator.acts.frame import Act, act
from simulator.clock import DAY, rfc3339, shanghai_day
from simulator.errors import PayError, Refused
from simulator.pay import params
from simulator.pay.gate import PayCall, private_key, serials
from simulator.pay.notices import notify
from simulator.pay_records import Transfer
from simulator.records import JSON
from simulator.workings import Task
from simulator.world import World

_SCENES = ("1000", "1002", "1004", "1005", "1006", "1009", "1010", "1011", "1013")
_COMMISSION = "1005"
_COMMISSION_INFOS = {"岗位类型", "报酬说明"}
_LEAST_FEN = 10
_NAME_FROM_FEN = 200_000
_NO_NAME_BELOW_FEN = 30
_FINAL = ("SUCCESS", "FAIL", "CANCELLED")


def create(call: PayCall) -> JSON:
    """Lock the money and wait for the person; the same number again changes nothing."""
    number = params.text(call.body, "out_bill_no", 32, pattern=r"[0-9A-Za-z]+")
    known = call.world.transfers.find(call.merchant.mchid, number)
    if known:
        if json.dumps(known.request, sort_keys=True) != json.dumps(call.body, sort_keys=True):
            raise PayError(400, "PARAM_ERROR", "商户单号已存在，且参数与原请求不一致")
        return _accepted(known)
    transfer = _checked(call, number)
    if call.merchant.operation_fen < transfer.amount:
        raise PayError(403, "NOT_ENOUGH", "运营账户余额不足")
    call.merchant.operation_fen -= transfer.amount
    call.world.merchants.save(call.merchant)
    call.world.transfers.save(transfer)
    lane = f"transfer/{transfer.transfer_bill_no}"
    call.world.schedule("transfer.expire", lane, {"key": transfer.key}, DAY)
    return _accepted(transfer)


def by_number(call: PayCall, number: str) -> Transfer:
    """The merchant's transfer of this number; raises PayError NOT_FOUND."""
    found = call.world.transfers.find(call.merchant.mchid, number)
    if found is None:
        raise PayError(404, "NOT_FOUND", "记录不存在")
    return found


def by_bill(call: PayCall, bill_no: str) -> Transfer:
    for transfer in call.world.transfers:
        if (transfer.mchid, transfer.transfer_bill_no) == (call.merchant.mchid, bill_no):
            return transfer
    raise PayError(404, "NOT_FOUND", "记录不存在")


def cancel(call: PayCall, transfer: Transfer) -> JSON:
    """Start taking a transfer back; raises PayError once it is final."""
    if transfer.state in _FINAL:
        raise PayError(400, "INVALID_REQUEST", "当前状态不可撤销")
    if transfer.state != "CANCELING":
        transfer.state, transfer.updated_at = "CANCELING", call.now
        call.world.transfers.save(transfer)
        lane = f"transfer/{transfer.transfer_bill_no}/cancel"
        call.world.schedule("transfer.cancel", lane, {"key": transfer.key}, 1.0)
    return {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "state": transfer.state,
        "update_time": rfc3339(transfer.updated_at),
    }


def shown(transfer: Transfer) -> JSON:
    """A transfer as queries and notices show it."""
    answer: JSON = {
        "mch_id": transfer.mchid,
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "appid": transfer.appid,
        "openid": transfer.openid,
        "state": transfer.state,
        "transfer_amount": transfer.amount,
        "transfer_remark": transfer.request["transfer_remark"],
        "create_time": rfc3339(transfer.created_at),
        "update_time": rfc3339(transfer.updated_at),
    }
    return answer | ({"fail_reason": transfer.fail_reason} if transfer.fail_reason else {})


def waiting(act: Act) -> Transfer:
    """The transfer behind what the page handed over, if this person may take it; raises Refused."""
    package = act.text("package")
    for transfer in act.world.transfers:
        if transfer.package == package:
            break
    else:
        raise Refused("package 无效")
    if (act.text("mchId"), act.text("appId")) != (transfer.mchid, transfer.appid):
        raise Refused("mchId 或 appId 不正确")
    if transfer.openid != act.world.openid(transfer.appid, act.person.name):
        raise Refused("收款用户不一致")
    if transfer.state != "WAIT_USER_CONFIRM":
        raise Refused(f"转账单状态为 {transfer.state}")
    return transfer


@act("confirm_transfer")
def confirm(act: Act) -> JSON:
    """Tap "collect": `package`, `mchId` and `appId` as the page handed them to the bridge."""
    transfer = waiting(act)
    act.person.balance_fen += transfer.amount
    act.world.people.save(act.person)
    act.world.witness(
        "transfer",
        mchid=transfer.mchid,
        out_bill_no=transfer.out_bill_no,
        transfer_bill_no=transfer.transfer_bill_no,
        person=act.person.name,
        openid=transfer.openid,
        amount_fen=transfer.amount,
    )
    _finish(act.world, transfer, "SUCCESS")
    return {"err_msg": "requestMerchantTransfer:ok", "out_bill_no": transfer.out_bill_no}


def expire(world: World, task: Task) -> None:
    """Nobody confirmed within 24 hours: the money goes back to the merchant."""
    with world.acting():
        transfer = world.transfers.find(task.payload["key"])
        if transfer and transfer.state == "WAIT_USER_CONFIRM":
            _give_back(world, transfer, "FAIL", "OVERDUE_CLOSE")


def finish_cancel(world: World, task: Task) -> None:
    with world.acting():
        transfer = world.transfers.find(task.payload["key"])
        if transfer and transfer.state == "CANCELING":
            _give_back(world, transfer, "CANCELLED", "")


def _give_back(world: World, transfer: Transfer, state: str, reason: str) -> None:
    merchant = world.merchants.rows[transfer.mchid]
    merchant.operation_fen += transfer.amount
    world.merchants.save(merchant)
    transfer.fail_reason = reason
    _finish(world, transfer, state)


def _finish(world: World, transfer: Transfer, state: str) -> None:
    transfer.state, transfer.updated_at = state, world.now()
    world.transfers.save(transfer)
    merchant = world.merchants.rows[transfer.mchid]
    event = "MCHTRANSFER.BILL.FINISHED"
    notify(world, merchant, transfer.notify_url, event, "商家转账单据终态通知", shown(transfer))


def _accepted(transfer: Transfer) -> JSON:
    answer = {
        "out_bill_no": transfer.out_bill_no,
        "transfer_bill_no": transfer.transfer_bill_no,
        "create_time": rfc3339(transfer.created_at),
        "state": transfer.state,
    }
    if transfer.state == "WAIT_USER_CONFIRM":
        answer["package_info"] = transfer.package
    return answer


def _checked(call: PayCall, number: str) -> Transfer:
    body, world = call.body, call.world
    appid = params.text(body, "appid", 32)
    if appid not in call.merchant.appids:
        raise PayError(400, "APPID_MCHID_NOT_MATCH", "appid和mchid不匹配")
    openid = params.text(body, "openid", 64)
    if world.contacts.find(appid, openid) is None:
        raise params.wrong("openid", "无效的openid")
    params.text(body, "transfer_remark", 32)
    _check_scene(body)
    amount = params.fen(body, "transfer_amount", least=_LEAST_FEN)
    if amount > call.merchant.transfer_limit_fen:
        raise params.wrong("transfer_amount", "超过单笔限额")
    _check_day(call, openid, amount)
    _check_name(call, appid, openid, amount)
    return Transfer(
        call.merchant.mchid,
        number,
        "1330" + world.chance(26, "0123456789"),
        appid,
        openid,
        amount,
        params.notify_url(body, 256, optional=True),
        body,
        world.chance(64),
        call.now,
        call.now,
    )


def _check_day(call: PayCall, openid: str, amount: int) -> None:
    """What one person is sent in a day, taken or still waiting, has a limit where one is set."""
    limit, today = call.merchant.transfer_day_limit_fen, shanghai_day(call.now)
    sent = sum(
        each.amount
        for each in call.world.transfers
        if (each.mchid, each.openid) == (call.merchant.mchid, openid)
        and shanghai_day(each.created_at) == today
        and each.state not in ("FAIL", "CANCELLED")
    )
    if limit and sent + amount > limit:
        raise PayError(403, "RULE_LIMIT", "超过单日向单个用户转账的限额")


def _check_scene(body: JSON) -> None:
    """Scene 1005 (commission) is reported by exactly two entries in Chinese."""
    scene = params.text(body, "transfer_scene_id", 36)
    infos = body.get("transfer_scene_report_infos")
    if scene not in _SCENES:
        raise params.wrong("transfer_scene_id", "未开通的转账场景")
    if not isinstance(infos, list) or not infos:
        raise params.wrong("transfer_scene_report_infos", "必填")
    for info in infos:
        params.text(info, "info_type", 15)
        params.text(info, "info_content", 32)
    kinds = {info["info_type"] for info in infos}
    if scene == _COMMISSION and (kinds != _COMMISSION_INFOS or len(infos) != len(kinds)):
        raise params.wrong("transfer_scene_report_infos", "与转账场景要求不符")


def _check_name(call: PayCall, appid: str, openid: str, amount: int) -> None:
    """A real name is required from 2,000 yuan, refused under 0.30 yuan, and must be right."""
    sealed = params.text(call.body, "user_name", 1024, optional=True)
    if amount >= _NAME_FROM_FEN and not sealed:
        raise params.wrong("user_name", "单笔金额不少于2000元时必填")
    if not sealed:
        return
    if amount < _NO_NAME_BELOW_FEN:
        raise params.wrong("user_name", "单笔金额小于0.3元时不支持")
    serial = call.answer_serial or serials(call.merchant)[0]
    try:
        name = paykeys.decrypt_field(private_key(call.merchant, serial), sealed)
    except ValueError as error:
        raise params.wrong("user_name", "解密失败") from error
    contact = call.world.contacts.rows[f"{appid}/{openid}"]
    if name != call.world.people.rows[contact.person].real_name:
        raise PayError(400, "INVALID_REQUEST", "收款用户姓名校验不通过")
