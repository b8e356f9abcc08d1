"""The platform misbehaves exactly as told, and the witness still knows what truly happened."""

import http.client
import json
import time
from typing import Any

import pytest
import urllib3

from simulator import paykeys
from simulator.server import Running
from tests.simulator.conftest import Keys
from tests.simulator.receiver import Answer, Received, Receiver
from tests.simulator.stage import MCHID, MERCHANT_SERIAL, SHOP, Stage

SEND = "/cgi-bin/message/template/send"
BILLS = "/v3/certificates"
MESSAGE: dict[str, Any] = {"template_id": "T", "data": {"thing1": {"value": "好"}}}


@pytest.fixture
def bob(stage: Stage) -> str:
    """Bob follows, and the shop has a template for him."""
    stage.control("PUT", f"/accounts/{SHOP}/templates/T", content="{{thing1.DATA}}")
    return str(stage.act("Bob", "follow", appid=SHOP)["openid"])


def delivered(stage: Stage) -> int:
    return len(stage.facts("message.delivered"))


def test_acting_without_an_answer(stage: Stage, bob: str) -> None:
    stage.token()
    stage.chaos(SEND, "drop_after")
    with pytest.raises((urllib3.exceptions.HTTPError, http.client.HTTPException)):
        stage.call(SEND, touser=bob, **MESSAGE)
    assert delivered(stage) == 1
    assert stage.call(SEND, touser=bob, **MESSAGE)["errcode"] == 0
    assert delivered(stage) == 2


def test_refusing_without_acting(stage: Stage, bob: str) -> None:
    stage.chaos(SEND, "fail_before", errcode=-1)
    assert stage.call(SEND, touser=bob, **MESSAGE)["errcode"] == -1
    stage.chaos("/cgi-bin/menu/*", "fail_before", status=502)
    answer = stage.raw("GET", "/cgi-bin/menu/get")
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html")
    assert delivered(stage) == 0


def test_a_cut_answer_and_a_page_instead(stage: Stage, bob: str) -> None:
    stage.chaos("/cgi-bin/user/info", "cut_body")
    with pytest.raises(urllib3.exceptions.HTTPError):
        stage.look("/cgi-bin/user/info", openid=bob)
    stage.chaos("/cgi-bin/user/info", "html")
    with pytest.raises(json.JSONDecodeError):
        stage.look("/cgi-bin/user/info", openid=bob)
    assert stage.look("/cgi-bin/user/info", openid=bob)["subscribe"] == 1


def test_a_late_answer(stage: Stage, bob: str) -> None:
    stage.token()
    stage.chaos("/cgi-bin/user/info", "delay", seconds=0.3)
    started = time.monotonic()
    assert stage.look("/cgi-bin/user/info", openid=bob)["subscribe"] == 1
    assert time.monotonic() - started >= 0.3


def test_the_event_overtakes_its_answer(stage: Stage, bob: str, receiver: Receiver) -> None:
    stage.chaos(SEND, "event_first")
    stage.call(SEND, touser=bob, **MESSAGE)
    assert stage.facts("push.sent")[-1]["name"] == "TEMPLATESENDJOBFINISH"
    assert len(receiver.received) == 2


def test_a_push_twice_and_a_push_never(stage: Stage, bob: str, receiver: Receiver) -> None:
    assert bob
    stage.chaos("push:text", "duplicate", n=2)
    stage.act("Bob", "say", appid=SHOP, text="你好")
    stage.settle()
    same = receiver.received[1:]
    assert len(same) == 3
    assert len({one.body for one in same}) == 1
    stage.chaos("push:text", "never")
    stage.act("Bob", "say", appid=SHOP, text="丢了")
    assert len(receiver.received) == 4
    assert stage.facts("push.lost")[0]["name"] == "text"


def test_pushes_in_the_wrong_order(stage: Stage, bob: str) -> None:
    assert bob
    stage.chaos("push:*", "hold", times=-1)
    said = [
        stage.control("POST", "/people/Bob/acts/say", appid=SHOP, text=text)["task"]
        for text in ("一", "二", "三")
    ]
    stage.settle()
    assert [task["number"] for task in stage.control("GET", "/held")["tasks"]] == said
    stage.control("POST", "/release", order="reversed")
    stage.settle()
    assert [fact["task"] for fact in stage.facts("push.sent")[1:]] == said[::-1]


def test_a_forged_push_is_followed_by_the_real_one(
    stage: Stage, bob: str, receiver: Receiver
) -> None:
    assert bob
    stage.control("PUT", "/settings", push_pause=0.01)

    def answer(push: Received) -> Answer:
        return (403, b"") if set(push.query["msg_signature"]) == {"0"} else (200, b"success")

    receiver.answer = answer
    stage.chaos("push:text", "bad_signature")
    stage.act("Bob", "say", appid=SHOP, text="你好")
    outcomes = [fact["outcome"] for fact in stage.facts("push.sent")[1:]]
    assert outcomes == ["HTTP 403", "accepted"]


def test_rules_with_a_probability_strike_sometimes(stage: Stage) -> None:
    stage.chaos("/cgi-bin/token", "fail_before", times=-1, probability=0.5)
    statuses = [stage.raw("GET", "/cgi-bin/token").status for _ in range(40)]
    assert {200, 500} == set(statuses)
    stage.control("DELETE", "/chaos")
    assert stage.raw("GET", "/cgi-bin/token").status == 200


def test_tokens_are_invalidated(stage: Stage, bob: str) -> None:
    path = f"/cgi-bin/user/info?access_token={stage.token()}&openid={bob}"
    assert stage.api("GET", path)["subscribe"] == 1
    assert stage.control("POST", f"/accounts/{SHOP}/invalidate_tokens")["invalidated"] == 1
    assert stage.api("GET", path)["errcode"] == 40001


def signed_get(stage: Stage, keys: Keys, platform: Running, path: str) -> Any:
    timestamp = int(platform.world.now())
    signature = paykeys.sign(keys.merchant, f"GET\n{path}\n{timestamp}\nn\n\n".encode())
    pairs = (
        f'mchid="{MCHID}",nonce_str="n",timestamp="{timestamp}",'
        f'serial_no="{MERCHANT_SERIAL}",signature="{signature}"'
    )
    headers = {
        "Accept": "application/json",
        "User-Agent": "test",
        "Authorization": f"WECHATPAY2-SHA256-RSA2048 {pairs}",
    }
    return stage.raw("GET", path, headers=headers)


def is_genuine(answer: Any, public_key: str) -> bool:
    head = answer.headers
    message = f"{head['Wechatpay-Timestamp']}\n{head['Wechatpay-Nonce']}\n".encode()
    signature = head["Wechatpay-Signature"]
    return paykeys.is_signed(public_key, message + answer.data + b"\n", signature)


def test_answers_with_a_wrong_signature_and_a_probe(
    stage: Stage, keys: Keys, platform: Running, merchant: dict[str, str]
) -> None:
    public_key = merchant["platform_public_key"]
    assert is_genuine(signed_get(stage, keys, platform, BILLS), public_key)
    stage.chaos("/v3/*", "bad_signature")
    assert not is_genuine(signed_get(stage, keys, platform, BILLS), public_key)
    stage.chaos("/v3/*", "signtest")
    probe = signed_get(stage, keys, platform, BILLS)
    assert probe.headers["Wechatpay-Signature"].startswith("WECHATPAY/SIGNTEST/")
    assert not is_genuine(probe, public_key)
    stage.chaos("/v3/*", "fail_before", status=429, code="FREQUENCY_LIMITED")
    throttled = signed_get(stage, keys, platform, BILLS)
    assert (throttled.status, throttled.json()["code"]) == (429, "FREQUENCY_LIMITED")


def test_an_unknown_knob_is_refused(stage: Stage) -> None:
    assert "no chaos action" in stage.refused("POST", "/chaos", on="*", action="explode")
    assert "needs on" in stage.refused("POST", "/chaos", action="delay")
