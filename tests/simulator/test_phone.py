"""The phone page's own calls: who holds it, what it shows, what Moments does to pictures, the sheet."""

import base64
import io
import json
from urllib.parse import urlencode

import pytest
from PIL import Image
from urllib3 import BaseHTTPResponse
from wechatpayv3 import WeChatPay

from simulator.acts.reading import read_picture
from simulator.api.qrcodes import picture
from tests.simulator.receiver import Receiver
from tests.simulator.stage import SHOP, Stage
from tests.simulator.test_wechatpayv3 import bob, bridge, connect, order, pay  # noqa: F401 - fixtures

CODE = "http://weixin.qq.com/q/abcdef"


def seen(stage: Stage, cookie: str, since: int = 0) -> dict[str, object]:
    answer = stage.raw("GET", f"/phone/screen?since={since}", headers={"Cookie": cookie})
    shown: dict[str, object] = json.loads(answer.data)
    return shown


def hand_to(stage: Stage, person: str, cookie: str = "") -> BaseHTTPResponse:
    return stage.raw("POST", "/phone/holder", json={"person": person}, headers={"Cookie": cookie})


def sheet(stage: Stage, method: str, person: str = "Bob", **arguments: str) -> str:
    headers = {"Cookie": f"sim_person={person}"}
    if method == "GET":
        answer = stage.raw("GET", f"/phone/pay?{urlencode(arguments)}", headers=headers)
    else:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = stage.raw("POST", "/phone/pay", body=urlencode(arguments), headers=headers | form)
    assert answer.status == 200
    return answer.data.decode()


def test_a_phone_without_a_holder_only_knows_who_there_is(stage: Stage) -> None:
    assert seen(stage, "") == {"person": None, "people": ["Alice", "Bob"]}


def test_the_screen_tells_only_what_is_new(stage: Stage) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    stage.act("Bob", "say", appid=SHOP, text="你好")
    first = seen(stage, "sim_person=Bob")
    assert [line["content"] for line in first["messages"]] == [{"content": "你好"}]  # type: ignore[attr-defined]
    stage.act("Bob", "say", appid=SHOP, text="在吗")
    later = seen(stage, "sim_person=Bob", since=int(str(first["newest"])))
    assert [line["content"] for line in later["messages"]] == [{"content": "在吗"}]  # type: ignore[attr-defined]
    assert seen(stage, "sim_person=Alice")["messages"] == []


def test_friends_write_to_each_other_and_no_account_hears_it(
    stage: Stage, receiver: Receiver
) -> None:
    stage.act("Alice", "tell", to="Bob", text="看看这个")
    stage.act("Bob", "tell", to="Alice", url="https://shop.example/p/1", title="畅享套餐")
    lines = [(line["side"], line["peer"], line["msg_type"]) for line in stage.chat("Bob")]
    assert lines == [("friend", "Alice", "text"), ("person", "Alice", "link")]
    assert stage.refused("POST", "/people/Bob/acts/tell", to="Bob", text="我")
    assert receiver.received == []


def test_nobody_holds_the_phone_of_a_stranger(stage: Stage) -> None:
    assert hand_to(stage, "Mallory").status == 409


def test_a_phone_laid_aside_keeps_its_web_sessions(stage: Stage) -> None:
    away = hand_to(stage, "Bob", "sim_person=Alice; mall=alice").headers.getlist("Set-Cookie")
    assert any(one.startswith("mall=;") for one in away)
    back = hand_to(stage, "Alice", "sim_person=Bob; mall=bob; seen=1").headers.getlist("Set-Cookie")
    assert any(one.startswith("mall=alice;") and "HttpOnly" in one for one in back)
    assert any(one.startswith("seen=;") for one in back)


def test_moments_squeezes_a_poster_and_its_code_still_reads(stage: Stage) -> None:
    poster = Image.new("RGB", (2160, 3840), "#d8462b")
    with Image.open(io.BytesIO(picture(CODE))) as code:
        poster.paste(code.convert("RGB").resize((620, 620)), (770, 2900))
    buffer = io.BytesIO()
    poster.save(buffer, "PNG")
    image = base64.b64encode(buffer.getvalue()).decode()
    number = stage.act("Alice", "post", text="扫码进店", image=image)["moment"]
    answer = stage.raw("GET", f"/phone/moments/{number}.jpg")
    with Image.open(io.BytesIO(answer.data)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (1080, 1920))
    assert read_picture(answer.data) == CODE


@pytest.mark.parametrize("arguments", [{"text": ""}, {"url": "javascript:alert(1)"}])
def test_moments_refuses_nothing_and_what_is_no_web_address(
    stage: Stage, arguments: dict[str, str]
) -> None:
    assert stage.refused("POST", "/people/Alice/acts/post", **arguments)


def test_a_picture_that_is_none_is_refused(stage: Stage) -> None:
    answer = stage.raw("POST", "/phone/read", body=b"<svg/>")
    assert (answer.status, json.loads(answer.data)["error"]) == (409, "not a picture")


def test_the_sheet_shows_the_order_and_takes_the_money_once(
    pay: WeChatPay,  # noqa: F811 - fixture
    bob: str,  # noqa: F811 - fixture
    stage: Stage,
) -> None:
    values = bridge(pay, order(pay, bob))
    back = "https://shop.example/orders/A1/pay?tab=2"
    page = sheet(stage, "GET", **values, **{"return": back})
    assert "99.00" in page
    assert "畅享套餐" in page
    assert stage.facts("payment") == []
    page = sheet(stage, "POST", **values, **{"return": back})
    assert "支付成功" in page
    assert "https://shop.example/orders/A1/pay?tab=2&amp;wxpay=ok" in page
    assert [fact["amount_fen"] for fact in stage.facts("payment")] == [9900]
    assert "该订单已支付" in sheet(stage, "POST", **values)
    assert len(stage.facts("payment")) == 1


def test_the_sheet_is_the_payers_and_what_the_merchant_signed(
    pay: WeChatPay,  # noqa: F811 - fixture
    bob: str,  # noqa: F811 - fixture
    stage: Stage,
) -> None:
    values = bridge(pay, order(pay, bob))
    assert "下单账号与支付账号不一致" in sheet(stage, "POST", "Alice", **values)
    assert "支付验证签名失败" in sheet(stage, "POST", **{**values, "nonceStr": "other"})
    assert "请先选择谁在用手机" in sheet(stage, "GET", "Mallory", **values)
    assert "支付参数不完整" in sheet(stage, "GET", **{**values, "package": ""})
    assert stage.facts("payment") == []


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "javascript:alert(1)", "//evil.example", "http://["]
)
def test_the_sheet_never_leads_to_a_strange_site(
    pay: WeChatPay,  # noqa: F811 - fixture
    bob: str,  # noqa: F811 - fixture
    stage: Stage,
    back: str,
) -> None:
    page = sheet(stage, "POST", **bridge(pay, order(pay, bob)), **{"return": back})
    assert "返回地址的域名与后台配置不一致" in page
    assert 'href="/phone"' in page
    assert stage.facts("payment") == []


def test_the_page_moves_to_the_address_accounts_know(stage: Stage, receiver: Receiver) -> None:
    assert receiver.url
    port = stage.base_url.rpartition(":")[2]
    answer = stage.raw("GET", "/phone", headers={"Host": f"localhost:{port}"})
    assert (answer.status, answer.headers["Location"]) == (302, f"{stage.base_url}/phone")
