"""WeChat Pay refuses whatever is not exactly right, and repeats a notice until it is taken."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from simulator import paykeys
from simulator.clock import rfc3339
from simulator.pay.notices import LADDER
from simulator.server import Running
from tests.simulator.conftest import Keys
from tests.simulator.receiver import Receiver
from tests.simulator.stage import MCHID, MERCHANT_SERIAL, MINI, SHOP, Stage

JSAPI = "/v3/pay/transactions/jsapi"
REFUNDS = "/v3/refund/domestic/refunds"
TRANSFERS = "/v3/fund-app/mch-transfer/transfer-bills"


class Shop:
    """A merchant that signs by hand, so that every part can be wrong."""

    def __init__(self, stage: Stage, keys: Keys, platform: Running, receiver: Receiver) -> None:
        self.stage, self.keys, self.world = stage, keys, platform.world
        self.notify_url = f"{receiver.url}/notice"
        self.bob = str(stage.act("Bob", "follow", appid=SHOP)["openid"])

    def authorization(self, method: str, path: str, raw: bytes, **wrong: str) -> str:
        values = {
            "mchid": MCHID,
            "nonce_str": "n" * 32,
            "timestamp": str(int(self.world.now())),
            "serial_no": MERCHANT_SERIAL,
            **wrong,
        }
        head = f"{method}\n{path}\n{values['timestamp']}\n{values['nonce_str']}\n"
        signed = head.encode() + raw + b"\n"
        values["signature"] = wrong.get("signature") or paykeys.sign(self.keys.merchant, signed)
        pairs = ",".join(f'{name}="{value}"' for name, value in values.items())
        return f"WECHATPAY2-SHA256-RSA2048 {pairs}"

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        /,
        **wrong: str,
    ) -> tuple[int, dict[str, Any]]:
        raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {
            "Accept": "application/json",
            "User-Agent": "test",
            "Content-Type": "application/json",
            "Authorization": self.authorization(method, path, raw, **wrong),
        }
        answer = self.stage.raw(method, path, body=raw, headers=sent | (headers or {}))
        return answer.status, json.loads(answer.data) if answer.data else {}

    def order(self, number: str = "A100001", **changed: Any) -> dict[str, Any]:
        return {
            "appid": SHOP,
            "mchid": MCHID,
            "description": "畅享套餐",
            "out_trade_no": number,
            "notify_url": self.notify_url,
            "amount": {"total": 9900, "currency": "CNY"},
            "payer": {"openid": self.bob},
        } | changed

    def prepaid(self, number: str = "A100001") -> dict[str, str]:
        """The arguments of the pay sheet for a fresh order."""
        _, answer = self.send("POST", JSAPI, self.order(number))
        return self.sheet(answer["prepay_id"])

    def sheet(self, prepay_id: str) -> dict[str, str]:
        values = [SHOP, "1700000000", "nonce", f"prepay_id={prepay_id}"]
        message = "".join(f"{value}\n" for value in values).encode()
        names = ("appId", "timeStamp", "nonceStr", "package")
        sign = paykeys.sign(self.keys.merchant, message)
        return {**dict(zip(names, values, strict=True)), "signType": "RSA", "paySign": sign}

    def pay(self, number: str = "A100001") -> dict[str, Any]:
        return self.stage.act("Bob", "pay", **self.prepaid(number))

    def refund(self, number: str, fen: int, **changed: Any) -> tuple[int, dict[str, Any]]:
        amount = {"refund": fen, "total": 9900, "currency": "CNY"}
        body = {"out_trade_no": "A100001", "out_refund_no": number, "amount": amount} | changed
        return self.send("POST", REFUNDS, body)


@pytest.fixture
def shop(
    stage: Stage,
    keys: Keys,
    platform: Running,
    receiver: Receiver,
    merchant: dict[str, str],
) -> Shop:
    assert merchant["mchid"] == MCHID
    return Shop(stage, keys, platform, receiver)


@pytest.mark.parametrize(
    "wrong",
    [
        {"signature": "AAAA"},
        {"serial_no": "0" * 40},
        {"mchid": "1900000999"},
        {"timestamp": "1600000000"},
        {"nonce_str": "n" * 33},
    ],
)
def test_a_wrong_authorisation_is_a_sign_error(shop: Shop, wrong: dict[str, str]) -> None:
    status, answer = shop.send("POST", JSAPI, shop.order(), **wrong)
    assert (status, answer["code"]) == (401, "SIGN_ERROR")
    assert shop.send("POST", JSAPI, shop.order())[0] == 200


def test_headers_are_checked(shop: Shop) -> None:
    wrong: list[dict[str, str]] = [
        {"Accept": "text/html"},
        {"Content-Type": "text/plain"},
        {"Wechatpay-Serial": "PUB_KEY_ID_0"},
        {"Authorization": "Bearer x"},
    ]
    refused = [shop.send("POST", JSAPI, shop.order(), headers)[0] for headers in wrong]
    assert refused == [406, 415, 400, 401]


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"amount": {"total": 99.0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": "9900"}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 0}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": True}}, 400, "PARAM_ERROR"),
        ({"amount": {"total": 1, "currency": "USD"}}, 400, "PARAM_ERROR"),
        ({"attach": None}, 400, "PARAM_ERROR"),
        ({"description": "手机📱"}, 400, "PARAM_ERROR"),
        ({"description": "长" * 128}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "A1"}, 400, "PARAM_ERROR"),
        ({"out_trade_no": "A 100001"}, 400, "PARAM_ERROR"),
        ({"notify_url": "https://shop.example/n?a=1"}, 400, "PARAM_ERROR"),
        ({"notify_url": "http://shop.example/n"}, 400, "PARAM_ERROR"),
        ({"payer": {"openid": "oNobody"}}, 400, "PARAM_ERROR"),
        ({"appid": "wxsomebodyelse"}, 400, "APPID_MCHID_NOT_MATCH"),
        ({"appid": MINI}, 500, "OPENID_MISMATCH"),
        ({"mchid": "1900000999"}, 400, "PARAM_ERROR"),
        ({"time_expire": "2026-11-21T10:00:00"}, 400, "PARAM_ERROR"),
    ],
)
def test_a_wrong_order_is_refused(
    shop: Shop, changed: dict[str, Any], status: int, code: str
) -> None:
    answered, answer = shop.send("POST", JSAPI, shop.order(**changed))
    assert (answered, answer["code"]) == (status, code)


def test_the_same_order_again_is_the_same_order(shop: Shop) -> None:
    first, again = (shop.send("POST", JSAPI, shop.order()) for _ in range(2))
    assert first[0] == again[0] == 200
    assert first[1] != again[1]
    other = shop.send("POST", JSAPI, shop.order(amount={"total": 1}))
    assert (other[0], other[1]["code"]) == (403, "OUT_TRADE_NO_USED")
    shop.stage.act("Bob", "pay", **shop.sheet(again[1]["prepay_id"]))
    twice = shop.stage.act("Bob", "pay", **shop.sheet(first[1]["prepay_id"]))
    assert twice["reason"] == "该订单已支付"
    assert shop.send("POST", JSAPI, shop.order())[1]["code"] == "ORDERPAID"
    closed = shop.send("POST", "/v3/pay/transactions/out-trade-no/A100001/close", {"mchid": MCHID})
    assert closed[1]["code"] == "ORDERPAID"


def test_the_pay_sheet_checks_who_signed_what(shop: Shop) -> None:
    sheet = shop.prepaid()
    for changed in (
        {"paySign": "AAAA"},
        {"timeStamp": "1700000001"},
        {"signType": "MD5"},
        {"package": "prepay_id=wx0"},
        {"appId": MINI},
    ):
        answer = shop.stage.act("Bob", "pay", **{**sheet, **changed})
        assert answer["err_msg"] == "get_brand_wcpay_request:fail"
    assert shop.stage.act("Alice", "pay", **sheet)["reason"] == "下单账号与支付账号不一致"
    shop.stage.control("PUT", "/people/Bob", balance_fen=1)
    assert shop.stage.act("Bob", "pay", **sheet)["reason"] == "零钱余额不足"
    assert shop.stage.facts("payment") == []


def test_a_payment_session_ends_after_two_hours(shop: Shop) -> None:
    sheet = shop.prepaid()
    shop.stage.advance(7201)
    assert "失效" in shop.stage.act("Bob", "pay", **sheet)["reason"]
    assert shop.pay()["err_msg"].endswith(":ok")


def test_an_expired_order_stays_open_but_unpayable(shop: Shop) -> None:
    until = rfc3339(shop.world.now() + 120)
    _, answer = shop.send("POST", JSAPI, shop.order(time_expire=until))
    shop.stage.advance(121)
    assert "过期" in shop.stage.act("Bob", "pay", **shop.sheet(answer["prepay_id"]))["reason"]
    path = f"/v3/pay/transactions/out-trade-no/A100001?mchid={MCHID}"
    assert shop.send("GET", path)[1]["trade_state"] == "NOTPAY"


def test_unknown_numbers_have_their_codes(shop: Shop) -> None:
    query = f"/v3/pay/transactions/out-trade-no/X100001?mchid={MCHID}"
    assert shop.send("GET", query)[1]["code"] == "ORDER_NOT_EXIST"
    assert shop.send("GET", f"{REFUNDS}/X1")[1]["code"] == "RESOURCE_NOT_EXISTS"
    assert shop.send("GET", f"{TRANSFERS}/out-bill-no/X1")[1]["code"] == "NOT_FOUND"
    assert shop.send("GET", "/v3/certificates")[0] == 404


def test_refunds_never_exceed_what_was_paid(shop: Shop) -> None:
    assert shop.refund("R0", 100)[1]["code"] == "ORDER_NOT_EXIST"
    shop.prepaid()
    assert shop.refund("R0", 100)[1]["code"] == "INVALID_REQUEST"
    shop.pay()
    shop.stage.control("PUT", f"/merchants/{MCHID}", balance_fen=8000)
    assert shop.refund("R1", 9000)[1]["code"] == "NOT_ENOUGH"
    # The fee comes back with the money, so that a full refund is always possible.
    shop.stage.control("PUT", f"/merchants/{MCHID}", balance_fen=9841)
    assert shop.refund("R1", 9000)[0] == 200
    assert shop.refund("R1", 9000)[0] == 200
    assert shop.refund("R1", 8000)[1]["code"] == "PARAM_ERROR"
    assert shop.refund("R2", 100)[1]["code"] == "FREQUENCY_LIMITED"
    shop.stage.advance(61)
    assert shop.refund("R2", 901)[1]["code"] == "INVALID_REQUEST"
    assert shop.refund("R2", 900)[0] == 200
    shop.stage.settle()
    assert [fact["amount_fen"] for fact in shop.stage.facts("refund")] == [9000, 900]
    assert shop.stage.control("GET", "/merchants")["merchants"][0]["balance_fen"] == 0


@pytest.mark.parametrize("outcome", ["CLOSED", "ABNORMAL"])
def test_a_refund_may_fail(shop: Shop, receiver: Receiver, outcome: str) -> None:
    shop.stage.control("PUT", f"/merchants/{MCHID}", refund_outcome=outcome)
    shop.pay()
    shop.refund("R1", 100, notify_url=shop.notify_url)
    shop.stage.settle()
    assert shop.send("GET", f"{REFUNDS}/R1")[1]["status"] == outcome
    told = [json.loads(one.body)["event_type"] for one in receiver.at("/notice")]
    assert told == ["TRANSACTION.SUCCESS", f"REFUND.{outcome}"]
    assert shop.stage.facts("refund") == []


def test_an_untaken_notice_climbs_the_documented_ladder(shop: Shop, receiver: Receiver) -> None:
    receiver.answer = lambda _request: (500, b'{"code": "FAIL"}')
    shop.pay()
    shop.stage.settle(within=0.5)
    for pause in LADDER:
        shop.stage.advance(pause)
        shop.stage.settle(within=0.5)
    shop.stage.advance(86_400)
    shop.stage.settle(within=0.5)
    tries = receiver.at("/notice")
    assert len(tries) == 1 + len(LADDER) == 16
    assert sum(LADDER) == 24 * 3600 + 4 * 60
    assert len({one.body for one in tries}) == 1
    assert len({one.headers["Wechatpay-Signature"] for one in tries}) == 16


def test_a_taken_notice_is_not_repeated(shop: Shop, receiver: Receiver) -> None:
    receiver.answer = lambda _request: (204, b"")
    shop.pay()
    shop.stage.advance(86_400)
    shop.stage.settle()
    assert len(receiver.at("/notice")) == 1


def test_transfers_follow_their_rules(shop: Shop) -> None:
    infos = [{"info_type": kind, "info_content": "销售"} for kind in ("岗位类型", "报酬说明")]
    good: dict[str, Any] = {
        "appid": SHOP,
        "out_bill_no": "T1",
        "transfer_scene_id": "1005",
        "openid": shop.bob,
        "transfer_amount": 100,
        "transfer_remark": "佣金",
        "transfer_scene_report_infos": infos,
    }
    for changed in (
        {"out_bill_no": "T-1"},
        {"transfer_amount": 9},
        {"transfer_amount": 20_001},
        {"transfer_scene_id": "9999"},
        {"transfer_scene_report_infos": infos[:1]},
        {"openid": "oNobody"},
    ):
        assert shop.send("POST", TRANSFERS, good | changed)[1]["code"] == "PARAM_ERROR"
    first, again = (shop.send("POST", TRANSFERS, good)[1] for _ in range(2))
    assert first == again
    changed_amount = shop.send("POST", TRANSFERS, good | {"transfer_amount": 200})
    assert changed_amount[1]["code"] == "PARAM_ERROR"
    shop.stage.control("PUT", f"/merchants/{MCHID}", operation_fen=0)
    assert shop.send("POST", TRANSFERS, good | {"out_bill_no": "T2"})[1]["code"] == "NOT_ENOUGH"


@pytest.fixture
def parcels(shop: Shop) -> Callable[..., int]:
    """Bob has paid for order A100001 in the mini-program: uploads what was sent, answers the errcode."""
    shop.stage.act("Bob", "login", appid=MINI)
    mini_bob = shop.world.openid(MINI, "Bob")
    body = shop.order(appid=MINI, payer={"openid": mini_bob})
    _, answer = shop.send("POST", JSAPI, body)
    values = [MINI, "1700000000", "nonce", f"prepay_id={answer['prepay_id']}"]
    message = "".join(f"{value}\n" for value in values).encode()
    names = ("appId", "timeStamp", "nonceStr", "package")
    sheet = dict(zip(names, values, strict=True))
    sign = paykeys.sign(shop.keys.merchant, message)
    shop.stage.act("Bob", "pay", **sheet, signType="RSA", paySign=sign)

    def upload(*sent: dict[str, Any], **more: Any) -> int:
        answer = shop.stage.call(
            "/wxa/sec/order/upload_shipping_info",
            MINI,
            **{
                "order_key": {
                    "order_number_type": 1,
                    "mchid": MCHID,
                    "out_trade_no": "A100001",
                },
                "logistics_type": 1,
                "delivery_mode": 1,
                "shipping_list": list(sent),
                "upload_time": rfc3339(shop.world.now()),
                "payer": {"openid": mini_bob},
                **more,
            },
        )
        return int(answer["errcode"])

    return upload


def parcel(number: str, company: str = "STO", **more: Any) -> dict[str, Any]:
    return {"tracking_no": number, "express_company": company, "item_desc": "SIM", **more}


def order_state(shop: Shop) -> int:
    shown = shop.stage.call(
        "/wxa/sec/order/get_order", MINI, merchant_id=MCHID, merchant_trade_no="A100001"
    )
    return int(shown["order"]["order_state"])


def test_shipping_information_waits_a_minute_and_is_corrected_once(
    shop: Shop, parcels: Callable[..., int]
) -> None:
    assert parcels(parcel("1")) == 10060001
    shop.stage.advance(60)
    codes = [parcels(parcel("1")), parcels(parcel("1"))]
    shop.stage.advance(5)
    codes.append(parcels(parcel("2")))
    shop.stage.advance(5)
    codes.append(parcels(parcel("3")))
    assert codes == [0, 10060023, 0, 10060003]
    assert order_state(shop) == 2
    assert not shop.stage.call("/wxa/sec/order/is_trade_managed", MINI)["is_trade_managed"]


def test_shipping_information_that_breaks_a_rule_is_refused(
    shop: Shop, parcels: Callable[..., int]
) -> None:
    shop.stage.advance(60)
    one, two, plain = parcel("1"), parcel("2"), {"item_desc": "SIM"}
    all_out = {"delivery_mode": 2, "is_all_delivered": True}
    told = {"contact": {"receiver_contact": "138****8000"}}
    refusals = [
        (parcels(one, two), 268485228),
        (parcels(), 268485228),
        (parcels(one, two, delivery_mode=2), 10060007),
        (parcels(plain, **all_out, logistics_type=4), 10060006),
        (parcels(*(parcel(str(each)) for each in range(16)), **all_out), 10060024),
        (parcels(plain), 268485226),
        (parcels({**plain, "tracking_no": "1"}), 268485227),
        (parcels({**one, "item_desc": ""}), 10060008),
        (parcels({**one, "item_desc": "x" * 121}), 10060009),
        (parcels(parcel("1", "SF")), 10060014),
        (parcels(parcel("1", "SF", contact={"receiver_contact": "138****"})), 10060014),
        (parcels(one, payer={"openid": "oMallory"}), 10060031),
        (parcels(one, logistics_type=5), 10060005),
        (parcels(one, delivery_mode=3), 268485224),
        (parcels(one, upload_time="yesterday"), 268485216),
    ]
    assert [got for got, _ in refusals] == [due for _, due in refusals]
    assert parcels(parcel("1", "SF", **told), two, **all_out) == 0
    assert order_state(shop) == 2


def test_a_split_delivery_is_shipped_with_its_last_parcel(
    shop: Shop, parcels: Callable[..., int]
) -> None:
    shop.stage.advance(60)
    assert parcels(parcel("1"), delivery_mode=2, is_all_delivered=False) == 0
    assert order_state(shop) == 1
    shop.stage.advance(5)
    assert parcels(parcel("2"), delivery_mode=2, is_all_delivered=True) == 0
    assert order_state(shop) == 2


def test_an_order_in_a_browser_is_paid_by_its_link(shop: Shop) -> None:
    browser = {"payer_client_ip": "127.0.0.1", "h5_info": {"type": "Wap"}}
    body = shop.order(scene_info=browser)
    body.pop("payer")
    path = "/v3/pay/transactions/h5"
    assert shop.send("POST", path, {**body, "scene_info": {}})[1]["code"] == "PARAM_ERROR"
    _, answer = shop.send("POST", path, body)
    shop.stage.advance(301)
    late = shop.stage.act("Bob", "pay", h5_url=answer["h5_url"])
    assert "失效" in late["reason"]
    _, answer = shop.send("POST", path, body)
    assert shop.stage.act("Bob", "pay", h5_url=answer["h5_url"])["err_msg"].endswith(":ok")
    in_app = shop.order("A100002")
    in_app.pop("payer")
    assert "prepay_id" in shop.send("POST", "/v3/pay/transactions/app", in_app)[1]


def test_notices_twice_held_and_never(shop: Shop, receiver: Receiver) -> None:
    target = "notice:TRANSACTION.SUCCESS"
    shop.stage.chaos(target, "duplicate", n=1, spacing=0.1)
    shop.pay("A100001")
    shop.stage.settle()
    assert len(receiver.at("/notice")) == 2
    shop.stage.chaos(target, "never")
    shop.pay("A100002")
    shop.stage.settle()
    assert len(receiver.at("/notice")) == 2
    assert [fact["plain"]["out_trade_no"] for fact in shop.stage.facts("notice.lost")] == [
        "A100002"
    ]
    shop.stage.chaos(target, "hold", times=2)
    shop.pay("A100003")
    shop.pay("A100004")
    shop.stage.control("POST", "/release", order="reversed")
    shop.stage.settle()
    order = [fact["plain"]["out_trade_no"] for fact in shop.stage.facts("notice.sent")[-2:]]
    assert order == ["A100004", "A100003"]


def test_a_transfer_from_2000_yuan_needs_the_right_name(shop: Shop) -> None:
    shop.stage.control("PUT", f"/merchants/{MCHID}", transfer_limit_fen=1_000_000)
    infos = [{"info_type": kind, "info_content": "销售"} for kind in ("岗位类型", "报酬说明")]
    body: dict[str, Any] = {
        "appid": SHOP,
        "out_bill_no": "T1",
        "transfer_scene_id": "1005",
        "openid": shop.bob,
        "transfer_amount": 200_000,
        "transfer_remark": "佣金",
        "transfer_scene_report_infos": infos,
    }
    assert shop.send("POST", TRANSFERS, body)[1]["code"] == "PARAM_ERROR"
    unreadable = shop.send("POST", TRANSFERS, {**body, "user_name": "Bob"})
    assert "解密失败" in unreadable[1]["message"]
    small = {**body, "transfer_amount": 29, "user_name": "Bob"}
    assert "0.3元" in shop.send("POST", TRANSFERS, small)[1]["message"]
