"""Whatever a reply says, it is one well-formed document with nothing added."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wechatpy.replies import deserialize_reply

from tests.naughty import NAUGHTY
from wechat import events, replies
from wechat.pushes import Push
from wechat.xml import parse


@pytest.fixture
def scan() -> Push:
    return bobs_scan()


def bobs_scan() -> Push:
    return events.parse(
        {
            "ToUserName": "gh_1",
            "FromUserName": "oBob",
            "CreateTime": "1714037059",
            "MsgType": "event",
            "Event": "SCAN",
            "EventKey": "rep-1",
        }
    )


COMMON = {"ToUserName": "oBob", "FromUserName": "gh_1", "CreateTime": "1714037059"}
ARTICLE = replies.Article("店铺", "https://s/1?a=1&b=2", "欢迎", "https://s/1.jpg")
WRITTEN = {
    "Title": "店铺",
    "Description": "欢迎",
    "PicUrl": "https://s/1.jpg",
    "Url": "https://s/1?a=1&b=2",
}

CASES: list[tuple[replies.Reply, dict[str, Any]]] = [
    (replies.Text("欢迎 <回来>"), {"MsgType": "text", "Content": "欢迎 <回来>"}),
    (replies.Image("m1"), {"MsgType": "image", "Image": {"MediaId": "m1"}}),
    (replies.Voice("m1"), {"MsgType": "voice", "Voice": {"MediaId": "m1"}}),
    (
        replies.Video("m1", "t", "d"),
        {"MsgType": "video", "Video": {"MediaId": "m1", "Title": "t", "Description": "d"}},
    ),
    (
        replies.Music("m1", "t", "d", "https://l", "https://h"),
        {
            "MsgType": "music",
            "Music": {
                "Title": "t",
                "Description": "d",
                "MusicUrl": "https://l",
                "HQMusicUrl": "https://h",
                "ThumbMediaId": "m1",
            },
        },
    ),
    (
        replies.News((ARTICLE, ARTICLE)),
        {"MsgType": "news", "ArticleCount": "2", "Articles": {"item": [WRITTEN, WRITTEN]}},
    ),
    (replies.TransferToCustomerService(), {"MsgType": "transfer_customer_service"}),
    (
        replies.TransferToCustomerService("a@b"),
        {"MsgType": "transfer_customer_service", "TransInfo": {"KfAccount": "a@b"}},
    ),
]


@pytest.mark.parametrize(("reply", "expected"), CASES, ids=lambda case: type(case).__name__)
def test_each_kind_is_addressed_to_the_sender(
    scan: Push, reply: replies.Reply, expected: dict[str, Any]
) -> None:
    assert parse(reply.to(scan).xml()) == COMMON | expected


@pytest.mark.parametrize(
    "reply", [case[0] for case in CASES[:6]], ids=lambda case: type(case).__name__
)
def test_wechatpy_reads_what_we_write(scan: Push, reply: replies.Reply) -> None:
    read = deserialize_reply(reply.to(scan).xml().decode())
    assert (read.type, read.target, read.source) == (reply.msg_type, "oBob", "gh_1")


def test_the_same_reply_can_be_json(scan: Push) -> None:
    body = json.loads(replies.Text("欢迎").to(scan).json())
    assert body == COMMON | {"CreateTime": 1714037059, "MsgType": "text", "Content": "欢迎"}


@settings(deadline=None)
@given(st.text())
def test_no_text_breaks_out_of_its_element(text: str) -> None:
    hostile = f"{text}]]></Content><MsgType>image</MsgType><Content><![CDATA["
    sent = parse(replies.Text(hostile).to(bobs_scan()).xml())
    assert sent.keys() == {*COMMON, "MsgType", "Content"}
    assert sent["MsgType"] == "text"


def test_what_xml_cannot_carry_is_left_out(scan: Push) -> None:
    text = replies.Text("好\x00\x08\x1b[0m\ud800\ufffe😀\n行")
    assert parse(text.to(scan).xml())["Content"] == "好[0m😀\n行"
    assert json.loads(text.to(scan).json())["Content"] == "好[0m😀\n行"


def test_a_long_text_is_cut_at_a_character(scan: Push) -> None:
    content = parse(replies.Text("a" + "中" * 1000).to(scan).xml())["Content"]
    assert content == "a" + "中" * 682
    assert len(str(content).encode()) <= 2048
    assert replies.cut("中" * 682, 2048) == "中" * 682


@pytest.mark.parametrize("count", [0, 9])
def test_a_news_reply_has_one_to_eight_articles(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 8"):
        replies.News((ARTICLE,) * count)


UNWRITABLE = ("\x00", "\ud800", "\ufffe", "\x0b", "]]>]]>", "a\rb", "\r\n", "]]" + ">" * 3)


def everywhere(text: str) -> list[replies.Reply]:
    """Each kind of reply with this text wherever it holds one."""
    article = replies.Article(text, text, text, text)
    return [
        replies.Text(text),
        replies.Image(text),
        replies.Voice(text),
        replies.Video(text, text, text),
        replies.Music(text, text, text, text, text),
        replies.News((article, article)),
        replies.TransferToCustomerService(text),
    ]


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("text", [*NAUGHTY, *UNWRITABLE])
def test_any_text_anywhere_survives_as_both_forms_can_hold_it(scan: Push, text: str) -> None:
    """Nothing of it is markup, nothing is lost but what no XML can carry; line ends are one."""
    kept = replies.clean(text)
    assert kept == "".join(each for each in kept if each in text or each == "\n")
    if text.isprintable():
        assert kept == text
    for reply in everywhere(text):
        sent, told = reply.to(scan), json.loads(reply.to(scan).json())
        read = parse(sent.xml())
        assert read.keys() == told.keys() >= COMMON.keys()
        for common in (*COMMON, "MsgType", "ArticleCount"):
            assert str(read.pop(common, "")) == str(told.pop(common, "")), common
        assert read == told
        assert set(texts_in(read)) == ({kept} if told else set())
