"""Pushes as the platform writes them, in both its formats."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from wechat.xml import cdata

COMMON = {"ToUserName": "gh_1", "FromUserName": "oBob", "CreateTime": 1714037059}
BASE = {
    "to_user": "gh_1",
    "openid": "oBob",
    "created_at": datetime(2024, 4, 25, 9, 24, 19, tzinfo=UTC),
}


def as_xml(sent: Mapping[str, Any]) -> bytes:
    return f"<xml>{elements(sent)}</xml>".encode()


def elements(sent: Mapping[str, Any]) -> str:
    written = ""
    for tag, value in sent.items():
        for each in value if isinstance(value, list) else [value]:
            inner = elements(each) if isinstance(each, dict) else cdata(str(each))
            written += f"<{tag}>{inner}</{tag}>"
    return written


def event(name: str, **more: Any) -> dict[str, Any]:
    return {**COMMON, "MsgType": "event", "Event": name, **more}


def message(msg_type: str, **more: Any) -> dict[str, Any]:
    return {**COMMON, "MsgType": msg_type, "MsgId": "3487542469355618313", **more}
