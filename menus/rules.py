"""Reply rules as values, and the reply each gives."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from wechat.replies import Article, Image, News, Reply, TransferToCustomerService
from wechat.replies import Text as TextReply


class Trigger(StrEnum):
    """What a rule answers; `match` beside it is a word, a scene or a menu key."""

    EXACT = "exact"  # a text that is `match`
    CONTAINS = "contains"  # a text with `match` in it
    FOLLOW = "follow"  # a follow; with `match`, one through that scene
    SCAN = "scan"  # a follower's scan; with `match`, of that scene
    CLICK = "click"  # a menu key
    DEFAULT = "default"  # any message nothing else answers


class ReplyKind(StrEnum):
    """What a rule answers with."""

    TEXT = "text"
    IMAGE = "image"
    NEWS = "news"
    TRANSFER = "transfer"  # to human customer service
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Rule:
    """`trigger` + `match` -> a reply. The lower `position` is asked first, one switched off never."""

    trigger: Trigger
    match: str
    kind: ReplyKind
    content: Mapping[str, Any]
    position: int = 0
    is_active: bool = True


WORD_LENGTH: Final = 128


def folded(text: str) -> str:
    """Text as words are compared: full and half width, upper and lower case are the same."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def reply_of(rule: Rule, values: Mapping[str, str]) -> Reply | None:
    """The reply a rule gives; `{name}` in its texts becomes `values["name"]`. None is silence.

    A text may have a second form, `text_by_rep`, for when a rep stands behind the code.
    """
    content = rule.content
    match rule.kind:
        case ReplyKind.TEXT:
            is_known = "rep" in values and "text_by_rep" in content
            return TextReply(filled(content["text_by_rep" if is_known else "text"], values))
        case ReplyKind.IMAGE:
            return Image(content["media_id"])
        case ReplyKind.NEWS:
            return News(tuple(_articles(content["articles"], values)))
        case ReplyKind.TRANSFER:
            return TransferToCustomerService(content.get("account", ""))
        case ReplyKind.SILENCE:
            return None


def filled(text: str, values: Mapping[str, str]) -> str:
    """`text` with each `{name}` of `values` put in, once; other braces stay as they are.

    What is put in is never looked at again: a customer called `{url}` stays called so.
    """
    parts = text.split("{")
    written = [parts[0]]
    for part in parts[1:]:
        name, brace, rest = part.partition("}")
        known = brace and name in values
        written.append(f"{values[name]}{rest}" if known else f"{{{part}")
    return "".join(written)


def _articles(articles: Iterable[Mapping[str, str]], values: Mapping[str, str]) -> list[Article]:
    return [
        Article(
            title=filled(article["title"], values),
            url=filled(article["url"], values),
            description=filled(article.get("description", ""), values),
            pic_url=filled(article.get("pic_url", ""), values),
        )
        for article in articles
    ]
