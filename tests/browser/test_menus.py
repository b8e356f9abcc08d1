"""A marketer takes an account over, gives it a menu and a keyword; the phone shows both."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from flows.arrival.known import RULES_HOLD
from org.models import OrgNode, Role
from tests.browser.office import faults_of, fits, hire_staff, open_page, sign_in
from tests.browser.test_phone import choose
from tests.org.cast import plant
from tests.simulator.stage import Stage
from wx_backend.config import Config
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
RunJobs = Callable[[], None]
ADDRESS = {"type": "text", "name": "地址", "value": "天河路 1 号"}
VIDEO = {"type": "video", "name": "宣传片", "value": "http://v.example/1"}


@pytest.fixture
def office(served: str, wechat: Stage, config: Config) -> str:
    """An account in use, and a marketer of its province; the console's address."""
    tree = plant()
    with transaction():
        db.session.get_one(OrgNode, tree.hall).code = "O1"
    hire_staff("mina", "米娜", Role.MARKETER, tree.south)
    appid = config.accounts[0].appid
    wechat.control("PUT", f"/accounts/{appid}/console", menu=[ADDRESS, VIDEO])
    wechat.act("Bob", "follow", appid=appid)
    return served


def test_a_menu_and_a_keyword_reach_the_phone(
    office: str, desktop: Page, phone: Page, wechat: Stage, run_jobs: RunJobs
) -> None:
    faults = faults_of(desktop)
    choose(phone, wechat, "Bob")
    phone.get_by_role("link", name="城市营业厅").click()
    expect(phone.get_by_role("button", name="宣传片")).to_be_visible()

    sign_in(desktop, office, "mina")
    open_page(desktop, "营销", "公众号菜单")
    desktop.get_by_role("link", name="城市营业厅").click()
    desktop.get_by_role("button", name="读取并接管").click()
    run_jobs()
    expect(desktop.get_by_text("已发布第 1 版")).to_be_visible()
    desktop.get_by_role("button", name="从已发布的菜单开始").click()
    _put(desktop, "宣传片", "办套餐", "打开网页", {"网址": "https://shop.example/plans"})
    desktop.get_by_role("button", name="加一级菜单").click()
    _put(desktop, "新菜单", "投诉建议", "自动回复", {"编号（自动回复按它匹配）": "human_service"})
    assert fits(desktop)
    desktop.get_by_role("button", name="与微信核对并发布").click()
    run_jobs()
    expect(desktop.get_by_role("cell", name="宣传片")).to_be_visible()
    desktop.get_by_role("button", name="发布到微信").click()
    run_jobs()
    expect(desktop.get_by_text("已发布第 2 版")).to_be_visible()

    expect(phone.get_by_role("link", name="办套餐")).to_be_visible()
    expect(phone.get_by_role("button", name="宣传片")).to_have_count(0)
    phone.get_by_role("button", name="地址").click()
    expect(phone.get_by_text("天河路 1 号")).to_be_visible()

    open_page(desktop, "营销", "自动回复")
    desktop.get_by_role("link", name="城市营业厅").click()
    form = desktop.locator("form.rule").last
    form.get_by_label("关键词、渠道码或菜单编号").fill("宽带")
    form.get_by_label("文字（最多 2048 字节）").fill("宽带请到营业厅办理")
    form.get_by_role("button", name="添加").click()
    desktop.get_by_label("消息、渠道码或菜单编号").fill("家里宽带慢")
    desktop.get_by_role("button", name="试", exact=True).click()
    expect(desktop.locator(".told")).to_have_text("宽带请到营业厅办理")
    assert fits(desktop)
    phone.wait_for_timeout(RULES_HOLD.total_seconds() * 1_000)
    phone.get_by_role("button", name="切换到键盘").click()
    phone.get_by_label("发消息").fill("家里宽带慢")
    phone.get_by_role("button", name="发送").click()
    expect(phone.get_by_text("宽带请到营业厅办理")).to_be_visible()
    assert faults() == []


def test_a_picture_answers_a_word_on_the_phone(
    office: str,
    desktop: Page,
    phone: Page,
    wechat: Stage,
    run_jobs: RunJobs,
    tmp_path: Path,
) -> None:
    faults = faults_of(desktop)
    Image.new("RGB", (600, 400), "#d8462b").save(tmp_path / "map.png")
    sign_in(desktop, office, "mina")
    open_page(desktop, "营销", "自动回复")
    desktop.get_by_role("link", name="城市营业厅").click()
    form = desktop.locator("form.rule").last
    form.locator("[name=kind]").select_option("image")
    form.get_by_label("关键词、渠道码或菜单编号").fill("路线")
    form.locator("input[type=file]").set_input_files(tmp_path / "map.png")
    assert fits(desktop)
    form.get_by_role("button", name="添加").click()
    expect(desktop.get_by_text("正在上传到微信，之后生效")).to_be_visible()
    run_jobs()
    desktop.get_by_label("消息、渠道码或菜单编号").fill("怎么走，发路线")
    desktop.get_by_role("button", name="试", exact=True).click()
    shown = desktop.locator(".handset img")
    expect(shown).to_be_visible()
    assert shown.evaluate("picture => picture.naturalWidth") == 600
    assert fits(desktop)
    assert faults() == []
    choose(phone, wechat, "Bob")
    phone.get_by_role("link", name="城市营业厅").click()
    phone.wait_for_timeout(RULES_HOLD.total_seconds() * 1_000)
    phone.get_by_role("button", name="切换到键盘").click()
    phone.get_by_label("发消息").fill("发路线")
    phone.get_by_role("button", name="发送").click()
    got = phone.locator(".bubble.picture img")
    expect(got).to_be_visible()
    assert got.evaluate("picture => picture.naturalWidth") == 600


def _put(page: Page, name: str, new: str, does: str, fields: dict[str, str]) -> None:
    """Give a button another name and act in the editor."""
    step = page.locator("details.step").filter(has=page.locator(f"input[value='{name}']"))
    if step.get_attribute("open") is None:
        step.locator("summary").click()
    step.get_by_label("名称").fill(new)
    step.get_by_label("点击后").select_option(label=does)
    for label, value in fields.items():
        step.get_by_label(label).fill(value)
    step.get_by_role("button", name="保存").click()
    expect(page.locator("details.step summary").filter(has_text=new)).to_be_visible()
