"""Closing a month: checked and shut in one transaction, frozen in batches, sealed at the end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from flows.period.checks import Checked, check_list
from org.roster import holds_everything
from referral.models import Receipt
from settlement import periods
from settlement.statements.content import GENESIS
from settlement.statements.freeze import ChainHead, expected_statements, freeze_some, seal
from settlement.statements.models import AccountingPeriod, PeriodStatus
from wx_backend import clock, crash
from wx_backend.db import db
from wx_backend.errors import Conflict, Forbidden, NotFound
from wx_backend.outbox import defer, job

AFTER_FREEZING: Final = crash.point("period.after_freezing")
AFTER_SEAL: Final = crash.point("period.after_seal")
STUCK: Final = timedelta(minutes=10)


class ChecksOpen(Conflict):
    """The month cannot be closed yet; `checks` names what is in the way."""

    code, message = "checks_open", "还有未通过的检查，不能结账"


@dataclass(frozen=True, slots=True)
class MonthPage:
    """A month with its check-list; a closed one is not checked any more."""

    period: AccountingPeriod
    checks: Sequence[Checked]
    may_close: bool

    @property
    def percent(self) -> int:
        """How much of it is frozen."""
        return min(99, 100 * self.period.done // max(self.period.total, 1))


def month_page(month: str, *, node_id: int, now: datetime) -> MonthPage:
    """A month for those who answer for all outlets. NotFound, Forbidden."""
    period = _period(month, node_id)
    if period.status != PeriodStatus.OPEN:
        return MonthPage(period, (), may_close=False)
    checks = check_list(period, now)
    is_over = clock.business_on(now) > period.last_on
    return MonthPage(period, checks, may_close=is_over and all(each.passes for each in checks))


def close_month(*, month: str, node_id: int, by: str, now: datetime) -> None:
    """Shut a month for postings, if every check passes, and have it frozen.

    The month is shut first and checked then, so that nothing comes in between; a check that
    fails opens it again with the rest of the transaction. Raises ChecksOpen, NotOver,
    EarlierOpen, AlreadyClosing.
    """
    period = _period(month, node_id)
    periods.begin_closing(period_id=period.id, by=by, total=expected_statements(), now=now)
    failing = [each.check.name for each in check_list(period, now) if not each.passes]
    if failing:
        raise ChecksOpen(checks=failing)
    defer(freeze_month, period_id=period.id)


def ask_to_let_pass(
    *, month: str, check_name: str, node_id: int, reason: str, by: str, now: datetime
) -> None:
    """Ask that what a check finds this moment be let pass."""
    period = _period(month, node_id)
    found = {each.check.name: each for each in check_list(period, now)}
    if check_name not in found:
        raise NotFound
    if found[check_name].finding.is_ok:
        raise Conflict("该检查已通过，无需放行")
    periods.propose_override(
        period_id=period.id,
        check_name=check_name,
        finding=found[check_name].finding.digest,
        reason=reason,
        by=by,
        now=now,
    )


def let_pass(*, month: str, override_id: int, node_id: int, by: str, now: datetime) -> None:
    """A second person lets a finding pass."""
    period = _period(month, node_id)
    periods.approve_override(override_id=override_id, period_id=period.id, by=by, now=now)


@job("period.freeze")
def freeze_month(*, period_id: int) -> None:
    """Freeze the next batch and come again; seal the month when none is left."""
    now = clock.now()
    if freeze_some(period_id=period_id, now=now):
        crash.here(AFTER_FREEZING)
        defer(freeze_month, period_id=period_id)
        return
    seal(period_id=period_id, receipts=_receipts_head(), now=now)
    crash.here(AFTER_SEAL)


def chase_closings(*, now: datetime) -> int:
    """Go on with months whose freezing has died; how many."""
    stuck = db.session.scalars(
        select(AccountingPeriod.id).where(
            AccountingPeriod.status == PeriodStatus.CLOSING,
            AccountingPeriod.closing_at <= now - STUCK,
        )
    ).all()
    for period_id in stuck:
        defer(freeze_month, key=f"{period_id}:{now:%Y%m%d%H%M}", period_id=period_id)
    return len(stuck)


def _receipts_head() -> ChainHead:
    last = db.session.execute(
        select(Receipt.position, Receipt.digest)
        .where(Receipt.position.is_not(None))
        .order_by(Receipt.position.desc())
        .limit(1)
    ).one_or_none()
    if last is None or last.position is None or last.digest is None:
        return ChainHead(0, GENESIS)
    return ChainHead(last.position, last.digest)


def _period(month: str, node_id: int) -> AccountingPeriod:
    period = periods.period_of(month)
    if not holds_everything(node_id):
        raise Forbidden("结账涉及全部网点，只有覆盖全部网点的账号可以办理")
    db.session.refresh(period)
    return period
