"""Commission rules in a browser: proposed and tried out by one, approved by another."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from org.models import Role, Staff
from tests.browser.test_console import sign_in, world
from tests.console.desk import PASSWORD
from tests.console.world import World
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
__all__ = ["world"]


def hire_auditor() -> None:
    """A colleague in finance who sees every outlet."""
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


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_rate_is_proposed_tried_out_and_approved_by_somebody_else(
    desktop: Page, browser: Browser, site: str, world: World, run_jobs: Callable[[], None]
) -> None:
    assert world
    hire_auditor()
    today = business_on(clock.now())
    sign_in(desktop, site)
    desktop.goto(f"{site}/console/rates")
    desktop.get_by_label("比例或金额", exact=True).fill("6.00")
    desktop.get_by_label("阶梯（每行").fill("5000.00: 7.50")
    desktop.locator("form").filter(has_text="提交申请").get_by_label("生效日期").fill(
        (today + timedelta(days=1)).isoformat()
    )
    desktop.locator("form").filter(has_text="提交申请").get_by_label("原因").fill("夏季促销")
    desktop.get_by_role("button", name="提交申请").click()
    expect(desktop.get_by_text("须由另一位同事审批")).to_be_visible()
    desktop.get_by_label("从").fill(today.isoformat())
    desktop.get_by_label("到").fill(today.isoformat())
    desktop.get_by_role("button", name="开始测算").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("按网点")).to_be_visible()
    assert fits(desktop)

    other = browser.new_context(locale="zh-CN").new_page()
    other.goto(f"{site}/console/")
    other.get_by_label("登录名").fill("auditor")
    other.get_by_label("密码").fill(PASSWORD)
    other.get_by_role("button", name="登录").click()
    other.goto(desktop.url)
    other.get_by_role("button", name="通过").click()
    expect(other.get_by_text("已通过，自")).to_be_visible()
    other.goto(f"{site}/console/rates")
    expect(other.get_by_text("员工当月满 5,000.00 元后 7.50%")).to_be_visible()
    for path in ("rates", "rates/vesting", "rates/split"):
        other.goto(f"{site}/console/{path}")
        assert fits(other)
    other.context.close()
