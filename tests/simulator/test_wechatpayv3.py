"""Somebody else's WeChat Pay library, pointed at the simulator, works unchanged."""

import gzip
import hashlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.core import Core

from simulator.clock import shanghai_day
from simulator.server import Running
from tests.simulator.conftest import Keys, set_merchant
from tests.simulator.receiver import Received, Receiver
from tests.simulator.stage import APIV3_KEY, MCHID, MERCHANT_SERIAL, SHOP, Stage

DAY = 86_400
Connect = Callable[..., WeChatPay]


@pytest.fixture
def connect(
    platform: Running,
    stage: Stage,
    keys: Keys,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> Connect:
    """Makes wechatpayv3 clients; only their gateway and their clock are the simulator's."""

    class LocalCore(Core):  # type: ignore[misc]  # wechatpayv3 has no types
        _gate_way = property(lambda _self: stage.base_url, lambda _self, _value: None)

    monkeypatch.setattr("wechatpayv3.core.Core", LocalCore)
    monkeypatch.setattr("wechatpayv3.utils.time", SimpleNamespace(time=platform.world.now))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def made(pay_type: WeChatPayType = WeChatPayType.JSAPI, **verified_by: str) -> WeChatPay:
        url = f"{receiver.url}/notice"
        known = (MCHID, keys.merchant, MERCHANT_SERIAL, SHOP, APIV3_KEY)
        return WeChatPay(pay_type, *known, notify_url=url, **verified_by)

    return made


@pytest.fixture
def pay(connect: Connect, merchant: dict[str, str]) -> WeChatPay:
    """A client in public-key mode."""
    return connect(**public_key_mode(merchant))


def public_key_mode(merchant: dict[str, str]) -> dict[str, str]:
    return {
        "public_key": merchant["platform_public_key"],
        "public_key_id": merchant["platform_public_key_id"],
    }


@pytest.fixture
def bob(stage: Stage) -> str:
    return str(stage.act("Bob", "follow", appid=SHOP)["openid"])


def order(pay: WeChatPay, openid: str, number: str = "A100001", total: int = 9900) -> str:
    """A prepay_id."""
    code, text = pay.pay(
        "畅享套餐", number, {"total": total, "currency": "CNY"}, {"openid": openid}, attach="x"
    )
    assert code == 200, text
    return str(json.loads(text)["prepay_id"])


def bridge(pay: WeChatPay, prepay_id: str) -> dict[str, str]:
    """What the page hands to the pay sheet."""
    values = [SHOP, "1700000000", "nonce", f"prepay_id={prepay_id}"]
    names = ("appId", "timeStamp", "nonceStr", "package")
    sign = pay.sign(values)
    return {**dict(zip(names, values, strict=True)), "signType": "RSA", "paySign": sign}


def read(pay: WeChatPay, notice: Received) -> dict[str, Any]:
    content: dict[str, Any] = pay.callback(notice.headers, notice.body)
    return content


def paid(pay: WeChatPay, stage: Stage, openid: str, number: str = "A100001") -> dict[str, Any]:
    done = stage.act("Bob", "pay", **bridge(pay, order(pay, openid, number)))
    assert done["err_msg"] == "get_brand_wcpay_request:ok", done
    stage.settle()
    return done


def test_bob_pays_and_the_notice_proves_it(
    pay: WeChatPay, stage: Stage, bob: str, receiver: Receiver
) -> None:
    done = paid(pay, stage, bob)
    notice = receiver.at("/notice")[0]
    told = read(pay, notice)
    assert told["event_type"] == "TRANSACTION.SUCCESS"
    assert told["resource"]["transaction_id"] == done["transaction_id"]
    assert told["resource"]["amount"]["total"] == 9900
    assert told["resource"]["payer"] == {"openid": bob}
    assert notice.headers["User-Agent"] == "Mozilla/4.0"
    assert "Request-ID" not in notice.headers

    code, text = pay.query(out_trade_no="A100001")
    assert (code, json.loads(text)["trade_state"]) == (200, "SUCCESS")
    code, text = pay.query(transaction_id=done["transaction_id"])
    assert json.loads(text)["out_trade_no"] == "A100001"
    assert [fact["amount_fen"] for fact in stage.facts("payment")] == [9900]


def test_an_order_is_closed_and_cannot_be_paid(pay: WeChatPay, stage: Stage, bob: str) -> None:
    prepay_id = order(pay, bob)
    assert pay.close("A100001")[0] == 204
    assert json.loads(pay.query(out_trade_no="A100001")[1])["trade_state"] == "CLOSED"
    assert stage.act("Bob", "pay", **bridge(pay, prepay_id))["reason"] == "该订单已关闭"
    code, text = pay.close("A100001")
    assert (code, json.loads(text)["code"]) == (400, "ORDER_CLOSED")


def test_a_refund_is_accepted_then_told(
    pay: WeChatPay, stage: Stage, bob: str, receiver: Receiver
) -> None:
    paid(pay, stage, bob)
    amount = {"refund": 900, "total": 9900, "currency": "CNY"}
    code, text = pay.refund("R1", amount, out_trade_no="A100001", reason="拆单")
    assert (code, json.loads(text)["status"]) == (200, "PROCESSING")
    stage.settle()
    told = read(pay, receiver.at("/notice")[-1])
    assert told["event_type"] == "REFUND.SUCCESS"
    assert told["resource"]["refund_status"] == "SUCCESS"
    assert json.loads(pay.query_refund("R1")[1])["status"] == "SUCCESS"
    assert json.loads(pay.query(out_trade_no="A100001")[1])["trade_state"] == "REFUND"
    assert [fact["amount_fen"] for fact in stage.facts("refund")] == [900]


def test_native_payment_by_code(connect: Connect, merchant: dict[str, str], stage: Stage) -> None:
    pay = connect(WeChatPayType.NATIVE, **public_key_mode(merchant))
    code, text = pay.pay("手机", "N100001", {"total": 1, "currency": "CNY"})
    code_url = json.loads(text)["code_url"]
    assert (code, stage.act("Bob", "scan", url=code_url)["opens"]) == (200, "payment")
    assert stage.act("Bob", "pay", code_url=code_url)["amount_fen"] == 1


def test_bills_add_up(pay: WeChatPay, stage: Stage, bob: str, platform: Running) -> None:
    paid(pay, stage, bob)
    pay.refund("R1", {"refund": 900, "total": 9900, "currency": "CNY"}, out_trade_no="A100001")
    stage.settle()
    day = shanghai_day(platform.world.now())
    assert json.loads(pay.trade_bill(day)[1])["code"] == "INVALID_REQUEST"
    stage.advance(2 * DAY)

    trade = download(pay, pay.trade_bill(day))
    assert trade[0].startswith("\ufeff交易时间,公众账号ID")
    assert len(trade[0].split(",")) == 27
    assert [len(line.split(",`")) for line in trade[1:3]] == [27, 27]
    assert trade[4].startswith("`2.0,`99.00,`9.00,")

    for kind, columns, rows in (("SUCCESS", 20, 1), ("REFUND", 29, 1)):
        lines = download(pay, pay.trade_bill(day, bill_type=kind))
        assert len(lines[0].split(",")) == len(lines[1].split(",`")) == columns
        assert lines[rows + 1].startswith("总交易单数")

    flow = download(pay, pay.fundflow_bill(day))
    assert [line.split(",`")[6] for line in flow[1:4]] == ["99.00", "0.59", "8.95"]
    assert [line.split(",`")[7] for line in flow[1:4]] == ["99.00", "98.41", "89.46"]
    assert flow[5] == "`3.0,`1.0,`99.00,`2.0,`9.54"


def download(pay: WeChatPay, offer: tuple[int, str]) -> list[str]:
    """The lines of a bill whose hash is right."""
    code, text = offer
    assert code == 200, text
    offered = json.loads(text)
    content = gzip.decompress(pay.download_bill(offered["download_url"])[1])
    assert hashlib.sha1(content, usedforsecurity=False).hexdigest() == offered["hash_value"]
    return content.decode().split("\r\n")


def test_a_merchant_with_certificates_fetches_them(
    connect: Connect, stage: Stage, keys: Keys, bob: str, receiver: Receiver
) -> None:
    shown = set_merchant(
        stage,
        keys,
        has_certificate=True,
        certificate_private_key=keys.certificate,
        sign_with="certificate",
    )
    pay = connect()
    paid(pay, stage, bob)
    notice = receiver.at("/notice")[0]
    assert notice.headers["Wechatpay-Serial"] == shown["certificate_serial"]
    assert read(pay, notice)["event_type"] == "TRANSACTION.SUCCESS"

    # While it moves to the public key, the request decides which key signs the answer.
    moving = connect(**public_key_mode(shown))
    assert moving.query(out_trade_no="A100001")[0] == 200


@pytest.mark.usefixtures("merchant")
def test_a_public_key_merchant_has_no_certificates(connect: Connect) -> None:
    with pytest.raises(Exception, match="No wechatpay platform certificate"):
        connect()


def test_a_commission_is_collected_by_alice(
    pay: WeChatPay, stage: Stage, receiver: Receiver
) -> None:
    alice = stage.act("Alice", "follow", appid=SHOP)["openid"]
    infos = [
        {"info_type": "岗位类型", "info_content": "销售"},
        {"info_type": "报酬说明", "info_content": "十一月佣金"},
    ]
    code, text = pay.mch_transfer_bills(
        "T1", "1005", alice, 8800, "佣金", user_name="Alice", transfer_scene_report_infos=infos
    )
    bill = json.loads(text)
    assert (code, bill["state"]) == (200, "WAIT_USER_CONFIRM")
    package = {"package": bill["package_info"], "mchId": MCHID, "appId": SHOP}
    assert "收款用户不一致" in stage.refused("POST", "/people/Bob/acts/confirm_transfer", **package)
    stage.act("Alice", "confirm_transfer", **package)
    stage.settle()
    told = read(pay, receiver.at("/notice")[-1])
    assert told["event_type"] == "MCHTRANSFER.BILL.FINISHED"
    assert told["resource"]["state"] == "SUCCESS"
    assert json.loads(pay.mch_transfer_bills_query(out_bill_no="T1")[1])["state"] == "SUCCESS"
    assert [fact["amount_fen"] for fact in stage.facts("transfer")] == [8800]


def test_a_transfer_is_cancelled_or_runs_out(pay: WeChatPay, stage: Stage) -> None:
    alice = stage.act("Alice", "follow", appid=SHOP)["openid"]
    infos = [{"info_type": kind, "info_content": "销售"} for kind in ("岗位类型", "报酬说明")]
    for number in ("T1", "T2"):
        args = (number, "1005", alice, 100, "佣金")
        assert pay.mch_transfer_bills(*args, transfer_scene_report_infos=infos)[0] == 200
    assert json.loads(pay.mch_transfer_bills_cancel("T1")[1])["state"] == "CANCELING"
    stage.settle()
    assert json.loads(pay.mch_transfer_bills_query(out_bill_no="T1")[1])["state"] == "CANCELLED"
    stage.advance(DAY + 1)
    stage.settle()
    ended = json.loads(pay.mch_transfer_bills_query(out_bill_no="T2")[1])
    assert (ended["state"], ended["fail_reason"]) == ("FAIL", "OVERDUE_CLOSE")
    assert stage.facts("transfer") == []
