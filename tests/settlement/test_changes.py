"""Changes of the rules: one of those who decide at once decides, and nothing holds backwards."""

from datetime import date, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from org.models import OrgNode, Role, Staff, Tier
from settlement.changes.contents import RateWish
from settlement.changes.models import ProposalStatus, RateProposal, Subject
from settlement.changes.operations import (
    AlreadyDecided,
    SamePerson,
    approve,
    propose,
    refuse,
    withdraw,
)
from settlement.models import RateRule
from settlement.rules import ANYTHING
from tests.racing import race
from tests.settlement.world import DAY, NOON
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction
from wx_backend.errors import NotTheAsker

TODAY = business_on(NOON)
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture
def staff(app: Flask) -> list[int]:
    """Six people who answer for everything; the first one proposes."""
    assert app.testing
    with transaction():
        group = OrgNode(tier=Tier.GROUP, code="G", name="集团")
        db.session.add(group)
        db.session.flush()
        people = [
            Staff(login=f"s{n}", name="卡罗尔", password_hash="-", role=Role.FINANCE)
            for n in range(6)
        ]
        for each in people:
            each.node_id = group.id
        db.session.add_all(people)
        db.session.flush()
        return [each.id for each in people]


def six_per_cent(staff_id: int, valid_from: date = TOMORROW) -> int:
    """Somebody proposes 6 % for everything."""
    with transaction():
        return propose(
            subject=Subject.RATE,
            content=RateWish(ANYTHING, rate_bp=600).as_json(),
            valid_from=valid_from,
            reason="夏季促销",
            staff_id=staff_id,
            now=NOON,
        )


def rates() -> list[tuple[int | None, date]]:
    db.session.rollback()
    rules = db.session.scalars(select(RateRule).order_by(RateRule.id))
    return [(rule.rate_bp, rule.valid_from) for rule in rules]


def proposal() -> RateProposal:
    db.session.rollback()
    return db.session.scalars(select(RateProposal)).one()


def test_of_many_who_approve_at_once_one_does(app: Flask, staff: list[int]) -> None:
    proposer, *others = staff
    proposal_id = six_per_cent(proposer)

    def decide(n: int) -> bool:
        try:
            retried(lambda: approve(proposal_id=proposal_id, staff_id=others[n], now=NOON))
        except AlreadyDecided:
            return False
        return True

    won = race(app, decide, times=len(others))

    assert won.count(True) == 1
    assert rates() == [(600, TOMORROW)]
    assert proposal().decided_by == others[won.index(True)]


def test_approving_and_refusing_at_once_leaves_one_decision(app: Flask, staff: list[int]) -> None:
    proposer, *others = staff
    proposal_id = six_per_cent(proposer)

    def decide(n: int) -> str | None:
        said = {"proposal_id": proposal_id, "staff_id": others[n], "now": NOON}
        try:
            if n % 2:
                retried(lambda: approve(**said))  # type: ignore[arg-type]  # named above
                return "approved"
            retried(lambda: refuse(note="预算不足", **said))  # type: ignore[arg-type]  # named above
        except AlreadyDecided:
            return None
        return "refused"

    [decision] = [each for each in race(app, decide, times=4) if each]

    assert proposal().status == decision
    assert rates() == ([(600, TOMORROW)] if decision == "approved" else [])


def test_approving_and_taking_back_at_once_leaves_one_of_both(app: Flask, staff: list[int]) -> None:
    proposer, *others = staff
    proposal_id = six_per_cent(proposer)

    def end(n: int) -> str | None:
        try:
            if n % 2:
                retried(lambda: withdraw(proposal_id=proposal_id, staff_id=proposer, now=NOON))
                return "withdrawn"
            retried(lambda: approve(proposal_id=proposal_id, staff_id=others[n], now=NOON))
        except AlreadyDecided:
            return None
        return "approved"

    [ended] = [each for each in race(app, end, times=4) if each]

    assert proposal().status == ended
    assert rates() == ([(600, TOMORROW)] if ended == "approved" else [])


def test_only_who_proposed_takes_it_back(staff: list[int]) -> None:
    proposal_id = six_per_cent(staff[0])
    with pytest.raises(NotTheAsker), transaction():
        withdraw(proposal_id=proposal_id, staff_id=staff[1], now=NOON)
    assert proposal().status == ProposalStatus.PROPOSED


def test_who_proposed_does_not_decide(staff: list[int]) -> None:
    proposal_id = six_per_cent(staff[0])
    with pytest.raises(SamePerson), transaction():
        approve(proposal_id=proposal_id, staff_id=staff[0], now=NOON)
    assert proposal().status == ProposalStatus.PROPOSED
    assert rates() == []


def test_a_rate_approved_late_holds_from_the_next_day(staff: list[int]) -> None:
    """What was sold between the day it was meant for and its approval keeps its rate."""
    proposal_id = six_per_cent(staff[0])
    late = NOON + 9 * DAY
    with transaction():
        effective_on = approve(proposal_id=proposal_id, staff_id=staff[1], now=late)

    assert effective_on == TODAY + timedelta(days=10)
    assert rates() == [(600, effective_on)]
    assert proposal().effective_on == effective_on
