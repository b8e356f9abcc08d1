"""Verbs of rates and vesting terms: both are dated data, added to and never rewritten."""

from datetime import date

from sqlalchemy import ColumnElement, or_, select, true

from settlement.models import Milestone, RateRule, VestingRule
from settlement.rules import ANYTHING, Scope
from wx_backend.db import db, locked, upsert
from wx_backend.errors import BadInput, Conflict, NotFound


class RatesOverlap(Conflict):
    """The same products and channels already have a rate on some of these days."""

    code, message = "rates_overlap", "同一范围在这段时间内已有佣金规则"


def add_rate(
    *,
    valid_from: date,
    valid_until: date | None = None,
    scope: Scope = ANYTHING,
    rate_bp: int | None = None,
    piece_fen: int | None = None,
) -> RateRule:
    """Let lines paid from a day on bring commission: basis points, or fen per piece.

    Raises BadInput for a rule that says too much or too little, RatesOverlap where one is.
    """
    rule = RateRule(
        product_id=scope.product_id,
        category_id=scope.category_id,
        channel_class=scope.channel_class,
        rate_bp=rate_bp,
        piece_fen=piece_fen,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    _check(rule)
    if db.session.scalar(select(RateRule.id).where(_same_scope(scope), _overlaps(rule)).limit(1)):
        raise RatesOverlap
    db.session.add(rule)
    db.session.flush()
    return rule


def end_rate(*, rate_rule_id: int, valid_until: date) -> None:
    """Let a rate end before a day; it may only ever end earlier than it would have.

    Raises NotFound, and BadInput when it would last longer or never have begun.
    """
    rule = locked(select(RateRule).where(RateRule.id == rate_rule_id))
    if rule is None:
        raise NotFound
    lasts_longer = rule.valid_until is not None and valid_until > rule.valid_until
    if lasts_longer or valid_until <= rule.valid_from:
        raise BadInput(valid_until="只能提前结束，且须晚于开始日期")
    rule.valid_until = valid_until


def set_vesting(
    *, product_kind: str, milestone: Milestone, hold_days: int, valid_from: date
) -> None:
    """Let commission on lines paid from a day on be free `hold_days` days after a milestone."""
    if not 0 <= hold_days <= 400:
        raise BadInput(hold_days="须在0到400天之间")
    values = {
        "product_kind": product_kind,
        "milestone": milestone,
        "hold_days": hold_days,
        "valid_from": valid_from,
    }
    if not upsert(VestingRule, values, key=("product_kind", "valid_from")):
        raise Conflict("该日期起的结算条件已经设定")


def _check(rule: RateRule) -> None:
    if rule.product_id is not None and rule.category_id is not None:
        raise BadInput(product_id="商品与类目只能选一个")
    if (rule.rate_bp is None) == (rule.piece_fen is None):
        raise BadInput(rate_bp="比例与每件金额须且只能填一个")
    if rule.rate_bp is not None and not 0 <= rule.rate_bp <= 10_000:
        raise BadInput(rate_bp="须在0到10000之间")
    if rule.piece_fen is not None and rule.piece_fen < 0:
        raise BadInput(piece_fen="不能为负数")
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        raise BadInput(valid_until="须晚于开始日期")


def _same_scope(scope: Scope) -> ColumnElement[bool]:
    return (
        RateRule.product_id.is_not_distinct_from(scope.product_id)
        & RateRule.category_id.is_not_distinct_from(scope.category_id)
        & RateRule.channel_class.is_not_distinct_from(scope.channel_class)
    )


def _overlaps(rule: RateRule) -> ColumnElement[bool]:
    begins_before = RateRule.valid_from < rule.valid_until if rule.valid_until else true()
    ends_after = or_(RateRule.valid_until.is_(None), RateRule.valid_until > rule.valid_from)
    return begins_before & ends_after
