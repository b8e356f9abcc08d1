"""Reads of change: rules in force, proposals, previews added up and line by line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import Select, func, or_, select

from settlement.changes.models import (
    Bearer,
    BearerRule,
    OutletManager,
    PreviewLine,
    ProposalStatus,
    RatePreview,
    RateProposal,
)
from settlement.models import RateRule, VestingRule
from settlement.queries import rate_from
from settlement.rules import Rate
from wx_backend.db import db
from wx_backend.errors import NotFound


class By(StrEnum):
    """What a preview is added up by."""

    CITY = "city"
    OUTLET = "outlet"
    REP = "rep"


@dataclass(frozen=True, slots=True)
class Difference:
    """What one outlet, city or rep cost before and would cost after, in fen; id None: nobody."""

    id: int | None
    lines: int
    before_fen: int
    after_fen: int

    @property
    def more_fen(self) -> int:
        """What it costs more; below zero when less."""
        return self.after_fen - self.before_fen


_COLUMNS = {
    By.CITY: PreviewLine.city_id,
    By.OUTLET: PreviewLine.outlet_id,
    By.REP: PreviewLine.rep_id,
}


def rates_since(day: date) -> Sequence[RateRule]:
    """Every rate that holds on a day or later, by receiver and scope, then in time."""
    return db.session.scalars(
        select(RateRule)
        .where(or_(RateRule.valid_until.is_(None), RateRule.valid_until > day))
        .order_by(
            RateRule.receiver,
            RateRule.product_id,
            RateRule.category_id,
            RateRule.channel_class,
            RateRule.valid_from,
        )
    ).all()


def every_rate() -> list[Rate]:
    """All rates there ever were, as values."""
    return [rate_from(rule) for rule in db.session.scalars(select(RateRule))]


def rate_rule(rate_rule_id: int) -> RateRule:
    """One rate; NotFound without it."""
    rule = db.session.get(RateRule, rate_rule_id)
    if rule is None:
        raise NotFound("规则不存在")
    return rule


def vesting_rules() -> Sequence[VestingRule]:
    """All vesting terms by kind, the newest first."""
    return db.session.scalars(
        select(VestingRule).order_by(VestingRule.product_kind, VestingRule.valid_from.desc())
    ).all()


def managers(scope: Select[int]) -> Sequence[OutletManager]:
    """Who was, is and will be the manager of which outlet of a scope, the newest first."""
    return db.session.scalars(
        select(OutletManager)
        .where(OutletManager.outlet_id.in_(scope))
        .order_by(OutletManager.outlet_id, OutletManager.valid_from.desc())
    ).all()


def bearer_on(day: date) -> Bearer:
    """Who bears the debt of reps who leave on a day; the company where nobody decided."""
    bearer = db.session.scalar(
        select(BearerRule.bearer)
        .where(BearerRule.valid_from <= day)
        .order_by(BearerRule.valid_from.desc())
        .limit(1)
    )
    return Bearer(bearer) if bearer else Bearer.COMPANY


def proposals(*, limit: int) -> Sequence[RateProposal]:
    """Proposals, those that wait first, then the newest."""
    waits = RateProposal.status == ProposalStatus.PROPOSED
    return db.session.scalars(
        select(RateProposal).order_by(waits.desc(), RateProposal.id.desc()).limit(limit)
    ).all()


def rates_waiting() -> Sequence[RateProposal]:
    """Proposals that wait for a second person, the oldest first."""
    query = select(RateProposal).where(RateProposal.status == ProposalStatus.PROPOSED)
    return db.session.scalars(query.order_by(RateProposal.id)).all()


def proposal_of(proposal_id: int) -> RateProposal:
    """One proposal; NotFound without it."""
    proposal = db.session.get(RateProposal, proposal_id)
    if proposal is None:
        raise NotFound("申请不存在")
    return proposal


def latest_preview(proposal_id: int) -> RatePreview | None:
    """The newest preview of a proposal."""
    return db.session.scalar(
        select(RatePreview)
        .where(RatePreview.proposal_id == proposal_id)
        .order_by(RatePreview.id.desc())
        .limit(1)
    )


def preview_sum(preview_id: int) -> Difference:
    """A whole preview added up."""
    lines, before_fen, after_fen = db.session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(PreviewLine.before_fen), 0),
            func.coalesce(func.sum(PreviewLine.after_fen), 0),
        ).where(PreviewLine.preview_id == preview_id)
    ).one()
    return Difference(None, lines, int(before_fen), int(after_fen))


def differences_by(by: By, preview_id: int, *, limit: int) -> list[Difference]:
    """A preview added up per city, outlet or rep: those it changes most first."""
    column, more = _COLUMNS[by], func.sum(PreviewLine.after_fen - PreviewLine.before_fen)
    rows = db.session.execute(
        select(
            column,
            func.count(),
            func.sum(PreviewLine.before_fen),
            func.sum(PreviewLine.after_fen),
        )
        .where(PreviewLine.preview_id == preview_id)
        .group_by(column)
        .order_by(func.abs(more).desc(), column)
        .limit(limit)
    )
    return [
        Difference(id_, lines, int(before_fen), int(after_fen))
        for id_, lines, before_fen, after_fen in rows
    ]


def lines_behind(
    preview_id: int, *, by: By | None = None, id_: int | None = None, limit: int
) -> Sequence[PreviewLine]:
    """The lines behind a sum, those it changes most first."""
    query = select(PreviewLine).where(PreviewLine.preview_id == preview_id)
    if by is not None:
        query = query.where(_COLUMNS[by].is_not_distinct_from(id_))
    more = func.abs(PreviewLine.after_fen - PreviewLine.before_fen)
    return db.session.scalars(query.order_by(more.desc(), PreviewLine.id).limit(limit)).all()
