"""A repeat is known by its key, and nothing else is taken for one."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.wechat.samples import as_xml, event, message
from wechat.events import dedupe_key, fields
from wx_backend import strict


def key(sent: Mapping[str, Any], appid: str = "wx1") -> bytes:
    return dedupe_key(appid, sent)


DIFFERENT: list[dict[str, Any]] = [
    event("subscribe", EventKey="qrscene_a", Ticket="T"),
    event("subscribe"),
    event("unsubscribe"),
    event("SCAN", EventKey="a", Ticket="T"),
    event("SCAN", EventKey="a", Ticket="T2"),
    event("SCAN", EventKey="aT"),
    event("CLICK", EventKey="a"),
    event("VIEW", EventKey="a"),
    event("TEMPLATESENDJOBFINISH", MsgID="1", Status="success"),
    event("TEMPLATESENDJOBFINISH", MsgID="2", Status="success"),
    event("subscribe_msg_sent_event", List={"TemplateId": "t", "MsgID": "1"}),
    event("subscribe_msg_sent_event", List={"TemplateId": "t", "MsgID": "2"}),
    event("trade_manage_remind_shipping", transaction_id="1"),
    event("trade_manage_remind_shipping", transaction_id="2"),
    message("text", Content="a"),
    {**message("text", Content="a"), "MsgId": "2"},
    {**message("text", Content="a"), "FromUserName": "oCarol"},
    {**message("text", Content="a"), "CreateTime": 1714037060},
]


def test_different_pushes_of_one_second_have_different_keys() -> None:
    keys = [key(sent) for sent in DIFFERENT]
    assert len(set(keys)) == len(keys)
    assert {len(each) for each in keys} == {16}
    assert key(DIFFERENT[0]) != key(DIFFERENT[0], "wx2")


@pytest.mark.parametrize("sent", DIFFERENT)
def test_a_repeat_has_the_same_key_whatever_its_format(sent: dict[str, Any]) -> None:
    assert key(fields(as_xml(sent))) == key(fields(strict.dumps(sent))) == key(sent)


def test_a_wrapped_list_has_the_key_of_a_bare_one() -> None:
    notice = {"TemplateId": "t", "MsgID": 1}
    bare = event("subscribe_msg_sent_event", List=[notice])
    wrapped = event("subscribe_msg_sent_event", SubscribeMsgSentEvent={"List": notice})
    assert key(bare) == key(wrapped)


def test_text_cannot_be_moved_from_one_field_to_the_next() -> None:
    assert key({"Event": "ab", "EventKey": "c", "Ticket": "t"}) != key(
        {"Event": "a", "EventKey": "bc", "Ticket": "t"}
    )


def test_the_key_of_a_push_never_changes() -> None:
    assert key(DIFFERENT[0]).hex() == "9f6319eb6d28da3be052be998ff346ea"
