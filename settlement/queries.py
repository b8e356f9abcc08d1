"""Reads of settlement: the rates that may fit a line, commissions of a line, income of a rep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from ledger.models import AccountKind
from ledger.queries import balance
from ledger.values import of_rep
from settlement.models import (
    Accrual,
    Commission,
    Milestone,
    RateRule,
    ShareRole,
    TakeBack,
    VestingRule,
)
from settlement.rules import LineFacts, Rate, Scope
from wx_backend.clock import business_on
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Earned:
    """One rep's commission on one order line, in fen; `net_fen` is left after refunds."""

    commission_id: int
    order_line_id: int
    event: str
    rep_id: int
    role: ShareRole
    share_bp: int
    rate_rule_id: int
    amount_fen: int
    taken_back_fen: int
    milestone: Milestone
    accrued_at: datetime
    due_at: datetime | None
    vested_at: datetime | None

    @property
    def net_fen(self) -> int:
        """What refunds have left of it."""
        return self.amount_fen - self.taken_back_fen


@dataclass(frozen=True, slots=True)
class Income:
    """Where a rep's commission is, in fen: earned - taken_back = held + free + paid.

    `free_fen` is below zero when more was taken back than he had; later earnings make up for it.
    `paid_fen` includes what is on its way to him.
    """

    earned_fen: int
    taken_back_fen: int
    held_fen: int
    free_fen: int

    @property
    def paid_fen(self) -> int:
        """What left for him."""
        return self.earned_fen - self.taken_back_fen - self.held_fen - self.free_fen


def rates_for(line: LineFacts) -> list[Rate]:
    """The rates that could fit a line, whichever the day."""
    query = select(RateRule).where(
        or_(RateRule.product_id.is_(None), RateRule.product_id == line.product_id),
        or_(RateRule.category_id.is_(None), RateRule.category_id == line.category_id),
        or_(RateRule.channel_class.is_(None), RateRule.channel_class == line.channel_class),
    )
    return [
        Rate(
            id=rule.id,
            scope=Scope(rule.product_id, rule.category_id, rule.channel_class),
            rate_bp=rule.rate_bp,
            piece_fen=rule.piece_fen,
            valid_from=rule.valid_from,
            valid_until=rule.valid_until,
        )
        for rule in db.session.scalars(query)
    ]


def vesting_of(line: LineFacts) -> VestingRule | None:
    """The vesting terms for a line: the newest of its kind on the day it was paid."""
    query = (
        select(VestingRule)
        .where(
            VestingRule.product_kind == line.product_kind,
            VestingRule.valid_from <= business_on(line.paid_at),
        )
        .order_by(VestingRule.valid_from.desc())
        .limit(1)
    )
    return db.session.scalar(query)


def due_accruals(*, now: datetime, limit: int) -> Sequence[int]:
    """Accruals whose time has come and that are not vested yet, the longest waiting first."""
    query = (
        select(Accrual.id)
        .where(Accrual.vested_at.is_(None), Accrual.due_at.is_not(None), Accrual.due_at <= now)
        .order_by(Accrual.due_at, Accrual.id)
        .limit(limit)
    )
    return db.session.scalars(query).all()


def refunded_so_far(order_line_id: int) -> int:
    """What the buyer got back for a line in all, in fen."""
    query = select(func.coalesce(func.sum(TakeBack.refunded_fen), 0))
    refunded_fen = db.session.execute(query.where(TakeBack.order_line_id == order_line_id))
    return int(refunded_fen.scalar_one())


def accruals_of_line(order_line_id: int) -> Sequence[int]:
    """The accruals of a line in the order they are locked; several when events brought some."""
    query = select(Accrual.id).where(Accrual.order_line_id == order_line_id).order_by(Accrual.id)
    return db.session.scalars(query).all()


def commissions_of_line(order_line_id: int) -> list[Earned]:
    """Who earned what by a line, the developer first."""
    return _earned(
        select(Accrual, Commission)
        .join(Commission, Commission.accrual_id == Accrual.id)
        .where(Accrual.order_line_id == order_line_id)
        .order_by(Accrual.id, Commission.id)
    )


def commissions_of_rep(rep_id: int, *, limit: int, before_id: int | None = None) -> list[Earned]:
    """What a rep earned line by line, the newest first; each line has its receipt elsewhere."""
    query = (
        select(Accrual, Commission)
        .join(Commission, Commission.accrual_id == Accrual.id)
        .where(Commission.rep_id == rep_id)
        .order_by(Commission.id.desc())
        .limit(limit)
    )
    return _earned(query if before_id is None else query.where(Commission.id < before_id))


def income_of(rep_id: int) -> Income:
    """What a rep earned and where it is now: taken back, held, free or paid."""
    query = select(
        func.coalesce(func.sum(Commission.amount_fen), 0),
        func.coalesce(func.sum(Commission.taken_back_fen), 0),
    ).where(Commission.rep_id == rep_id)
    earned_fen, taken_back_fen = db.session.execute(query).one()
    return Income(
        earned_fen=int(earned_fen),
        taken_back_fen=int(taken_back_fen),
        held_fen=-balance(of_rep(AccountKind.COMMISSION_HELD, rep_id)),
        free_fen=-balance(of_rep(AccountKind.COMMISSION_PAYABLE, rep_id)),
    )


def _earned(query: Select[Accrual, Commission]) -> list[Earned]:
    return [
        Earned(
            commission_id=commission.id,
            order_line_id=accrual.order_line_id,
            event=accrual.event,
            rep_id=commission.rep_id,
            role=ShareRole(commission.role),
            share_bp=commission.share_bp,
            rate_rule_id=accrual.rate_rule_id,
            amount_fen=commission.amount_fen,
            taken_back_fen=commission.taken_back_fen,
            milestone=Milestone(accrual.milestone),
            accrued_at=accrual.accrued_at,
            due_at=accrual.due_at,
            vested_at=accrual.vested_at,
        )
        for accrual, commission in db.session.execute(query)
    ]
