"""Which rule answers a push, decided from values alone and in time linear in the text."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from wechat.events import scene
from wechat.pushes import Click, MenuScan, Message, Push, Scan, Subscribe, Text
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
    TEXT = "text"
    IMAGE = "image"
    NEWS = "news"
    TRANSFER = "transfer"  # to human customer service
    SILENCE = "silence"


@dataclass(frozen=True, slots=True)
class Rule:
    """`trigger` + `match` -> a reply. The lower `position` is asked first."""

    trigger: Trigger
    match: str
    kind: ReplyKind
    content: Mapping[str, Any]
    position: int = 0


@dataclass(frozen=True, slots=True)
class _Question:
    """What a push asks the table: triggers in order of preference, and the text to match."""

    triggers: tuple[Trigger, ...]
    text: str = ""


WORD_LENGTH: Final = 128


def choose_reply(rules: Sequence[Rule], push: Push) -> Rule | None:
    """The rule that answers a push; None when none does.

    A text is answered by the word it is, else the first word it contains, else the default; a
    follow or scan by the rule of its scene, else the general one; a tap by its menu key.
    """
    question = _question(push)
    for trigger in question.triggers:
        fitting = [rule for rule in rules if rule.trigger is trigger and _fits(rule, question.text)]
        if fitting:
            return min(fitting, key=lambda rule: (not rule.match, rule.position))
    return None


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


def _question(push: Push) -> _Question:
    match push:
        case Text():
            return _Question(
                (Trigger.EXACT, Trigger.CONTAINS, Trigger.DEFAULT), folded(push.content)
            )
        case Message():
            return _Question((Trigger.DEFAULT,))
        case Subscribe():
            return _Question((Trigger.FOLLOW,), scene(push) or "")
        case Scan():
            return _Question((Trigger.SCAN,), scene(push) or "")
        case Click() | MenuScan():
            return _Question((Trigger.CLICK,), push.event_key)
        case _:
            return _Question(())


def _fits(rule: Rule, text: str) -> bool:
    match rule.trigger:
        case Trigger.EXACT:
            return folded(rule.match) == text
        case Trigger.CONTAINS:
            return folded(rule.match) in text
        case Trigger.DEFAULT:
            return True
        case Trigger.CLICK:
            return rule.match == text
        case Trigger.FOLLOW | Trigger.SCAN:
            return rule.match in ("", text)


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
