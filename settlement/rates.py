"""Verbs of rates and vesting terms: both are dated data, added to and never rewritten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, or_, select, true

from settlement.milestones import MONTHS_MAX, Step, check_steps, steps_as_json
from settlement.models import Milestone, RateRule, VestingRule, VolumeOf
from settlement.rules import ANYTHING, WHOLE_BP, Scope
from wx_backend.db import db, locked, upsert
from wx_backend.errors import BadInput, Conflict, NotFound
from wx_backend.money import FEN_MAX

TIERS_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Tiers:
    """From so much of the month's volume on, another rate: `(from, rate)`, ascending.

    Volume counts in fen for rates in basis points and in pieces for amounts per piece: only so
    is the sum of a month the same in whatever order its lines are counted.
    """

    volume_of: VolumeOf
    steps: tuple[tuple[int, int], ...]


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
    tiers: Tiers | None = None,
) -> RateRule:
    """Let lines paid from a day on bring commission: basis points, or fen per piece.

    Raises BadInput for a rule that says too much or too little, RatesOverlap where one is.
    """
    rule = RateRule(
        receiver=scope.receiver,
        product_id=scope.product_id,
        category_id=scope.category_id,
        channel_class=scope.channel_class,
        rate_bp=rate_bp,
        piece_fen=piece_fen,
        volume_of=tiers.volume_of if tiers else None,
        tiers=[list(step) for step in tiers.steps] if tiers else None,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    check_rate(rule)
    query = select(RateRule.id).where(_same_scope(scope), _overlaps(rule)).limit(1)
    if db.session.scalar(query):
        raise RatesOverlap
    db.session.add(rule)
    db.session.flush()
    return rule


def replace_rate(
    *,
    valid_from: date,
    valid_until: date | None = None,
    scope: Scope = ANYTHING,
    rate_bp: int | None = None,
    piece_fen: int | None = None,
    tiers: Tiers | None = None,
) -> RateRule:
    """Add a rate, and end the one that held for the same until then. Refusals as above."""
    earlier = db.session.scalars(
        select(RateRule.id).where(
            _same_scope(scope),
            RateRule.valid_from < valid_from,
            or_(RateRule.valid_until.is_(None), RateRule.valid_until > valid_from),
        )
    ).all()
    for rate_rule_id in earlier:
        end_rate(rate_rule_id=rate_rule_id, valid_until=valid_from)
    return add_rate(
        valid_from=valid_from,
        valid_until=valid_until,
        scope=scope,
        rate_bp=rate_bp,
        piece_fen=piece_fen,
        tiers=tiers,
    )


def end_rate(*, rate_rule_id: int, valid_until: date) -> None:
    """Let a rate end before a day; it may only ever end earlier than it would have.

    Raises NotFound, and BadInput when it would last longer or never have begun.
    """
    rule = locked(select(RateRule).where(RateRule.id == rate_rule_id))
    if rule is None:
        raise NotFound
    lasts_longer = rule.valid_until is not None and valid_until > rule.valid_until
    if lasts_longer or valid_until <= rule.valid_from:
        raise BadInput("只能提前结束，且须晚于生效日期", fields=["valid_until"])
    rule.valid_until = valid_until


def set_vesting(
    *, product_kind: str, milestone: Milestone, hold_days: int, valid_from: date
) -> None:
    """Let commission on lines paid from a day on be free as a whole, days after one milestone."""
    set_terms(product_kind=product_kind, steps=[Step(milestone, hold_days)], valid_from=valid_from)


def set_terms(
    *,
    product_kind: str,
    steps: Sequence[Step],
    valid_from: date,
    term_months: int | None = None,
) -> None:
    """Let commission on lines paid from a day on be free in parts, each by its own milestone.

    A plan that ends within `term_months` (None: its own contract) loses the months left. Raises
    BadInput for parts that are not the whole, Conflict when that day has terms.
    """
    check_terms(steps, term_months)
    values = {
        "product_kind": product_kind,
        "steps": steps_as_json(steps),
        "term_months": term_months,
        "valid_from": valid_from,
    }
    if not upsert(VestingRule, values, key=("product_kind", "valid_from")):
        raise Conflict("该日期起的结算条件已经设定")


def check_terms(steps: Sequence[Step], term_months: int | None) -> None:
    """Raise BadInput for terms that make no sense."""
    check_steps(steps)
    if term_months is not None and not 0 <= term_months <= MONTHS_MAX:
        raise BadInput("扣回期须在 0 到 120 个月之间", fields=["term_months"])


def check_rate(rule: RateRule) -> None:
    """Raise BadInput for a rule that says too much, too little or nonsense."""
    _check(rule)
    if rule.tiers is not None:
        _check_tiers(rule.tiers, WHOLE_BP if rule.rate_bp is not None else FEN_MAX)


def _check(rule: RateRule) -> None:
    if rule.product_id is not None and rule.category_id is not None:
        raise BadInput("商品与类目只能选一个", fields=["product_id"])
    if (rule.rate_bp is None) == (rule.piece_fen is None):
        raise BadInput("比例与每件金额须且只能填一个", fields=["rate_bp"])
    if rule.rate_bp is not None and not 0 <= rule.rate_bp <= 10_000:
        raise BadInput("比例须在 0 到 100% 之间", fields=["rate_bp"])
    if rule.piece_fen is not None and rule.piece_fen < 0:
        raise BadInput("金额不能为负数", fields=["piece_fen"])
    if rule.valid_until is not None and rule.valid_until <= rule.valid_from:
        raise BadInput("失效日期须晚于生效日期", fields=["valid_until"])


def _check_tiers(tiers: Sequence[Sequence[int]], highest: int) -> None:
    starts = [start for start, _ in tiers]
    if not 1 <= len(tiers) <= TIERS_MAX:
        raise BadInput(f"阶梯须为1到{TIERS_MAX}档", fields=["tiers"])
    if starts != sorted(set(starts)) or not 0 < starts[0] <= starts[-1] <= FEN_MAX:
        raise BadInput("阶梯起点须从小到大，且大于0", fields=["tiers"])
    if any(not 0 <= value <= highest for _, value in tiers):
        raise BadInput("阶梯比例或金额超出范围", fields=["tiers"])


def _same_scope(scope: Scope) -> ColumnElement[bool]:
    return (
        (RateRule.receiver == scope.receiver)
        & RateRule.product_id.is_not_distinct_from(scope.product_id)
        & RateRule.category_id.is_not_distinct_from(scope.category_id)
        & RateRule.channel_class.is_not_distinct_from(scope.channel_class)
    )


def _overlaps(rule: RateRule) -> ColumnElement[bool]:
    begins_before = RateRule.valid_from < rule.valid_until if rule.valid_until else true()
    ends_after = or_(RateRule.valid_until.is_(None), RateRule.valid_until > rule.valid_from)
    return begins_before & ends_after
