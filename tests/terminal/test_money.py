"""A rep's own months and what waits for his tap: his, nobody else's."""

import re

import pytest
from sqlalchemy import select, update

from flows.payout.batches import approve_batch, propose_batch
from flows.period.closing import freeze_month
from ledger.models import AccountKind
from ledger.operations import post
from ledger.values import credit, debit, of_company, of_rep
from settlement.payouts.models import Payout, PayoutStatus, Rail
from settlement.payouts.proposals import Proposal
from settlement.payouts.rules import Terms
from settlement.periods import begin_closing, open_periods
from settlement.statements.models import AccountingPeriod, Statement
from tests.console.test_money_out import next_month
from tests.console.world import APPID, World
from tests.jobs import run_jobs
from tests.org.cast import hire
from tests.terminal.conftest import Phones
from tests.terminal.phone import RepPhone
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, retried, transaction


@pytest.fixture
def alice(phone_of: Phones, world: World) -> RepPhone:
    phone = phone_of("Alice")
    assert phone.bind(world.alice_id).status_code == 302
    return phone


@pytest.fixture
def colleague(phone_of: Phones, world: World) -> RepPhone:
    phone = phone_of("Dave")
    assert phone.bind(hire(world.tree.corner, "戴夫")).status_code == 302
    return phone


def waiting_payout(world: World) -> str:
    """A transfer to Alice that WeChat waits with for her tap; its number."""
    account = of_rep(AccountKind.COMMISSION_PAYABLE, world.alice_id)
    expense = of_company(AccountKind.COMMISSION_EXPENSE)
    legs = [debit(expense, 3_000), credit(account, 3_000)]
    with transaction():
        post(kind="commission.vest", key="give", legs=legs, now=clock.now())
    proposal = Proposal(world.tree.hall, Rail.FILE, Terms(100), "三月佣金", "staff:1")
    group = world.tree.group
    number = retried(lambda: propose_batch(proposal=proposal, scope_id=group, now=clock.now()))
    retried(lambda: approve_batch(number=number, scope_id=group, by="staff:2", now=clock.now()))
    run_jobs()
    with transaction() as session:
        session.connection().exec_driver_sql("UPDATE payout_batch SET rail = 'transfer'")
        session.execute(
            update(Payout).values(
                status=PayoutStatus.SENT,
                platform_state="WAIT_USER_CONFIRM",
                package_info="package-canary",
                asked_at=clock.now(),
                appid=APPID,
            )
        )
    return db.session.scalars(select(Payout.number)).one()


def test_what_waits_for_the_tap_is_shown_and_handed_to_wechat(
    alice: RepPhone, world: World
) -> None:
    number = waiting_payout(world)
    page = alice.get("/terminal/payouts").text
    assert "待确认收款" in page
    assert "30.00" in page
    assert "package-canary" not in page
    answer = alice.post(f"/api/terminal/payouts/{number}/confirm")
    assert answer.status_code in (200, 503)  # 503 where no merchant is configured
    assert alice.get(f"/api/terminal/payouts/{number}").get_json()["status"] == "sent"
    assert alice.post(f"/api/terminal/payouts/{number}/ask").status_code == 202


@pytest.mark.parametrize("path", ["/payouts", "/statements"])
def test_what_is_paid_out_belongs_to_the_income(alice: RepPhone, path: str) -> None:
    bar = alice.get(f"/terminal{path}").text.partition("主导航")[2]
    assert re.findall(r'href="([^"]+)" aria-current', bar) == ["/terminal/income"]


def test_a_colleagues_transfer_is_not_there(colleague: RepPhone, world: World) -> None:
    number = waiting_payout(world)
    assert number not in colleague.get("/terminal/payouts").text
    for answer in (
        colleague.post(f"/api/terminal/payouts/{number}/confirm"),
        colleague.post(f"/api/terminal/payouts/{number}/ask"),
        colleague.get(f"/api/terminal/payouts/{number}"),
    ):
        assert answer.status_code == 404


def test_the_running_month_is_shown_line_by_line(alice: RepPhone, world: World) -> None:
    page = alice.get("/terminal/statements").text
    assert f"{business_on(clock.now()):%Y-%m} 月（进行中）" in page
    assert "99.95" in page
    assert f"/terminal/receipts/{world.southern.receipt}" in page


def test_a_closed_month_is_read_by_its_rep_only(
    alice: RepPhone, colleague: RepPhone, world: World
) -> None:
    later = next_month()
    retried(lambda: open_periods(now=clock.now()))
    period_id = db.session.scalars(select(AccountingPeriod.id)).one()
    retried(lambda: begin_closing(period_id=period_id, by="staff:1", total=1, now=later))
    for _ in range(5):
        retried(lambda: freeze_month(period_id=period_id))
    db.session.rollback()
    number = db.session.scalars(
        select(Statement.number).where(Statement.owner_id == world.alice_id)
    ).first()
    page = alice.get(f"/terminal/statements/{number}").text
    assert "核对一致" in page
    assert "99.95" in page
    assert str(number) in alice.get("/terminal/statements").text
    assert colleague.get(f"/terminal/statements/{number}").status_code == 404
