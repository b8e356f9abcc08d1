"""Automatic replies as staff see, change and try them in the console."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from flows.accounts import account_within
from flows.arrival.reply import reply_to
from flows.menus.pictures import upload_soon, with_media
from menus import operations
from menus.book import RuleBook
from menus.defaults import DEFAULT_RULES
from menus.models import ReplyRule
from menus.queries import own_rules, reply_rules
from menus.rules import Rule, Trigger
from wechat import pushes
from wechat.replies import Reply
from wx_backend.config import Account


@dataclass(frozen=True, slots=True)
class Replies:
    """The rules of an account: its own, and the defaults that answer what they leave out."""

    account: Account
    own: Sequence[ReplyRule]
    defaults: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Tried:
    """What would be answered: the rule, whose it is, and the reply as the platform gets it."""

    rule: Rule | None
    row_id: int | None
    reply: Reply | None


def replies_of(name: str, node_id: int) -> Replies:
    """The rules of an account; NotFound for foreign as for missing ones."""
    account = account_within(name, node_id)
    own = own_rules(account.appid)
    taken = {(row.trigger, row.match) for row in own if row.is_active}
    left = [rule for rule in DEFAULT_RULES if (rule.trigger, rule.match) not in taken]
    return Replies(account, own, left)


def try_reply(replies: Replies, *, how: Trigger, text: str, now: datetime) -> Tried:
    """What the account answers now to a text, a follow, a scan or a tap."""
    account = replies.account
    push = _PUSHES[how](text, _common(account, now))
    book = RuleBook(reply_rules(account.appid))
    rule = book.answer(push)
    reply = reply_to(push, rules=book, account=account, scanned=None)
    key = (rule.trigger, rule.match) if rule else None
    row = next((each for each in replies.own if (each.trigger, each.match) == key), None)
    return Tried(rule, row.id if row is not None and row.is_active else None, reply)


def add(*, name: str, node_id: int, rule: Rule) -> None:
    """One more rule. Raises NotFound, BadRule, RuleTaken, PictureGone."""
    appid = _appid(name, node_id)
    operations.add_rule(appid=appid, rule=replace(rule, content=with_media(appid, rule)))
    upload_soon(appid)


def change(*, name: str, node_id: int, rule_id: int, rule: Rule) -> None:
    """Other words for a rule. Raises NotFound, BadRule, RuleTaken, PictureGone."""
    appid = _appid(name, node_id)
    said = replace(rule, content=with_media(appid, rule))
    operations.change_rule(appid=appid, rule_id=rule_id, rule=said)
    upload_soon(appid)


def switch(*, name: str, node_id: int, rule_id: int, is_active: bool) -> None:
    """Let a rule answer, or not. Raises NotFound."""
    operations.switch_rule(appid=_appid(name, node_id), rule_id=rule_id, is_active=is_active)


def move(*, name: str, node_id: int, rule_id: int, by: int) -> None:
    """Ask a rule earlier (-1) or later (1). Raises NotFound."""
    operations.move_rule(appid=_appid(name, node_id), rule_id=rule_id, by=by)


def remove(*, name: str, node_id: int, rule_id: int) -> None:
    """Take a rule away. Raises NotFound."""
    operations.remove_rule(appid=_appid(name, node_id), rule_id=rule_id)


def _appid(name: str, node_id: int) -> str:
    return account_within(name, node_id).appid


def _common(account: Account, now: datetime) -> dict[str, Any]:
    return {"to_user": account.original_id, "openid": "oNobody", "created_at": now}


def _text(text: str, common: Mapping[str, Any]) -> pushes.Push:
    return pushes.Text(msg_type="text", msg_id="1", content=text, **common)


def _follow(text: str, common: Mapping[str, Any]) -> pushes.Push:
    key = f"qrscene_{text}" if text else ""
    return pushes.Subscribe(msg_type="event", event="subscribe", event_key=key, **common)


def _scan(text: str, common: Mapping[str, Any]) -> pushes.Push:
    return pushes.Scan(msg_type="event", event="SCAN", event_key=text, **common)


def _click(text: str, common: Mapping[str, Any]) -> pushes.Push:
    return pushes.Click(msg_type="event", event="CLICK", event_key=text, **common)


_PUSHES: Final[Mapping[Trigger, Callable[[str, Mapping[str, Any]], pushes.Push]]] = {
    Trigger.EXACT: _text,
    Trigger.FOLLOW: _follow,
    Trigger.SCAN: _scan,
    Trigger.CLICK: _click,
}
WAYS: Final = tuple(_PUSHES)
