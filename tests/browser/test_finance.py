"""Finance closes a day whose bill leaves a payment out, then the month, with a colleague: in a browser."""

from datetime import time, timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from flows.chores import CHORES
from org.models import OrgNode, Role, Tier
from reconciliation.models import DifferenceStep
from settlement.statements.models import AccountingPeriod, PeriodOverride, Statement
from tests.browser.office import faults_of, fits, hand_over, hire_staff, open_page, sign_in
from tests.flows.fulfilment.counter import open_counter
from tests.flows.reconcile.morning import day_row, differences, next_morning, plant, to, today
from tests.flows.trade.conftest import config, keys, market, platform, receiver, stage
from tests.flows.trade.market import Market, payments
from tests.simulator.stage import Stage
from wx_backend.db import db

pytestmark = pytest.mark.browser
__all__ = ["config", "keys", "market", "platform", "receiver", "stage"]


@pytest.fixture
def office(market: Market, stage: Stage, app: Flask) -> tuple[str, str]:
    """Two people of finance who answer for everything, as actors."""
    key = app.extensions["wx_config"].billing.shared_key
    stage.control("PUT", "/settings", billing_key=key)
    open_counter(market)
    top = db.session.scalars(select(OrgNode.id).where(OrgNode.tier == Tier.GROUP)).one()
    db.session.rollback()
    first = hire_staff("carol", "卡罗尔", Role.FINANCE, top)
    second = hire_staff("diana", "戴安娜", Role.ADMINISTRATOR, top)
    return f"staff:{first}", f"staff:{second}"


def test_finance_closes_a_day_with_one_difference_and_then_the_month(
    market: Market, office: tuple[str, str], desktop: Page, site: str
) -> None:
    faults = faults_of(desktop)
    on = today()
    [payment] = payments(market.buy())
    left_out = {"action": "drop", "number": payment.out_trade_no}
    plant(market, left_out, {**left_out, "bill": "flow"})
    next_morning(market, on)
    assert [(row.kind, row.status) for row in differences(on)] == [("missing_there", "open")]

    sign_in(desktop, site, "carol")
    _close_the_day(desktop, on.isoformat(), payment.out_trade_no)
    assert day_row(on).status == "closed"
    [difference] = differences(on)
    assert difference.status == "explained"
    move = db.session.scalars(select(DifferenceStep).order_by(DifferenceStep.id.desc())).first()
    assert move
    assert (move.actor, move.reason) == (office[0], "微信支付客服确认账单漏列，款已到账")

    month = f"{on:%Y-%m}"
    _wait_for_next_month(market)
    sign_in(desktop, site, "carol")
    _ask_for_what_is_missing(desktop, month)
    hand_over(desktop, site, "diana")
    _agree(desktop, month)
    _close_the_month(desktop, market, month)
    db.session.rollback()
    period = db.session.scalars(
        select(AccountingPeriod).where(AccountingPeriod.first_on == on.replace(day=1))
    ).one()
    assert (period.status, period.closing_by) == ("closed", office[1])
    let_pass = db.session.scalars(select(PeriodOverride)).all()
    assert {(each.proposed_by, each.approved_by) for each in let_pass} == {office}
    frozen = db.session.scalars(select(Statement).where(Statement.owner_name == "Alice")).one()
    assert frozen.closing_held_fen == 9_995
    db.session.rollback()
    assert faults() == []


def _close_the_day(page: Page, day: str, number: str) -> None:
    """From the list of days to the difference, its reason, and 日清."""
    open_page(page, "财务", "对账")
    page.get_by_role("link", name=day).click()
    expect(page.get_by_role("button", name="日清")).to_be_disabled()
    page.get_by_role("link", name="我方有、账单无").click()
    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text("1,999.00 元")
    assert fits(page)
    page.get_by_label("已查明，无需调整").check()
    page.get_by_label("原因或处理结果").fill("微信支付客服确认账单漏列，款已到账")
    page.get_by_role("button", name="确认").click()
    expect(page.locator("h1 .badge")).to_have_text("已说明")
    expect(page.locator(".line")).to_contain_text("卡罗尔")
    page.get_by_role("link", name=day).click()
    page.locator("summary", has_text="日清").click()
    page.get_by_role("button", name="确认日清").click()
    expect(page.locator("h1 .badge")).to_have_text("已日清")


def _wait_for_next_month(market: Market) -> None:
    """Noon of the second day after the month's end; its row is there, receipts are chained."""
    first = (today().replace(day=1) + timedelta(days=32)).replace(day=1)
    to(market, first + timedelta(days=1), time(12))
    for chore in CHORES:
        if chore.name in ("periods.open", "receipts.chain"):
            chore.do()
    market.work()


def _ask_for_what_is_missing(page: Page, month: str) -> None:
    """The days before the service was there were never compared: somebody must let that pass."""
    open_page(page, "财务", "月结")
    page.get_by_role("link", name=month).click()
    expect(page.get_by_role("button", name="结账")).to_be_disabled()
    expect(page.locator("section", has_text="每日账单")).to_contain_text("未通过")
    asks = page.get_by_role("button", name="申请放行")
    for _ in range(asks.count()):
        page.get_by_label("放行理由").first.fill("上线前没有交易")
        asks.first.click()
        expect(page.get_by_role("status")).to_contain_text("请由另一位同事批准")
    expect(page.get_by_role("button", name="批准放行")).to_have_count(0)
    assert fits(page)


def _agree(page: Page, month: str) -> None:
    """The colleague sees who asked and why, and agrees."""
    open_page(page, "财务", "月结")
    page.get_by_role("link", name=month).click()
    expect(page.get_by_text("卡罗尔 申请放行：上线前没有交易").first).to_be_visible()
    agrees = page.get_by_role("button", name="批准放行")
    for _ in range(agrees.count()):
        agrees.first.click()
        expect(page.get_by_role("status")).to_contain_text("已批准放行")


def _close_the_month(page: Page, market: Market, month: str) -> None:
    """Progress is shown while statements are frozen; the page comes to the end by itself."""
    page.locator("summary", has_text="结账").click()
    page.get_by_role("button", name="确认结账").click()
    expect(page.get_by_role("heading", name="正在封存结算单")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_be_visible()
    market.work()
    expect(page.locator("h1 .badge")).to_have_text("已结账")
    expect(page.locator("dd", has_text="戴安娜")).to_be_visible()
    page.get_by_role("link", name="查看本月结算单").click()
    expect(page.get_by_role("row").filter(has_text="Alice")).to_contain_text("99.95")
    open_page(page, "财务", "月结")
    page.get_by_role("link", name="核对结算链").click()
    page.get_by_role("button", name="重新核对").click()
    expect(page.get_by_role("heading", name="正在核对")).to_be_visible()
    market.work()
    page.reload()
    expect(page.get_by_text("全部一致")).to_be_visible()
    assert month
