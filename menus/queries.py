"""Reading the automatic replies of an account."""

from sqlalchemy import select

from menus.defaults import DEFAULT_RULES
from menus.models import ReplyRule
from menus.rules import ReplyKind, Rule, Trigger
from wx_backend.db import db


def reply_rules(appid: str) -> list[Rule]:
    """The rules of an account: its own, and the defaults for whatever it has no rule of its own."""
    rows = db.session.scalars(
        select(ReplyRule).where(ReplyRule.appid == appid).order_by(ReplyRule.position, ReplyRule.id)
    )
    own = [_rule(row) for row in rows]
    taken = {(rule.trigger, rule.match) for rule in own}
    return own + [rule for rule in DEFAULT_RULES if (rule.trigger, rule.match) not in taken]


def _rule(row: ReplyRule) -> Rule:
    return Rule(Trigger(row.trigger), row.match, ReplyKind(row.kind), row.content, row.position)
