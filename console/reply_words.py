"""How reply rules and replies read."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from menus.rules import ReplyKind, Rule, Trigger

TRIGGERS: Final[Mapping[Trigger, str]] = {
    Trigger.CONTAINS: "消息包含关键词",
    Trigger.EXACT: "消息就是关键词",
    Trigger.FOLLOW: "关注（可指定渠道码）",
    Trigger.SCAN: "已关注者扫码（可指定渠道码）",
    Trigger.CLICK: "点击菜单",
    Trigger.DEFAULT: "其他消息",
}
KINDS: Final[Mapping[ReplyKind, str]] = {
    ReplyKind.TEXT: "文字",
    ReplyKind.IMAGE: "图片",
    ReplyKind.NEWS: "图文",
    ReplyKind.TRANSFER: "转人工客服",
    ReplyKind.SILENCE: "不回复",
}
WAYS: Final[Mapping[Trigger, str]] = {
    Trigger.EXACT: "发消息",
    Trigger.FOLLOW: "关注",
    Trigger.SCAN: "扫码",
    Trigger.CLICK: "点菜单",
}
_ARTICLE: Final = ("title", "url", "pic_url", "description")
_LINK: Final = re.compile(r'<a href="([^"]*)">([^<]*)</a>')


def gist(rule: Rule) -> str:
    """What a rule answers, in a line."""
    content = rule.content
    if rule.kind is ReplyKind.TEXT:
        return str(content["text"])
    if rule.kind is ReplyKind.NEWS:
        return "；".join(str(each["title"]) for each in content["articles"])
    if rule.kind is ReplyKind.IMAGE and content.get("picture"):
        return _picture_gist(content)
    if rule.kind is ReplyKind.TRANSFER and content.get("account"):
        return f"转给 {content['account']}"
    return str(content.get("media_id") or KINDS[rule.kind])


def _picture_gist(content: Mapping[str, Any]) -> str:
    if content.get("fault"):
        return f"微信拒绝：{content['fault']}，请更换图片"
    return "" if content.get("media_id") else "正在上传到微信，之后生效"


def article_lines(content: Mapping[str, Any]) -> str:
    """Articles as they are typed: one a line, its parts between bars."""
    rows = ([each.get(name, "") for name in _ARTICLE] for each in content.get("articles", ()))
    return "\n".join(" | ".join(row).rstrip(" |") for row in rows)


def articles(typed: str) -> list[dict[str, str]]:
    """The reverse of `article_lines`."""
    rows = [line.split("|") for line in typed.splitlines() if line.strip()]
    return [
        {name: part.strip() for name, part in zip(_ARTICLE, row, strict=False) if part.strip()}
        for row in rows
    ]


def linked(text: str) -> Iterator[tuple[str, str]]:
    """A text in pieces as the phone shows it: words, and the address of those that are a link."""
    at = 0
    for found in _LINK.finditer(text):
        yield text[at : found.start()], ""
        yield found[2], found[1]
        at = found.end()
    yield text[at:], ""
