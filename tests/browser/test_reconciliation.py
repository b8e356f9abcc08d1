"""Finance closes a day with one difference, and gives a line back, in a real browser."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from reconciliation.days import note_compared
from reconciliation.differences import record
from reconciliation.models import Bill, DifferenceClass
from reconciliation.values import Finding
from tests.console.desk import PASSWORD
from tests.console.world import MCHID, World, make_world
from wx_backend import clock
from wx_backend.config import Config, Pay
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
ON = date(2026, 11, 20)
LEGS = ("bill_payments", "our_payments", "ledger_payments", "bill_refunds", "our_refunds")


@pytest.fixture
def config(config: Config, tmp_path: Path) -> Config:
    """A merchant whose calls nobody makes."""
    pay = Pay(MCHID, "0" * 40, tmp_path / "key.pem", "0" * 32, "http://127.0.0.1:9", ())
    return replace(config, pay=pay)


@pytest.fixture
def world(site: str) -> World:
    """A compared day with one difference about the southern order."""
    assert site
    world = make_world()
    now = clock.now()
    finding = Finding(
        DifferenceClass.AMOUNT_DIFFERS,
        "payment:PY261120CANARY",
        9_900,
        9_800,
        world.southern.id,
        {"theirs": {"platform_id": "42000261120", "state": "SUCCESS"}, "copies": 1},
    )
    sums = {leg: {"rows": 2, "fen": 399_800} for leg in LEGS}
    with transaction():
        db.session.add(
            Bill(
                mchid=MCHID,
                business_on=ON,
                kind="trade",
                status="read",
                sha1="a" * 40,
                sha256="b" * 64,
                row_count=2,
                fetched_at=now,
            )
        )
        record(on=ON, finding=finding, owner_node_id=world.tree.hall, now=now)
        note_compared(on=ON, sums=sums, now=now)
    return world


def sign_in(page: Page, site: str, login: str) -> None:
    page.goto(f"{site}/console/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", PASSWORD)
    page.locator("form button:not([type=button])").last.click()
    page.wait_for_url(f"{site}/console/")


def test_finance_closes_a_day_with_one_difference(desktop: Page, site: str, world: World) -> None:
    assert world
    sign_in(desktop, site, "root")
    desktop.click("text=对账")
    desktop.click(f"text={ON}")
    expect(desktop.locator("button:has-text('日清')")).to_be_disabled()
    desktop.click("text=金额不一致")
    desktop.check("text=已查明，无需调整")
    desktop.fill("input[name=reason]", "客服已补差")
    desktop.click("button:has-text('确认')")
    expect(desktop.locator("h1 .badge")).to_have_text("已说明")
    desktop.click(f"dd a:has-text('{ON}')")
    desktop.click("button:has-text('日清')")
    expect(desktop.locator("h1 .badge")).to_have_text("已日清")


def test_two_people_give_a_phone_back(desktop: Page, site: str, world: World) -> None:
    sign_in(desktop, site, "finance")
    desktop.goto(f"{site}/console/orders/{world.southern.number}")
    desktop.click("h1 a:has-text('退款')")
    desktop.fill("input[name='line-1']", "1999.00")
    desktop.fill("input[name=reason]", "七天无理由")
    desktop.click("button:has-text('提交退款')")
    expect(desktop.locator("[role=status]")).to_contain_text("等待另一位员工审批")
    desktop.click("button:has-text('退出')")
    sign_in(desktop, site, "manager")
    desktop.goto(f"{site}/console/refunds")
    desktop.click("button:has-text('同意')")
    expect(desktop.locator("[role=status]")).to_contain_text("已同意")
    desktop.goto(f"{site}/console/refunds")
    expect(desktop.locator("table").last).to_contain_text("1,999.00")
