"""What the platform pushes, how it signs and encrypts, repeats, and what it makes of the answer."""

import json
import threading
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidAppIdException, InvalidSignatureException
from wechatpy.replies import TextReply
from wechatpy.utils import check_signature

from simulator.pushes import OUT_OF_ORDER
from tests.simulator.receiver import Answer, Received, Receiver
from tests.simulator.stage import AES_KEY, MINI, OLD_AES_KEY, SHOP, TOKEN, Stage

CRYPTO = WeChatCrypto(TOKEN, AES_KEY, SHOP)


def opened(push: Received, crypto: WeChatCrypto = CRYPTO) -> str:
    """The plain text of an encrypted push, by wechatpy."""
    query = push.query
    parts = (query["msg_signature"], query["timestamp"], query["nonce"])
    return str(crypto.decrypt_message(push.body.decode(), *parts))


def fields(push: Received) -> dict[str, str]:
    return {child.tag: child.text or "" for child in ET.fromstring(opened(push))}  # noqa: S314 - our own text


def replying(text: str) -> Callable[[Received], Answer]:
    """Answers every message by wechatpy, encrypted as in safe mode."""

    def answer(push: Received) -> Answer:
        reply = TextReply(content=text, message=parse_message(opened(push)))
        sealed = CRYPTO.encrypt_message(
            reply.render(), push.query["nonce"], push.query["timestamp"]
        )
        return 200, sealed.encode()

    return answer


def code_url(stage: Stage, scene: str) -> str:
    action: dict[str, Any] = {
        "action_name": "QR_LIMIT_STR_SCENE",
        "action_info": {"scene": {"scene_str": scene}},
    }
    return str(stage.call("/cgi-bin/qrcode/create", **action)["url"])


def test_a_scan_that_leads_to_following_is_one_event(stage: Stage, receiver: Receiver) -> None:
    url = code_url(stage, "alice")
    stage.act("Bob", "scan", url=url)
    stage.act("Bob", "scan", url=url)
    follow, scan = (parse_message(opened(push)) for push in receiver.at("/push"))
    assert (follow.event, follow.scene_id) == ("subscribe_scan", "alice")
    assert (scan.event, scan.scene_id, scan.ticket) == ("scan", "alice", follow.ticket)
    assert fields(receiver.received[0])["EventKey"] == "qrscene_alice"
    assert fields(receiver.received[1])["EventKey"] == "alice"


def test_every_push_is_signed_both_ways(stage: Stage, receiver: Receiver) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    push = receiver.received[0]
    query = push.query
    check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
    assert query["encrypt_type"] == "aes"
    assert fields(push)["FromUserName"] == query["openid"]
    assert set(ET.fromstring(push.body).itertext()) != set()  # noqa: S314 - our own text
    with pytest.raises(InvalidSignatureException):
        opened(push, WeChatCrypto("another", AES_KEY, SHOP))
    with pytest.raises(InvalidAppIdException):
        opened(push, WeChatCrypto(TOKEN, AES_KEY, MINI))


@pytest.mark.parametrize("act", ["revoke", "close_account", "be_cleaned"])
def test_what_a_person_takes_back_is_told_by_the_push_service(
    stage: Stage, receiver: Receiver, act: str
) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    stage.act("Bob", act, appid=SHOP)
    follow, told = map(fields, receiver.received)
    assert (told["OpenID"], told["AppID"]) == (follow["FromUserName"], SHOP)
    assert told["FromUserName"] not in ("", told["OpenID"])
    assert receiver.received[1].query["openid"] == told["FromUserName"]


def test_an_encrypted_reply_reaches_the_chat(stage: Stage, receiver: Receiver) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    receiver.answer = replying("欢迎，Bob")
    stage.act("Bob", "say", appid=SHOP, text="你好")
    said, reply = stage.chat("Bob")
    assert (said["side"], said["content"]) == ("person", {"content": "你好"})
    assert (reply["kind"], reply["content"]) == ("passive", {"content": "欢迎，Bob"})
    message = parse_message(opened(receiver.received[-1]))
    assert (message.content, str(message.id)) == ("你好", said["msg_id"])
    assert message.id > 2**53


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "internal"}',
        b"<html>502</html>",
        b"<xml><ToUserName>x</ToUserName></xml>",
        b"<xml><Encrypt>abc</Encrypt><MsgSignature>0</MsgSignature>"
        b"<TimeStamp>1</TimeStamp><Nonce>1</Nonce></xml>",
    ],
)
def test_an_invalid_reply_is_a_fault_bob_can_see(
    stage: Stage, receiver: Receiver, body: bytes
) -> None:
    stage.act("Bob", "follow", appid=SHOP)
    receiver.answer = lambda _push: (200, body)
    stage.act("Bob", "say", appid=SHOP, text="在吗")
    assert stage.chat("Bob")[-1]["content"] == {"content": OUT_OF_ORDER}
    assert stage.facts("push.sent")[-1]["outcome"].startswith("bad reply")
    assert len(receiver.received) == 2


def test_a_reply_to_somebody_else_is_refused(stage: Stage, receiver: Receiver) -> None:
    stage.act("Bob", "follow", appid=SHOP)

    def answer(push: Received) -> Answer:
        reply = TextReply(content="x", message=parse_message(opened(push)))
        reply._data["ToUserName"] = "oMallory"
        text = reply.render().replace(push.query["openid"], "oMallory")
        return 200, CRYPTO.encrypt_message(text, "1", "1").encode()

    receiver.answer = answer
    stage.act("Bob", "say", appid=SHOP, text="在吗")
    assert stage.chat("Bob")[-1]["content"] == {"content": OUT_OF_ORDER}


def test_a_failed_push_comes_three_times_more_unchanged(stage: Stage, receiver: Receiver) -> None:
    stage.control("PUT", "/settings", push_pause=0.01)
    stage.act("Bob", "follow", appid=SHOP)
    receiver.answer = lambda _push: (503, b"")
    stage.act("Bob", "say", appid=SHOP, text="你好")
    tries = receiver.received[1:]
    assert len(tries) == 4
    assert len({(push.body, str(push.query)) for push in tries}) == 1
    assert stage.chat("Bob")[-1]["content"] == {"content": OUT_OF_ORDER}
    assert [fact["attempt"] for fact in stage.facts("push.sent")[1:]] == [1, 2, 3, 4]


def test_an_answer_after_the_time_limit_does_not_count(stage: Stage, receiver: Receiver) -> None:
    stage.control("PUT", "/settings", push_timeout=1, push_pause=0.01)
    comes_again = threading.Event()

    def answer(push: Received) -> Answer:
        stage.control("PUT", "/settings", push_timeout=60)  # for the next; this one has begun
        if push is receiver.received[0]:
            comes_again.wait(60)
        comes_again.set()
        return 200, b"success"

    receiver.answer = answer
    stage.act("Bob", "follow", appid=SHOP)
    first, second = stage.facts("push.sent")
    assert "Timeout" in first["outcome"]
    assert second["outcome"] == "accepted"


def test_after_too_many_failures_pushes_are_lost_for_a_minute(
    stage: Stage, receiver: Receiver
) -> None:
    stage.control("PUT", "/settings", push_pause=0.01)
    stage.control("PUT", f"/accounts/{SHOP}", markfail_after=4)
    receiver.answer = lambda _push: (500, b"")
    stage.act("Bob", "follow", appid=SHOP)
    stage.act("Alice", "follow", appid=SHOP)
    assert [fact["outcome"] for fact in stage.facts("push.lost")] == ["lost: MarkFail"]
    receiver.answer = lambda _push: (200, b"")
    stage.advance(61)
    stage.act("Alice", "say", appid=SHOP, text="你好")
    assert stage.facts("push.sent")[-1]["outcome"] == "accepted"


def test_plaintext_and_compatible_modes(stage: Stage, receiver: Receiver) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", mode="plaintext")
    stage.act("Bob", "follow", appid=SHOP)
    plain = receiver.received[-1]
    assert "encrypt_type" not in plain.query
    assert parse_message(plain.body).event == "subscribe"

    stage.control("PUT", f"/accounts/{SHOP}", mode="compatible")
    receiver.answer = replying("好")
    stage.act("Bob", "say", appid=SHOP, text="你好")
    both = receiver.received[-1]
    assert parse_message(both.body).content == "你好"
    assert parse_message(opened(both)).content == "你好"
    assert stage.chat("Bob")[-1]["content"] == {"content": "好"}


def test_a_plain_reply_in_safe_mode_is_refused(stage: Stage, receiver: Receiver) -> None:
    stage.act("Bob", "follow", appid=SHOP)

    def answer(push: Received) -> Answer:
        return 200, TextReply(content="x", message=parse_message(opened(push))).render().encode()

    receiver.answer = answer
    stage.act("Bob", "say", appid=SHOP, text="你好")
    assert "safe mode" in stage.facts("push.sent")[-1]["outcome"]


def test_json_pushes_of_a_mini_program(stage: Stage, receiver: Receiver) -> None:
    stage.control("PUT", f"/accounts/{MINI}", format="json")
    for template in ("M1", "M2"):
        stage.control("PUT", f"/accounts/{MINI}/templates/{template}", content="{{thing1.DATA}}")
    stage.act("Bob", "consent", appid=MINI, answers={"M1": "accept", "M2": "reject"})
    stage.act("Bob", "refuse", appid=MINI, template_ids=["M1"])
    crypto = WeChatCrypto(TOKEN, AES_KEY, MINI)

    def plain(push: Received) -> dict[str, object]:
        outer = json.loads(push.body)
        parts = (push.query["msg_signature"], push.query["timestamp"], push.query["nonce"])
        content: dict[str, object] = json.loads(crypto.decrypt_message(outer, *parts))
        return content

    popup, change = (plain(push) for push in receiver.at("/mini"))
    assert popup["List"] == [
        {"TemplateId": "M1", "SubscribeStatusString": "accept", "PopupScene": "0"},
        {"TemplateId": "M2", "SubscribeStatusString": "reject", "PopupScene": "0"},
    ]
    assert change["List"] == {"TemplateId": "M1", "SubscribeStatusString": "reject"}


def test_pushes_alternate_between_two_keys_while_the_key_changes(
    stage: Stage, receiver: Receiver
) -> None:
    stage.control("PUT", f"/accounts/{SHOP}", previous_aes_key=OLD_AES_KEY, encrypt_with="previous")
    stage.act("Bob", "follow", appid=SHOP)
    old = WeChatCrypto(TOKEN, OLD_AES_KEY, SHOP)
    assert parse_message(opened(receiver.received[0], old)).event == "subscribe"

    def answer(push: Received) -> Answer:
        reply = TextReply(content="旧钥匙", message=parse_message(opened(push, old)))
        return 200, old.encrypt_message(reply.render(), "1", "1").encode()

    receiver.answer = answer
    stage.act("Bob", "say", appid=SHOP, text="你好")
    assert stage.chat("Bob")[-1]["content"] == {"content": "旧钥匙"}


def test_menu_taps_become_the_documented_events(stage: Stage, receiver: Receiver) -> None:
    stage.call(
        "/cgi-bin/menu/create",
        button=[
            {"type": "click", "name": "积分", "key": "points"},
            {"type": "view", "name": "商城", "url": "https://shop.example/"},
            {
                "name": "更多",
                "sub_button": [
                    {"type": "scancode_waitmsg", "name": "扫码", "key": "scan"},
                    {"type": "pic_weixin", "name": "传图", "key": "pic"},
                    {"type": "location_select", "name": "位置", "key": "place"},
                ],
            },
        ],
    )
    stage.act("Bob", "follow", appid=SHOP)
    for button, more in (
        ("积分", {}),
        ("商城", {}),
        ("扫码", {"scanned": "123"}),
        ("传图", {"count": 2}),
        ("位置", {}),
    ):
        stage.act("Bob", "tap", appid=SHOP, button=button, **more)
    events = [fact["fields"] for fact in stage.facts("push.sent")[1:]]
    assert [(event["Event"], event["EventKey"]) for event in events] == [
        ("CLICK", "points"),
        ("VIEW", "https://shop.example/"),
        ("scancode_waitmsg", "scan"),
        ("pic_weixin", "pic"),
        ("location_select", "place"),
    ]
    picture = ET.fromstring(opened(receiver.received[4]))  # noqa: S314 - our own text
    assert len(picture.findall("SendPicsInfo/PicList/item/PicMd5Sum")) == 2


def test_saving_the_server_address_asks_for_an_echo(stage: Stage, receiver: Receiver) -> None:
    receiver.answer = lambda got: (200, got.query.get("echostr", "").encode())
    assert stage.control("POST", f"/accounts/{SHOP}/verify_url")["verified"]
    receiver.answer = lambda got: (200, f'"{got.query.get("echostr")}"'.encode())
    assert not stage.control("POST", f"/accounts/{SHOP}/verify_url")["verified"]


def test_any_event_can_be_pushed(stage: Stage, receiver: Receiver) -> None:
    pushed = {"MsgType": "event", "Event": "annual_renew", "ExpiredTime": 1_900_000_000}
    stage.control("POST", f"/accounts/{SHOP}/push", person="Bob", fields=pushed)
    stage.settle()
    assert fields(receiver.received[0])["Event"] == "annual_renew"
