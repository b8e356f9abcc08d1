"""An account's own reply rules: set, switched, moved, taken away; defaults answer for the rest."""

from dataclasses import replace

from sqlalchemy import func, select, update

from menus.faults import rule_faults
from menus.models import ReplyBook, ReplyRule
from menus.rules import Rule, Trigger
from wx_backend.db import db, locked, upsert
from wx_backend.errors import BadInput, Conflict, NotFound


class BadRule(BadInput):
    code, message = "bad_reply_rule", "自动回复的设置有误"


class RuleTaken(Conflict):
    code, message = "reply_rule_taken", "这个关键词或场景已经有一条规则"


def set_rule(*, appid: str, rule: Rule) -> None:
    """Set the reply of an account to one trigger and match, in place of the one before.

    Raises BadRule for what could never match or the platform would refuse; `details` says what.
    """
    if faults := rule_faults(rule):
        raise BadRule(**faults)
    turn_page(appid)
    row = {
        "appid": appid,
        "trigger": rule.trigger,
        "match": rule.match,
        "kind": rule.kind,
        "content": dict(rule.content),
        "position": rule.position,
        "is_active": rule.is_active,
    }
    upsert(
        ReplyRule,
        row,
        key=("appid", "trigger", "match"),
        update=("kind", "content", "position", "is_active"),
    )


def add_rule(*, appid: str, rule: Rule) -> None:
    """One more rule, asked after all others. Raises BadRule, and RuleTaken where there is one."""
    if _of(appid, rule.trigger, rule.match) is not None:
        raise RuleTaken
    last = db.session.scalar(select(func.max(ReplyRule.position)).where(ReplyRule.appid == appid))
    set_rule(appid=appid, rule=replace(rule, position=(last or 0) + 1))


def change_rule(*, appid: str, rule_id: int, rule: Rule) -> None:
    """Put other words into a rule; place and switch stay. Raises BadRule, RuleTaken, NotFound."""
    if faults := rule_faults(rule):
        raise BadRule(**faults)
    turn_page(appid)
    row = _row(appid, rule_id)
    other = _of(appid, rule.trigger, rule.match)
    if other is not None and other.id != row.id:
        raise RuleTaken
    row.trigger, row.match = rule.trigger, rule.match
    row.kind, row.content = rule.kind, dict(rule.content)


def switch_rule(*, appid: str, rule_id: int, is_active: bool) -> None:
    """Let a rule answer, or not; switched off, the default answers again. Raises NotFound."""
    turn_page(appid)
    _row(appid, rule_id).is_active = is_active


def move_rule(*, appid: str, rule_id: int, by: int) -> None:
    """Ask a rule one place later (1) or earlier (-1). Raises NotFound."""
    turn_page(appid)
    moved = _row(appid, rule_id)
    rows = list(
        db.session.scalars(
            select(ReplyRule)
            .where(ReplyRule.appid == appid)
            .order_by(ReplyRule.position, ReplyRule.id)
        )
    )
    index = rows.index(moved)
    other = min(max(index + by, 0), len(rows) - 1)
    rows[index], rows[other] = rows[other], rows[index]
    for position, row in enumerate(rows, 1):
        row.position = position


def remove_rule(*, appid: str, rule_id: int) -> None:
    """Take an account's rule away, so that the default answers again. Raises NotFound."""
    turn_page(appid)
    db.session.delete(_row(appid, rule_id))


def _of(appid: str, trigger: Trigger, match: str) -> ReplyRule | None:
    return db.session.scalar(
        select(ReplyRule).where(
            ReplyRule.appid == appid, ReplyRule.trigger == trigger, ReplyRule.match == match
        )
    )


def _row(appid: str, rule_id: int) -> ReplyRule:
    row = locked(select(ReplyRule).where(ReplyRule.appid == appid, ReplyRule.id == rule_id))
    if row is None:
        raise NotFound
    return row


def turn_page(appid: str) -> None:
    """Tell every process that remembers the rules to read them again.

    The page is turned before a rule is touched: one change at a time, and none waits for another twice.
    """
    upsert(ReplyBook, {"appid": appid, "revision": 1}, key=("appid",))
    db.session.execute(
        update(ReplyBook)
        .where(ReplyBook.appid == appid)
        .values(revision=ReplyBook.revision + 1)
        .execution_options(synchronize_session=False)
    )
