"""Months, statements and pay-outs in a real browser: every page fits, and the tap leads to WeChat."""

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from org.invites import bind_rep
from payments.exceptions import open_exception
from payments.models import ExceptionKind
from settlement.periods import open_periods
from settlement.statements.models import StatementOwner
from tests.browser.test_terminal import cookie
from tests.console.conftest import Desks, desk_of
from tests.console.desk import PASSWORD
from tests.console.test_money_out import closed_month, propose, rich, statement_of
from tests.console.world import World, known, make_world
from tests.jobs import run_jobs
from tests.terminal.test_money import waiting_payout
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import retried, transaction

pytestmark = pytest.mark.browser
__all__ = ["desk_of", "rich"]
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1440, "height": 900}


@pytest.fixture
def world(app: Flask) -> World:
    assert app
    return make_world()


@pytest.fixture
def finance(desktop: Page, site: str, rich: World) -> Page:
    """The desk of somebody who answers for everything."""
    assert rich
    desktop.goto(f"{site}/console/login")
    desktop.get_by_label("登录名").fill("root")
    desktop.get_by_label("密码").fill(PASSWORD)
    desktop.get_by_role("button", name="登录").click()
    return desktop


def fits(page: Page) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def test_every_page_of_finance_fits(finance: Page, site: str, desk_of: Desks, rich: World) -> None:
    number = propose(desk_of("root"), rich.tree.group)
    desk_of("root2").post(f"/payouts/{number}/approve")
    run_jobs()
    month = closed_month(desk_of)
    alice = statement_of(StatementOwner.REP, rich.alice_id)
    south = statement_of(StatementOwner.PROVINCE, rich.tree.south)
    for path in (
        "/periods",
        f"/periods/{month}",
        "/statements",
        f"/statements/{alice}",
        f"/statements/{south}",
        "/statements-chain",
        "/payouts",
        f"/payouts/new?node={rich.tree.group}&rail=file&minimum=1&fee=0&tax=0",
        f"/payouts/{number}",
    ):
        for size in (WIDE, PHONE):
            finance.set_viewport_size(size)  # type: ignore[arg-type]  # the library's own typed dict
            finance.goto(f"{site}/console{path}")
            expect(finance.locator("h1").first).to_be_visible()
            assert fits(finance), (path, size)


def test_an_open_months_checks_are_read(finance: Page, site: str, rich: World) -> None:
    assert rich
    open_exception_and_periods()
    for size in (WIDE, PHONE):
        finance.set_viewport_size(size)  # type: ignore[arg-type]  # the same
        finance.goto(f"{site}/console/periods/{business_on(clock.now()):%Y-%m}")
        expect(finance.get_by_text("没有未处理的资金异常")).to_be_visible()
        expect(finance.get_by_role("button", name="结账")).to_be_disabled()
        assert fits(finance), size


def open_exception_and_periods() -> None:
    now = clock.now()
    retried(lambda: open_periods(now=now))
    retried(
        lambda: open_exception(kind=ExceptionKind.UNKNOWN_ORDER, key="PY0", details={}, now=now)
    )


@pytest.fixture
def alice_phone(app: Flask, rich: World, phone: Page, site: str) -> Page:
    person = known("Alice")
    with transaction():
        bind_rep(rep_id=rich.alice_id, member_id=person.member_id, now=clock.now())
    phone.context.add_cookies([{"name": "wx_session", "value": cookie(app, person), "url": site}])
    return phone


def test_a_rep_reads_his_months_and_what_waits_for_him(
    alice_phone: Page, site: str, desk_of: Desks, rich: World
) -> None:
    waiting_payout(rich)
    alice_phone.goto(f"{site}/terminal/payouts")
    expect(alice_phone.get_by_role("button", name="确认收款")).to_be_visible()
    assert fits(alice_phone)
    alice_phone.goto(f"{site}/terminal/statements")
    assert fits(alice_phone)
    closed_month(desk_of)
    number = statement_of(StatementOwner.REP, rich.alice_id)
    alice_phone.goto(f"{site}/terminal/statements/{number}")
    expect(alice_phone.get_by_text("核对一致")).to_be_visible()
    assert fits(alice_phone)
