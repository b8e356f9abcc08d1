"""Commission rules in the console: proposed by one person, tried out, approved by another."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from org.models import Role, Staff
from settlement.changes.models import OutletManager, ProposalStatus, RatePreview, RateProposal
from settlement.changes.queries import preview_sum
from settlement.models import Accrual, RateRule
from settlement.queries import income_of
from tests.console.conftest import Desks
from tests.console.desk import Desk
from tests.console.noon import TODAY, noon
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, transaction

__all__ = ["noon"]

TOMORROW = TODAY + timedelta(days=1)
RATE = {
    "subject": "rate",
    "receiver": "rep",
    "kind": "percent",
    "value": "6.00",
    "volume_of": "rep",
    "valid_from": TOMORROW.isoformat(),
    "reason": "夏季促销",
}


@pytest.fixture
def first(desk_of: Desks) -> Desk:
    """Who proposes."""
    return desk_of("root")


@pytest.fixture
def second(desk_of: Desks, world: World) -> Desk:
    """Who decides: a colleague in finance who sees every outlet too."""
    assert world
    with transaction():
        root = db.session.scalars(select(Staff).where(Staff.login == "root")).one()
        db.session.add(
            Staff(
                login="auditor",
                name="审计",
                password_hash=root.password_hash,
                role=Role.FINANCE,
                node_id=root.node_id,
            )
        )
    return desk_of("auditor")


def proposed(desk: Desk, **form: str) -> str:
    """Send in a proposal; where it is shown."""
    answer = desk.post("/rates/proposals", **{**RATE, **form})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix("/console")


def status_of() -> str:
    db.session.rollback()
    return db.session.scalars(select(RateProposal.status)).one()


def rules() -> list[tuple[int | None, date, date | None]]:
    db.session.rollback()
    found = db.session.scalars(select(RateRule).order_by(RateRule.id))
    return [(rule.rate_bp, rule.valid_from, rule.valid_until) for rule in found]


def test_a_second_person_lets_a_rate_hold_from_tomorrow(first: Desk, second: Desk) -> None:
    path = proposed(first)
    assert rules() == [(500, TODAY, None)]
    assert second.post(f"{path}/approve").status_code == 302

    assert rules() == [(500, TODAY, TOMORROW), (600, TOMORROW, None)]
    assert status_of() == ProposalStatus.APPROVED
    assert "6.00%" in first.get("/rates").text


def test_nobody_approves_or_refuses_his_own_proposal(first: Desk) -> None:
    path = proposed(first)
    assert first.post(f"{path}/approve").status_code == 409
    assert first.post(f"{path}/refuse", note="算了").status_code == 409

    assert status_of() == ProposalStatus.PROPOSED
    assert "须由另一位同事审批" in first.get(path).text


def test_a_reason_is_kept_without_what_nobody_sees(first: Desk) -> None:
    path = proposed(first, reason=" 夏季\u202e促销\x1b ")
    db.session.rollback()
    assert db.session.scalars(select(RateProposal.reason)).all() == ["夏季促销"]
    assert first.post("/rates/proposals", **{**RATE, "reason": "\x1b"}).status_code == 400
    assert "夏季促销" in first.get(path).text


def test_a_proposal_is_decided_once(first: Desk, second: Desk) -> None:
    path = proposed(first)
    assert second.post(f"{path}/refuse", note="").status_code == 400
    assert second.post(f"{path}/refuse", note="预算不足").status_code == 302
    assert second.post(f"{path}/approve").status_code == 409

    assert rules() == [(500, TODAY, None)]
    assert "预算不足" in first.get(path).text


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": TODAY.isoformat()},
        {"reason": ""},
        {"value": "3.333"},
        {"value": "101"},
        {"product": "PD404"},
        {"tiers": "10: 6\n5: 7"},
        {"tiers": "many: 6"},
        {"subject": "wages"},
        {"receiver": "customer"},
    ],
)
def test_a_proposal_that_makes_no_sense_is_refused(first: Desk, wrong: dict[str, str]) -> None:
    assert first.post("/rates/proposals", **{**RATE, **wrong}).status_code == 400
    assert db.session.scalar(select(func.count(RateProposal.id))) == 0


@pytest.mark.parametrize("login", ["north", "south"])
def test_only_who_sees_every_outlet_changes_rules(desk_of: Desks, login: str) -> None:
    desk = desk_of(login)
    assert desk.get("/rates").status_code == 200
    assert desk.post("/rates/proposals", **RATE).status_code == 403


def test_a_preview_counts_the_paid_lines_both_ways(
    first: Desk, second: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    path = proposed(first)
    span = {"first_on": TODAY.isoformat(), "last_on": TODAY.isoformat()}
    assert second.post(f"{path}/preview", **span).status_code == 302
    run_jobs()

    db.session.rollback()
    preview = db.session.scalars(select(RatePreview)).one()
    accrued = db.session.scalar(select(func.sum(Accrual.commission_fen)))
    total = preview_sum(preview.id)
    assert preview.done_at is not None
    assert total.before_fen == accrued
    assert total.after_fen == accrued * 6 // 5
    page = second.get(path).text
    for words in ("测算结果", "99.95", "119.94", world.southern.number, "爱丽丝"):
        assert words in page
    assert income_of(world.alice_id).earned_fen == 9_995


def test_below_the_top_nobody_sees_other_outlets_orders_and_managers(
    desk_of: Desks, first: Desk, world: World, run_jobs: Callable[[], None]
) -> None:
    path = proposed(first)
    span = {"first_on": TODAY.isoformat(), "last_on": TODAY.isoformat()}
    assert first.post(f"{path}/preview", **span).status_code == 302
    run_jobs()
    with transaction() as session:
        session.add(
            OutletManager(outlet_id=world.tree.hall, rep_id=world.alice_id, valid_from=TODAY)
        )
    page = desk_of("north").get(path).text
    assert "夏季促销" in page
    for words in ("测算结果", world.southern.number, "爱丽丝"):
        assert words not in page
    assert "爱丽丝" not in desk_of("north").get("/rates/split").text
    assert "爱丽丝" in desk_of("south").get("/rates/split").text


def test_terms_managers_and_debts_are_changed_the_same_way(
    first: Desk, second: Desk, world: World
) -> None:
    common = {"valid_from": TOMORROW.isoformat(), "reason": "新政策"}
    forms = (
        {
            "subject": "vesting",
            "product_kind": "plan",
            "milestone0": "activated",
            "part0": "60",
            "days0": "30",
            "milestone1": "month_alive",
            "month1": "3",
            "part1": "40",
            "days1": "0",
            "term_months": "12",
        },
        {"subject": "manager", "outlet": "O1", "rep": world.alice_number},
        {"subject": "bearer", "bearer": "outlet"},
    )
    for form in forms:
        answer = first.post("/rates/proposals", **common, **form)
        if form["subject"] == "manager" and answer.status_code == 400:
            continue  # she works elsewhere: a manager is of his own outlet
        assert answer.status_code == 302, answer.text
        path = answer.headers["Location"].removeprefix("/console")
        assert second.get(path).status_code == 200
        assert second.post(f"{path}/approve").status_code == 302
    assert "在网满 3 个月：40.00%" in first.get("/rates/vesting").text
    assert first.get("/rates/split").status_code == 200


def test_the_database_refuses_one_person_by_itself(first: Desk) -> None:
    proposed(first)
    himself = update(RateProposal).values(
        status="approved", decided_by=RateProposal.proposed_by, decided_at=clock.now()
    )
    with pytest.raises(IntegrityError), transaction():
        db.session.execute(himself)
    assert status_of() == ProposalStatus.PROPOSED
