"""A rep follows his month on the phone: from the first page to the receipt behind a line."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from org.invites import bind_rep
from referral.models import Attribution, Receipt
from settlement.statements.models import Statement, StatementLine
from tests.browser.office import faults_of, fits
from tests.browser.test_terminal import cookie
from tests.console.conftest import Desks, desk_of
from tests.console.test_money_out import closed_month, rich
from tests.console.world import World, known, make_world
from wx_backend import clock
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
__all__ = ["desk_of", "rich"]


@pytest.fixture
def world(app: Flask) -> World:
    assert app
    return make_world()


@pytest.fixture
def alice(app: Flask, rich: World, phone: Page, site: str) -> Page:
    """Her phone, bound to her."""
    person = known("Alice")
    with transaction():
        bind_rep(rep_id=rich.alice_id, member_id=person.member_id, now=clock.now())
    phone.context.add_cookies([{"name": "wx_session", "value": cookie(app, person), "url": site}])
    return phone


def test_a_rep_reads_his_statement_down_to_the_receipt_of_a_line(
    alice: Page, site: str, rich: World, desk_of: Desks
) -> None:
    month, faults = closed_month(desk_of), faults_of(alice)
    statement, line = _frozen(rich.alice_id)
    assert (statement.accrued_fen, statement.closing_held_fen) == (9_995, 9_995)

    alice.goto(f"{site}/terminal/")
    alice.get_by_role("link", name="收款与结算单").click()
    alice.get_by_role("link", name="我的结算单").click()
    assert fits(alice)
    alice.get_by_role("link", name=f"{month} 结算单").click()
    expect(alice.get_by_text(statement.number)).to_be_visible()
    expect(alice.get_by_text("核对一致")).to_be_visible()
    expect(alice.locator(".hero")).to_contain_text("99.95")
    expect(alice.locator("main")).to_contain_text(statement.digest.hex())
    assert fits(alice)

    entry = alice.get_by_role("link").filter(has_text="新增佣金")
    expect(entry).to_contain_text(rich.southern.number[-6:])
    expect(entry).to_contain_text("+99.95")
    expect(entry).to_contain_text(line.business_on.isoformat())
    entry.click()
    expect(alice.get_by_role("heading", name="为什么归我")).to_be_visible()
    expect(alice.get_by_text(rich.southern.receipt)).to_be_visible()
    expect(alice.get_by_text("校验通过")).to_be_visible()
    assert fits(alice)
    assert _credited_by(rich.southern.receipt) == rich.alice_id
    assert faults() == []


def _frozen(rep_id: int) -> tuple[Statement, StatementLine]:
    """The rep's closed month and the line of his sale, as committed."""
    db.session.rollback()
    statement = db.session.scalars(
        select(Statement).where(Statement.owner_kind == "rep", Statement.owner_id == rep_id)
    ).one()
    line = db.session.scalars(
        select(StatementLine).where(
            StatementLine.statement_id == statement.id, StatementLine.held_fen > 0
        )
    ).one()
    return statement, line


def _credited_by(receipt: str) -> int | None:
    """Whom the decision of a receipt credits."""
    db.session.rollback()
    return db.session.scalars(
        select(Attribution.developer_rep_id)
        .join(Receipt, Receipt.attribution_id == Attribution.id)
        .where(Receipt.number == receipt)
    ).one()
