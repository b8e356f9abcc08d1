"""An administrator opens an outlet and brings its people in; the manager, with a second factor, sees his own."""

from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from org.models import OrgNode, Rep, Staff
from tests.browser.conftest import PHONE, fresh_page
from tests.browser.office import faults_of, fits, open_page, sign_in
from tests.console.world import World, make_world
from tests.jobs import run_jobs
from tests.steps import begin_within_a_step
from wx_backend import clock
from wx_backend.db import db

pytestmark = pytest.mark.browser
OWN = "a password of my own"
SHEET = "姓名,网点编码,渠道,职务\n张三,SC9,自有营业厅,店长\n李四,SC9,自有营业厅,\n王五,XX1,自有营业厅,\n"


@pytest.fixture
def world(app: Flask) -> World:
    assert app
    return make_world()


def open_outlet(page: Page) -> None:
    open_page(page, "人员", "组织")
    page.get_by_role("link", name="广州").click()
    page.get_by_text("新建下级单位").click()
    form = page.locator("form[action$='/below']")
    form.get_by_label("编码", exact=True).fill("SC9")
    form.get_by_label("名称", exact=True).fill("新街营业厅")
    form.get_by_role("button", name="新建").click()
    expect(page.get_by_role("heading", name="新街营业厅")).to_be_visible()


def bring_in(page: Page, file: Path) -> None:
    file.write_text(SHEET, "utf-8")
    open_page(page, "人员", "批量导入")
    page.get_by_label("XLSX 或 CSV").set_input_files(file)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_text("网点编码：您的范围内没有这个网点")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="导入 2 行").click()
    run_jobs()
    expect(page.get_by_role("button", name="撤销导入")).to_be_visible()


def employ_manager(page: Page) -> str:
    """The new manager's one-time password."""
    open_page(page, "人员", "账号")
    page.get_by_role("link", name="新建账号").click()
    page.get_by_label("登录名").fill("newhead")
    page.get_by_label("姓名").fill("新店经理")
    page.get_by_label("角色").select_option("manager")
    page.get_by_label("单位").select_option("SC9")
    page.get_by_label("原因").fill("新店开业")
    page.get_by_role("button", name="新建").click()
    return page.locator(".answer .code").inner_text()


def first_entry(
    page: Page, site: str, password: str, monkeypatch: pytest.MonkeyPatch
) -> pyotp.TOTP:
    """Signs in with the password he was given, sets his own, and ties his phone to it."""
    begin_within_a_step(monkeypatch)
    enter(page, site, password)
    page.get_by_label("当前密码").fill(password)
    for label in ("新密码（10 至 128 个字符）", "再输入一次新密码"):
        page.get_by_label(label).fill(OWN)
    page.get_by_role("button", name="保存").click()
    page.get_by_label("当前密码").fill(OWN)
    page.get_by_role("button", name="启用").click()
    phone = pyotp.TOTP(page.locator(".mono.wrap").inner_text().replace(" ", ""))
    assert fits(page)
    page.get_by_label("验证码", exact=True).fill(phone.at(clock.now() - timedelta(seconds=30)))
    page.get_by_role("button", name="确认启用").click()
    expect(page.locator(".recovery li")).to_have_count(10)
    return phone


def enter(page: Page, site: str, password: str) -> None:
    page.goto(f"{site}/console/login")
    page.get_by_label("登录名").fill("newhead")
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


def test_from_a_new_outlet_to_its_manager_at_work(
    desktop: Page,
    browser: Browser,
    site: str,
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults = faults_of(desktop)
    sign_in(desktop, site, "south")
    open_outlet(desktop)
    bring_in(desktop, tmp_path / "reps.csv")
    password = employ_manager(desktop)
    assert faults() == []
    with fresh_page(browser, PHONE) as narrow:
        phone = first_entry(narrow, site, password, monkeypatch)
        narrow.get_by_role("link", name="我已保管好").click()
        narrow.get_by_role("button", name="退出").click()
        enter(narrow, site, OWN)
        narrow.get_by_label("验证码").fill(phone.at(clock.now()))
        narrow.get_by_role("button", name="登录").click()
        narrow.goto(f"{site}/console/reps")
        expect(narrow.get_by_text("张三")).to_be_visible()
        expect(narrow.get_by_text("爱丽丝")).to_have_count(0)
        assert fits(narrow)
        narrow.goto(f"{site}/console/orders")
        expect(narrow.get_by_text(world.southern.number)).to_have_count(0)
    db.session.rollback()
    outlet = db.session.scalars(select(OrgNode.id).where(OrgNode.code == "SC9")).one()
    assert sorted(db.session.scalars(select(Rep.name).where(Rep.outlet_id == outlet))) == [
        "张三",
        "李四",
    ]
    assert db.session.scalars(select(Staff.node_id).where(Staff.login == "newhead")).one() == outlet
