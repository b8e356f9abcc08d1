"""Closing a month: checks first, a second person for exceptions, and no posting afterwards."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from flows.period import closing
from flows.period.closing import (
    ChecksOpen,
    ask_to_let_pass,
    chase_closings,
    close_month,
    freeze_month,
    let_pass,
    month_page,
)
from ledger.operations import post
from ledger.values import credit, debit, of_rep
from payments.exceptions import open_exception
from payments.models import ExceptionKind
from settlement.periods import (
    AlreadyClosing,
    EarlierOpen,
    NotOver,
    SamePerson,
    approve_override,
    open_periods,
)
from settlement.statements import freeze
from settlement.statements.chain import verify
from settlement.statements.models import PeriodOverride, PeriodStatus, Statement
from tests.jobs import run_jobs
from tests.periods.test_statements import behind_our_back
from tests.periods.world import (
    APRIL_2,
    CAROL,
    DAN,
    EXPENSE,
    HELD,
    MARCH_8,
    MAY_2,
    World,
    a_months_work,
    close,
    earn,
    period,
    shut,
    take_back,
)
from tests.racing import race
from wx_backend import crash
from wx_backend.config import Pay
from wx_backend.db import db, retried, transaction
from wx_backend.errors import AppError, BadInput, Conflict, Forbidden

IN_MARCH = datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC)


def odd_money(key: str = "PY1") -> None:
    """Something about money that waits for a person."""
    with transaction():
        open_exception(kind=ExceptionKind.UNKNOWN_ORDER, key=key, details={}, now=MARCH_8)


@pytest.mark.parametrize("is_frozen", [False, True])
def test_a_month_that_is_shut_takes_no_posting(world: World, is_frozen: bool) -> None:
    a_months_work(world)
    shut(world)
    if is_frozen:
        run_jobs()
    before = verify().root
    with pytest.raises(DBAPIError, match="closed"):
        earn(world.alice, 5, "late", IN_MARCH)
    assert verify().root == before


def test_a_late_refund_counts_in_the_month_it_comes(world: World) -> None:
    a_months_work(world)
    close(world)
    root = period().root
    take_back(world.alice, 100, "late", APRIL_2)
    db.session.rollback()
    assert verify().root == root
    close(world, "2026-04", MAY_2)
    assert verify().broken is None


def test_a_month_is_not_closed_before_it_is_over(world: World) -> None:
    a_months_work(world)
    with pytest.raises(NotOver):
        shut(world, now=IN_MARCH)
    retried(lambda: open_periods(now=APRIL_2))
    assert period().status == PeriodStatus.OPEN


def test_months_are_closed_in_order_and_once(world: World) -> None:
    a_months_work(world)
    with pytest.raises(EarlierOpen):
        shut(world, "2026-04", MAY_2)
    close(world)
    with pytest.raises(AlreadyClosing):
        shut(world)


def test_two_who_close_at_once_close_once(app: Flask, world: World) -> None:
    a_months_work(world)
    retried(lambda: open_periods(now=APRIL_2))
    db.session.rollback()

    def attempt(n: int) -> bool:
        try:
            retried(
                lambda: close_month(
                    month="2026-03", node_id=world.tree.group, by=f"staff:{n}", now=APRIL_2
                )
            )
        except AppError:
            return False
        return True

    assert race(app, attempt, times=4).count(True) == 1


def test_postings_and_the_closing_meet_without_a_gap(app: Flask, world: World) -> None:
    """Whatever was posted in March is in the seal of March; what was refused is nowhere."""
    a_months_work(world)
    retried(lambda: open_periods(now=APRIL_2))
    db.session.rollback()

    def work(n: int) -> bool:
        if n == 3:
            shut(world)
            return True
        try:
            legs = [debit(EXPENSE, 1), credit(of_rep(HELD, world.alice), 1)]
            return retried(
                lambda: post(kind="commission.accrue", key=f"race:{n}", legs=legs, now=IN_MARCH)
            )
        except DBAPIError:
            return False

    taken = race(app, work, times=16).count(True) - 1
    run_jobs()
    db.session.rollback()
    assert verify().broken is None
    entries = db.session.scalar(
        select(func.sum(Statement.accrued_fen)).where(Statement.owner_id == world.alice)
    )
    assert entries == 10_000 + taken


def test_only_who_answers_for_everything_closes(world: World) -> None:
    a_months_work(world)
    retried(lambda: open_periods(now=APRIL_2))
    with pytest.raises(Forbidden):
        month_page("2026-03", node_id=world.tree.south, now=APRIL_2)


def test_every_check_shows_its_rows(world: World) -> None:
    a_months_work(world)
    odd_money()
    retried(lambda: open_periods(now=APRIL_2))
    page = month_page("2026-03", node_id=world.tree.group, now=APRIL_2)
    found = {each.check.name: each for each in page.checks}
    assert not found["exceptions"].passes
    assert found["exceptions"].finding.rows[0][:2] == ("unknown_order", "PY1")
    assert found["trial_balance"].passes
    assert not page.may_close


def test_an_open_exception_holds_the_month_up(world: World) -> None:
    a_months_work(world)
    odd_money()
    with pytest.raises(ChecksOpen) as refused:
        shut(world)
    assert refused.value.details == {"checks": ["exceptions"]}
    assert period().status == PeriodStatus.OPEN
    earn(world.alice, 1, "still-open", IN_MARCH)


def test_two_people_let_a_finding_pass_and_only_that_one(world: World) -> None:
    a_months_work(world)
    odd_money()
    retried(lambda: open_periods(now=APRIL_2))
    ask(world, "已与银行核对")
    override = db.session.scalars(select(PeriodOverride)).one()
    override_id, period_id = override.id, override.period_id
    with pytest.raises(ChecksOpen):
        shut(world)
    with pytest.raises(SamePerson):
        retried(lambda: approve_override_by(CAROL, override_id, period_id))
    retried(
        lambda: let_pass(
            month="2026-03",
            override_id=override_id,
            node_id=world.tree.group,
            by=DAN,
            now=APRIL_2,
        )
    )
    with pytest.raises(Conflict):
        retried(lambda: approve_override_by("staff:3", override_id, period_id))
    odd_money("PY2")
    with pytest.raises(ChecksOpen):
        shut(world)
    ask(world, "两笔均已核对")
    second = db.session.scalars(select(PeriodOverride.id).order_by(PeriodOverride.id.desc()))
    second_id = second.first() or 0
    retried(lambda: approve_override_by(DAN, second_id, period_id))
    close(world)
    assert period().status == PeriodStatus.CLOSED


def test_of_many_who_let_a_finding_pass_at_once_one_does(app: Flask, world: World) -> None:
    a_months_work(world)
    odd_money()
    retried(lambda: open_periods(now=APRIL_2))
    ask(world, "已与银行核对")
    override = db.session.scalars(select(PeriodOverride)).one()
    override_id, period_id = override.id, override.period_id
    db.session.rollback()

    def agree(n: int) -> bool:
        try:
            retried(lambda: approve_override_by(f"staff:{n + 2}", override_id, period_id))
        except Conflict:
            return False
        return True

    won = race(app, agree, times=6)

    assert won.count(True) == 1
    db.session.rollback()
    row = db.session.scalars(select(PeriodOverride)).one()
    assert row.approved_by == f"staff:{won.index(True) + 2}"
    close(world)
    assert period().status == PeriodStatus.CLOSED


def test_of_many_who_ask_for_one_finding_at_once_one_does(app: Flask, world: World) -> None:
    a_months_work(world)
    odd_money()
    retried(lambda: open_periods(now=APRIL_2))
    db.session.rollback()

    def wish(_: int) -> bool:
        try:
            ask(world, "已与银行核对")
        except Conflict:
            return False
        return True

    assert race(app, wish, times=6).count(True) == 1
    db.session.rollback()
    assert db.session.scalar(select(func.count(PeriodOverride.id))) == 1


UNEVEN = {
    "one entry": ("UPDATE entry SET amount_fen = amount_fen + 1 WHERE id = 1",),
    "two postings against each other": (
        "UPDATE entry SET amount_fen = amount_fen + 1 WHERE id = 1",
        "UPDATE entry SET amount_fen = amount_fen - 1"
        " WHERE id = (SELECT max(id) FROM entry WHERE posting_id <> 1)",
    ),
}


@pytest.mark.parametrize("name", UNEVEN)
def test_books_that_do_not_balance_hold_the_month_up(world: World, name: str) -> None:
    a_months_work(world)
    for command in UNEVEN[name]:
        behind_our_back(command)
    with pytest.raises(ChecksOpen) as refused:
        shut(world)
    assert "trial_balance" in str(refused.value.details["checks"])
    assert period().status == PeriodStatus.OPEN


def ask(world: World, reason: str) -> None:
    retried(
        lambda: ask_to_let_pass(
            month="2026-03",
            check_name="exceptions",
            node_id=world.tree.group,
            reason=reason,
            by=CAROL,
            now=APRIL_2,
        )
    )


def approve_override_by(by: str, override_id: int, period_id: int) -> None:
    approve_override(override_id=override_id, period_id=period_id, by=by, now=APRIL_2)


def test_what_passes_needs_nobody_and_a_reason_is_wanted(world: World) -> None:
    a_months_work(world)
    retried(lambda: open_periods(now=APRIL_2))
    with pytest.raises(Conflict):
        ask(world, "不需要")
    odd_money()
    with pytest.raises(BadInput):
        ask(world, "")


def test_the_database_wants_two_people_too(world: World) -> None:
    a_months_work(world)
    odd_money()
    retried(lambda: open_periods(now=APRIL_2))
    ask(world, "已核对")
    with pytest.raises(DBAPIError), transaction() as session:
        session.connection().exec_driver_sql(
            "UPDATE period_override SET approved_by = proposed_by, approved_at = proposed_at"
        )


@pytest.mark.parametrize("point", [closing.AFTER_FREEZING, closing.AFTER_SEAL])
def test_a_death_in_the_middle_changes_nothing_in_the_end(
    world: World, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(freeze, "AT_ONCE", 2)
    a_months_work(world)
    shut(world)
    crash.arm(point, crash.raise_crashed)
    with pytest.raises(crash.Crashed):
        run_jobs()
    crash.disarm()
    db.session.rollback()
    retried(lambda: chase_closings(now=APRIL_2.replace(hour=9)))
    run_jobs()
    assert period().status == PeriodStatus.CLOSED
    assert verify().broken is None
    count = db.session.scalar(select(func.count(Statement.id)))
    assert count == 3 + 2 + 2 + 1  # reps, their outlets, cities, the province


def test_progress_is_seen_while_it_is_frozen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freeze, "AT_ONCE", 1)
    a_months_work(world)
    shut(world)
    retried(lambda: freeze_month(period_id=period().id))
    page = month_page("2026-03", node_id=world.tree.group, now=APRIL_2)
    assert page.period.status == PeriodStatus.CLOSING
    assert 0 < page.percent < 100


def test_days_nobody_reconciled_hold_the_month_up(app: Flask, world: World) -> None:
    a_months_work(world)
    retried(lambda: open_periods(now=APRIL_2))
    nowhere = Path("nowhere.pem")
    pay = Pay("1900000001", "A" * 40, nowhere, "k" * 32, "http://127.0.0.1:9", ())
    app.extensions["wx_config"] = replace(app.extensions["wx_config"], pay=pay)
    page = month_page("2026-03", node_id=world.tree.group, now=APRIL_2)
    (found,) = [each for each in page.checks if each.check.name == "bills"]
    assert len(found.finding.rows) == 31
    assert not found.passes
