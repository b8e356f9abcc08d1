"""Reads of settlement: the rates that may fit a line, commissions of a line, income of a rep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, or_, select

from ledger.balances import running_balances
from ledger.models import Account, AccountKind, Entry, Posting
from ledger.queries import is_account
from ledger.values import of_rep
from org.models import Rep, RepStatus
from settlement.changes.models import OutletManager
from settlement.milestones import Reached, Terms, steps_from_json
from settlement.models import (
    Accrual,
    Commission,
    Milestone,
    MilestoneEvent,
    RateRule,
    Receiver,
    ShareRole,
    TakeBack,
    VestingRule,
    VolumeOf,
)
from settlement.rules import LineFacts, Rate, Scope
from wx_backend.clock import business_on
from wx_backend.db import db

LEFT_DEBT = "commission.left_debt"
# In the text, so that the database sees that its index of these few postings will do.
_LEFT_DEBT: ColumnElement[str] = literal_column(f"'{LEFT_DEBT}'")


@dataclass(frozen=True, slots=True)
class Earned:
    """What one receiver has of one order line by one milestone, in fen.

    The receiver is a rep or an org node. `net_fen` is left after refunds and an early end;
    `part_bp` is how much of his commission on the line waits for this milestone.
    """

    commission_id: int
    accrual_id: int
    order_line_id: int
    event: str
    rep_id: int | None
    node_id: int | None
    role: ShareRole
    share_bp: int | None
    rate_rule_id: int
    amount_fen: int
    taken_back_fen: int
    milestone: Milestone
    month: int
    part_bp: int
    hold_days: int
    accrued_at: datetime
    due_at: datetime | None
    vested_at: datetime | None

    @property
    def net_fen(self) -> int:
        """What refunds have left of it."""
        return self.amount_fen - self.taken_back_fen


@dataclass(frozen=True, slots=True)
class Holdings:
    """What of a rep's commission is held and what is free, in fen."""

    held_fen: int
    free_fen: int


@dataclass(frozen=True, slots=True)
class Income:
    """Where a rep's commission is, in fen: earned - taken_back + borne = held + free + paid.

    `free_fen` is below zero when more was taken back than he had; later earnings make up for it,
    and once he has left, somebody else bears it: `borne_fen`. `paid_fen` includes what is on its
    way to him.
    """

    earned_fen: int
    taken_back_fen: int
    held_fen: int
    free_fen: int
    borne_fen: int = 0

    @property
    def paid_fen(self) -> int:
        """What left for him."""
        had_fen = self.earned_fen - self.taken_back_fen + self.borne_fen
        return had_fen - self.held_fen - self.free_fen


def rates_for(line: LineFacts) -> list[Rate]:
    """The rates that could fit a line, whichever the day."""
    query = select(RateRule).where(
        or_(RateRule.product_id.is_(None), RateRule.product_id == line.product_id),
        or_(RateRule.category_id.is_(None), RateRule.category_id == line.category_id),
        or_(RateRule.channel_class.is_(None), RateRule.channel_class == line.channel_class),
    )
    return [rate_from(rule) for rule in db.session.scalars(query)]


def rate_from(rule: RateRule) -> Rate:
    """A rule as a value."""
    return Rate(
        id=rule.id,
        scope=Scope(rule.product_id, rule.category_id, rule.channel_class, Receiver(rule.receiver)),
        rate_bp=rule.rate_bp,
        piece_fen=rule.piece_fen,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
        volume_of=VolumeOf(rule.volume_of) if rule.volume_of else None,
        tiers=tuple((start, value) for start, value in rule.tiers or ()),
    )


def vesting_of(line: LineFacts) -> Terms | None:
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
    rule = db.session.scalar(query)
    if rule is None:
        return None
    term = line.contract_months if rule.term_months is None else rule.term_months
    return Terms(steps_from_json(rule.steps), term)


def manager_of(outlet_id: int, day: date) -> int | None:
    """The rep who has the manager's part of an outlet's lines on a Shanghai day."""
    return db.session.scalar(
        select(OutletManager.rep_id)
        .where(OutletManager.outlet_id == outlet_id, OutletManager.valid_from <= day)
        .order_by(OutletManager.valid_from.desc())
        .limit(1)
    )


def events_of(order_line_id: int) -> dict[Reached, datetime]:
    """The milestones of a line, each with its instant."""
    query = select(MilestoneEvent).where(MilestoneEvent.order_line_id == order_line_id)
    return {
        (Milestone(event.milestone), event.month): event.happened_at
        for event in db.session.scalars(query)
    }


def is_disabled() -> ColumnElement[bool]:
    """Of a commission: its rep is disabled, so that his money stays where it is."""
    disabled = Rep.status == RepStatus.DISABLED
    return exists().where(Rep.id == Commission.rep_id, disabled)


def is_due(now: datetime) -> ColumnElement[bool]:
    """Of a commission: it could be free by now and is not yet."""
    return and_(
        Commission.vested_at.is_(None), Commission.due_at.is_not(None), Commission.due_at <= now
    )


def due_accruals(*, now: datetime, limit: int, rep_id: int | None = None) -> Sequence[int]:
    """Accruals of which a part's time has come, the longest waiting first; of one rep if named.

    Parts of disabled reps wait for them to be enabled again.
    """
    query = (
        select(Commission.accrual_id)
        .where(is_due(now), ~is_disabled())
        .group_by(Commission.accrual_id)
        .order_by(func.min(Commission.due_at), Commission.accrual_id)
        .limit(limit)
    )
    return db.session.scalars(
        query if rep_id is None else query.where(Commission.rep_id == rep_id)
    ).all()


def parts_due(accrual_id: int, *, now: datetime) -> frozenset[int]:
    """The commissions of an accrual that become free now; those of disabled reps do not."""
    query = select(Commission.id).where(
        Commission.accrual_id == accrual_id, is_due(now), ~is_disabled()
    )
    return frozenset(db.session.scalars(query))


def is_accrued(order_line_id: int, event: str) -> bool:
    """Whether it was decided what a line brings for an event."""
    query = select(Accrual.id).where(Accrual.order_line_id == order_line_id, Accrual.event == event)
    return db.session.scalar(query) is not None


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


def accruals_of_rep(rep_id: int, *, limit: int, before_id: int | None = None) -> Sequence[int]:
    """The accruals a rep has a part in, the newest first."""
    query = (
        select(Commission.accrual_id)
        .where(Commission.rep_id == rep_id)
        .distinct()
        .order_by(Commission.accrual_id.desc())
        .limit(limit)
    )
    found = query if before_id is None else query.where(Commission.accrual_id < before_id)
    return db.session.scalars(found).all()


def commissions_of_rep(rep_id: int, accrual_ids: Iterable[int]) -> Mapping[int, list[Earned]]:
    """What a rep has of some accruals, by accrual: its parts in the order of their milestones."""
    query = (
        select(Accrual, Commission)
        .join(Commission, Commission.accrual_id == Accrual.id)
        .where(Commission.rep_id == rep_id, Accrual.id.in_(list(accrual_ids)))
        .order_by(Accrual.id.desc(), Commission.id)
    )
    found: dict[int, list[Earned]] = {}
    for earned in _earned(query):
        found.setdefault(earned.accrual_id, []).append(earned)
    return found


def blocked_of(rep_id: int, *, now: datetime) -> int:
    """What would be free if the rep were not disabled, in fen; held until he is enabled again."""
    left = Commission.amount_fen - Commission.taken_back_fen
    query = select(func.coalesce(func.sum(left), 0)).where(
        Commission.rep_id == rep_id, is_due(now), is_disabled()
    )
    return int(db.session.execute(query).scalar_one())


def income_of(rep_id: int) -> Income:
    """What a rep earned and where it is now: taken back, held, free or paid."""
    query = select(
        func.coalesce(func.sum(Commission.amount_fen), 0),
        func.coalesce(func.sum(Commission.taken_back_fen), 0),
    ).where(Commission.rep_id == rep_id)
    earned_fen, taken_back_fen = db.session.execute(query).one()
    holdings = holdings_of(rep_id)
    return Income(
        earned_fen=int(earned_fen),
        taken_back_fen=int(taken_back_fen),
        held_fen=holdings.held_fen,
        free_fen=holdings.free_fen,
        borne_fen=_borne(rep_id),
    )


def holdings_of(rep_id: int) -> Holdings:
    """What of a rep's commission is held and what is free, by the balances of his accounts."""
    held = of_rep(AccountKind.COMMISSION_HELD, rep_id)
    free = of_rep(AccountKind.COMMISSION_PAYABLE, rep_id)
    balances = running_balances([held, free])
    return Holdings(held_fen=-balances.get(held, 0), free_fen=-balances.get(free, 0))


def _borne(rep_id: int) -> int:
    """What others bore of a rep's debt after he had left, in fen."""
    query = (
        select(func.coalesce(func.sum(Entry.amount_fen), 0))
        .join(Posting, Posting.id == Entry.posting_id)
        .join(Account, Account.id == Entry.account_id)
        .where(
            is_account(of_rep(AccountKind.COMMISSION_PAYABLE, rep_id)), Posting.kind == _LEFT_DEBT
        )
    )
    return -int(db.session.execute(query).scalar_one())


def _earned(query: Select[Accrual, Commission]) -> list[Earned]:
    return [
        Earned(
            commission_id=commission.id,
            accrual_id=accrual.id,
            order_line_id=accrual.order_line_id,
            event=accrual.event,
            rep_id=commission.rep_id,
            node_id=commission.node_id,
            role=ShareRole(commission.role),
            share_bp=commission.share_bp,
            rate_rule_id=commission.rate_rule_id,
            amount_fen=commission.amount_fen,
            taken_back_fen=commission.taken_back_fen,
            milestone=Milestone(commission.milestone),
            month=commission.month,
            part_bp=commission.part_bp,
            hold_days=commission.hold_days,
            accrued_at=accrual.accrued_at,
            due_at=commission.due_at,
            vested_at=commission.vested_at,
        )
        for accrual, commission in db.session.execute(query)
    ]


def freed_between(since: datetime, until: datetime) -> dict[int, int]:
    """What became free for each rep from an instant until before another, in fen."""
    rows = db.session.execute(
        select(Commission.rep_id, func.sum(Commission.amount_fen - Commission.taken_back_fen))
        .where(
            Commission.vested_at >= since,
            Commission.vested_at < until,
            Commission.rep_id.is_not(None),
        )
        .group_by(Commission.rep_id)
    )
    return {rep_id: int(fen) for rep_id, fen in rows if rep_id is not None}


def commission_on(lines: Select[int, Any]) -> dict[Any, int]:
    """What some lines brought to everybody, in fen, less what was taken back.

    `lines` are pairs of a line and whose it is; the sums are by the latter.
    """
    meant = lines.subquery()
    line_id, owner = meant.c
    kept = func.coalesce(func.sum(Commission.amount_fen - Commission.taken_back_fen), 0)
    query = (
        select(owner, kept)
        .select_from(Commission)
        .join(Accrual, Accrual.id == Commission.accrual_id)
        .join(meant, line_id == Accrual.order_line_id)
        .group_by(owner)
    )
    return {whose: int(fen) for whose, fen in db.session.execute(query)}
