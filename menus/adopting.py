"""What an account had before us, in our words: its menu and its automatic replies.

The platform tells pictures, voices and videos of such replies by temporary numbers that lapse
after three days, and knows ways to answer that an account's server has not. Whatever we cannot
say stays in the adoption as it was told, and a note says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2s
from typing import Any, Final

from menus.converging import Reading, shown_menu
from menus.defaults import WELCOME_BY_REP
from menus.faults import rule_faults
from menus.rules import ReplyKind, Rule, Trigger
from menus.tree import CONSOLE_ONLY, Button
from menus.whole import AccountMenu, Personal

ADOPTED_KEY: Final = "adopted_"
NOTHING: Final = (ReplyKind.SILENCE, dict[str, Any]())
_KINDS: Final[Mapping[str, str]] = {
    "img": "图片",
    "voice": "语音",
    "video": "视频",
    "news": "图文",
    "text": "文字",
}


@dataclass(frozen=True, slots=True)
class Adopted:
    """An account's menu and rules as we go on with them; `notes` tell what we could not take."""

    menu: AccountMenu
    rules: tuple[Rule, ...]
    notes: tuple[str, ...]


def adopted(reading: Reading, replies: Mapping[str, Any]) -> Adopted:
    """Take over what an account has; `replies` is `get_current_autoreply_info`."""
    menu, rules, notes = _menu(shown_menu(reading))
    for rule in _replies(replies, notes):
        if rule_faults(rule):
            notes.append(f"{_called(rule.trigger, rule.match)}超出长度或格式限制，没有接管")
        else:
            rules.append(rule)
    return Adopted(menu, tuple(rules), tuple(notes))


def _menu(shown: AccountMenu) -> tuple[AccountMenu, list[Rule], list[str]]:
    """The menus with what the console alone can make said in another way, where there is one."""
    rules: list[Rule] = []
    notes: list[str] = []

    def said(button: Button) -> Button:
        if button.below:
            return replace(button, below=tuple(said(each) for each in button.below))
        if button.kept is None:
            return button
        if rule := _of_button(button):
            rules.append(rule)
            notes.append(
                f"菜单按钮“{button.name}”原是微信后台的{_KINDS[button.type]}按钮，改为点击后自动回复同样的内容"
            )
            return Button(name=button.name, type="click", key=rule.match)
        notes.append(_note_of(button))
        return button

    def told(menu: tuple[Button, ...]) -> tuple[Button, ...]:
        return tuple(said(each) for each in menu)

    personal = []
    for each in shown.personal:
        personal.append(Personal(each.tag, told(each.menu), each.rule))
        if each.rule:
            notes.append("一个个性化菜单的匹配条件不是单个标签，按原样保留")
    return AccountMenu(told(shown.default), tuple(personal)), rules, notes


def _of_button(button: Button) -> Rule | None:
    """A rule by which a tap is answered with the same; None where there is none."""
    kept = button.kept or {}
    value = str(kept.get("value", ""))
    content: dict[str, Any] | None = None
    kind = ReplyKind.TEXT
    if button.type == "text":
        content = {"text": value}
    elif button.type == "news" and (articles := _articles(kept)):
        kind, content = ReplyKind.NEWS, {"articles": articles}
    if content is None:
        return None
    digest = blake2s(f"{button.type}:{value}".encode(), digest_size=8).hexdigest()
    rule = Rule(Trigger.CLICK, f"{ADOPTED_KEY}{digest}", kind, content)
    return None if rule_faults(rule) else rule


def _note_of(button: Button) -> str:
    kind = _KINDS.get(button.type, button.type)
    if button.type in CONSOLE_ONLY:
        return (
            f"菜单按钮“{button.name}”是微信后台的{kind}按钮，按原样保留；再次发布前须改成其他动作"
        )
    return f"菜单按钮“{button.name}”（{kind}）有我们不认识的内容，按原样保留"


def _replies(told: Mapping[str, Any], notes: list[str]) -> Iterable[Rule]:
    """The rules of an account's console; what its switches turn off is taken over switched off."""
    is_on = bool(told.get("is_autoreply_open"))
    found: list[Rule] = []
    if follow := told.get("add_friend_autoreply_info"):
        is_welcoming = bool(told.get("is_add_friend_reply_open"))
        found += _one(Rule(Trigger.FOLLOW, "", *NOTHING, 0, is_welcoming), [follow], notes)
    if default := told.get("message_default_autoreply_info"):
        found += _one(Rule(Trigger.DEFAULT, "", *NOTHING, 0, is_on), [default], notes)
    listed = (told.get("keyword_autoreply_info") or {}).get("list") or ()
    for number, rule in enumerate(listed, 1):
        for trigger, word in _words(rule, notes):
            empty = Rule(trigger, word, *NOTHING, number, is_on)
            found += _one(empty, rule.get("reply_list_info") or (), notes)
    return _first_of_each(found, notes)


def _one(empty: Rule, replies: Sequence[Mapping[str, Any]], notes: list[str]) -> Iterator[Rule]:
    """The rule with its answer: one is all that a server can give."""
    called = _called(empty.trigger, empty.match)
    sayable = [said for each in replies if (said := _reply(empty.trigger, each))]
    for each in replies:
        if each.get("type") not in ("text", "news"):
            kind = _KINDS.get(str(each.get("type")), str(each.get("type")))
            notes.append(f"{called}的{kind}是微信后台的临时素材，没有接管，请重新上传")
    if len(sayable) > 1:
        notes.append(f"{called}原有{len(sayable)}条回复，现在只回复第一条")
    for kind, content in sayable[:1]:
        yield replace(empty, kind=kind, content=content)


def _called(trigger: Trigger, word: str) -> str:
    names = {Trigger.FOLLOW: "关注回复", Trigger.DEFAULT: "默认回复"}
    return names.get(trigger) or f"关键词“{word}”"


def _reply(trigger: Trigger, told: Mapping[str, Any]) -> tuple[ReplyKind, dict[str, Any]] | None:
    if told.get("type") == "text":
        content = {"text": str(told.get("content", ""))}
        if trigger is Trigger.FOLLOW:  # whoever comes by a rep's code is still greeted by the rep
            content["text_by_rep"] = WELCOME_BY_REP
        return ReplyKind.TEXT, content
    if told.get("type") == "news" and (articles := _articles(told)):
        limit = None if trigger is Trigger.FOLLOW else 1
        return ReplyKind.NEWS, {"articles": articles[:limit]}
    return None


def _articles(told: Mapping[str, Any]) -> list[dict[str, str]]:
    listed = (told.get("news_info") or {}).get("list") or ()
    return [
        {
            "title": str(each.get("title", "")),
            "description": str(each.get("digest", "")),
            "pic_url": str(each.get("cover_url", "")),
            "url": str(each.get("content_url", "")),
        }
        for each in listed
    ]


def _words(rule: Mapping[str, Any], notes: list[str]) -> Iterator[tuple[Trigger, str]]:
    for each in rule.get("keyword_list_info") or ():
        if each.get("type", "text") != "text":
            notes.append(f"规则“{rule.get('rule_name', '')}”有一个不是文字的关键词，没有接管")
            continue
        is_whole = each.get("match_mode") == "equal"
        yield Trigger.EXACT if is_whole else Trigger.CONTAINS, str(each.get("content", ""))


def _first_of_each(found: Sequence[Rule], notes: list[str]) -> Iterable[Rule]:
    """One rule per trigger and word: the account's console takes a word twice, we do not."""
    kept: dict[tuple[Trigger, str], Rule] = {}
    for rule in found:
        key = (rule.trigger, rule.match)
        if key in kept:
            notes.append(f"{_called(*key)}在原规则中出现多次，只接管第一次")
        kept.setdefault(key, rule)
    return kept.values()
