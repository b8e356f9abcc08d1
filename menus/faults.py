"""What could never match, or what the platform would refuse, in a reply rule."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from menus.rules import WORD_LENGTH, ReplyKind, Rule, Trigger, folded

TEXT_BYTES: Final = 2048
ARTICLES_MAX: Final = 8
_NAMED: Final = (Trigger.EXACT, Trigger.CONTAINS, Trigger.CLICK)
_TO_MESSAGES: Final = (Trigger.EXACT, Trigger.CONTAINS, Trigger.DEFAULT)


def rule_faults(rule: Rule) -> dict[str, str]:
    """The faults of a rule by field; empty for a good one."""
    faults = {}
    if len(rule.match.encode()) > WORD_LENGTH:
        faults["match"] = f"不能超过{WORD_LENGTH}个字节"
    elif rule.trigger in _NAMED and not folded(rule.match):
        faults["match"] = "不能为空"
    elif rule.trigger is Trigger.DEFAULT and rule.match:
        faults["match"] = "默认回复不需要关键词"
    if fault := _CONTENT[rule.kind](rule):
        faults["content"] = fault
    return faults


def _text_fault(rule: Rule) -> str | None:
    text = rule.content.get("text")
    if not isinstance(text, str) or not text.strip():
        return "回复内容不能为空"
    return None if len(text.encode()) <= TEXT_BYTES else f"不能超过{TEXT_BYTES}个字节"


def _image_fault(rule: Rule) -> str | None:
    told = (rule.content.get("media_id"), rule.content.get("picture"))
    return None if any(isinstance(each, str) and each for each in told) else "请选择图片"


def _news_fault(rule: Rule) -> str | None:
    articles = rule.content.get("articles")
    limit = 1 if rule.trigger in _TO_MESSAGES else ARTICLES_MAX
    if not isinstance(articles, list) or not 1 <= len(articles) <= limit:
        return f"图文数量应为1至{limit}条"
    return None if all(_is_article(each) for each in articles) else "图文需要标题和网址"


def _is_article(article: Any) -> bool:
    if not isinstance(article, Mapping) or not all(isinstance(v, str) for v in article.values()):
        return False
    url = article.get("url", "")
    return bool(article.get("title")) and url.startswith(("https://", "http://", "{showroom}"))


def _transfer_fault(rule: Rule) -> str | None:
    return None if isinstance(rule.content.get("account", ""), str) else "客服账号有误"


def _no_fault(_rule: Rule) -> str | None:
    return None


_CONTENT: Final[Mapping[ReplyKind, Callable[[Rule], str | None]]] = {
    ReplyKind.TEXT: _text_fault,
    ReplyKind.IMAGE: _image_fault,
    ReplyKind.NEWS: _news_fault,
    ReplyKind.TRANSFER: _transfer_fault,
    ReplyKind.SILENCE: _no_fault,
}
