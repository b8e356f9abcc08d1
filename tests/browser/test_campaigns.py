"""A campaign in a browser: people chosen, tried out, agreed to, sent, paused half-way, resumed, measured."""

from collections.abc import Callable
from datetime import time

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from campaigns import rules
from campaigns.mass import Told, record_end
from campaigns.models import Recipient
from flows.visit import Opened, touch_link
from org.models import Role
from referral.models import Share
from referral.values import Certainty
from tests.browser.conftest import PHONE, fresh_page
from tests.browser.office import faults_of, fits, hand_over, hire_staff, open_page, sign_in
from tests.browser.test_console import world
from tests.campaigns.cast import (
    ARTICLE,
    CITY,
    DAY,
    NOTICE,
    crowd,
    followers,
    notices_in,
    one_job,
    paid,
)
from tests.campaigns.platform import Platform
from tests.console.world import World
from wx_backend import clock
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser
__all__ = ["world"]


def test_a_campaign_from_the_first_word_to_its_report(
    *,
    app: Flask,
    desktop: Page,
    browser: Browser,
    site: str,
    world: World,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = app.extensions["wx_clients"]._transport = Platform()
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    notices_in()
    two_of_four_are_meant()
    for login in ("writer", "reader"):
        hire_staff(login, login, Role.MARKETER, world.tree.group)
    faults = faults_of(desktop)
    sign_in(desktop, site, "writer")
    open_page(desktop, "营销", "活动")
    expect(desktop.get_by_text("还没有活动")).to_be_visible()
    desktop.get_by_role("link", name="新建活动").click()
    desktop.get_by_label("名称").fill("发票提醒")
    desktop.locator("[name=campaign_class]").select_option("service")
    desktop.locator("[name=service_event]").select_option("order_paid")
    desktop.get_by_label("目的").fill("提醒已购机客户领取发票")
    desktop.locator("[name=template_id]").select_option(NOTICE)
    desktop.locator("[name=followed_days]").fill("30")
    desktop.locator("[name=ordered]").select_option("paid")
    desktop.locator("[name=rate_per_second]").fill("1")
    assert fits(desktop)
    desktop.get_by_role("button", name="保存草稿").click()
    expect(desktop.get_by_text("请填写模板的各个字段")).to_be_visible()
    desktop.locator("[name=field-A-thing1]").fill("您购买的手机")
    desktop.locator("[name=field-A-thing2]").fill("{员工}提醒您领取发票")
    desktop.get_by_role("button", name="保存草稿").click()
    for condition in ("30 天内关注", "买过"):
        expect(desktop.get_by_text(condition, exact=True)).to_be_visible()
    desktop.get_by_role("link", name="预览人群").click()
    expect(desktop.locator(".figure").filter(has_text="现在符合条件的人")).to_contain_text("2")
    expect(desktop.locator("tbody tr")).to_have_count(2)
    expect(desktop.get_by_text("模板消息")).to_have_count(2)
    desktop.get_by_role("link", name="返回活动").click()
    desktop.get_by_role("button", name="试算并提交审批").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("须由另一位同事审批")).to_be_visible()
    expect(desktop.get_by_text("足够")).to_be_visible()
    address = desktop.url

    hand_over(desktop, site, "reader")
    desktop.goto(address)
    agree_and_start(desktop)
    pause_between_two_chunks(desktop, platform, run_jobs)
    desktop.get_by_role("button", name="继续发送").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("已处理 2 / 2 人")).to_be_visible()
    desktop.get_by_role("link", name="效果报告").click()
    expect(desktop.get_by_text("正在统计")).to_be_visible()
    run_jobs()
    expect(desktop.get_by_text("已接收，尚无回执")).to_be_visible()
    assert platform.received == {"oBob": 1, "oNora": 1}
    assert faults() == []

    with fresh_page(browser, PHONE) as phone:
        sign_in(phone, site, "reader")
        campaigns = f"{site}/console/campaigns"
        templates = f"{site}/console/message-templates"
        for page in (campaigns, f"{campaigns}/new", address, f"{address}/report", templates):
            phone.goto(page)
            assert fits(phone), page


def test_of_two_texts_the_better_one_is_found(
    *,
    app: Flask,
    desktop: Page,
    site: str,
    world: World,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sixty customers get one of two texts; whoever got B opens the link, of A nobody does."""
    app.extensions["wx_clients"]._transport = Platform()
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    notices_in()
    crowd(60, now=clock.now())
    for login in ("writer", "reader"):
        hire_staff(login, login, Role.MARKETER, world.tree.group)
    faults = faults_of(desktop)
    sign_in(desktop, site, "writer")
    open_page(desktop, "营销", "活动")
    desktop.get_by_role("link", name="新建活动").click()
    desktop.get_by_label("名称").fill("发票提醒")
    desktop.locator("[name=campaign_class]").select_option("service")
    desktop.locator("[name=service_event]").select_option("order_paid")
    desktop.get_by_label("目的").fill("比较两种说法")
    desktop.locator("[name=template_id]").select_option(NOTICE)
    desktop.get_by_role("button", name="保存草稿").click()
    for variant, words in (("A", "请领取发票"), ("B", "发票已开好")):
        field = desktop.locator(f"[name=field-{variant}-thing1]")
        if not field.is_visible():
            desktop.locator("summary").filter(has_text=f"{variant} 版").click()
        field.fill("您购买的手机")
        desktop.locator(f"[name=field-{variant}-thing2]").fill(words)
    desktop.get_by_role("button", name="保存草稿").click()
    expect(desktop.get_by_text("发票已开好")).to_be_visible()
    desktop.get_by_role("button", name="试算并提交审批").click()
    run_jobs()
    address = desktop.url
    hand_over(desktop, site, "reader")
    desktop.goto(address)
    desktop.get_by_role("button", name="批准").click()
    desktop.get_by_role("button", name="立即开始").click()
    run_jobs()
    who_got_b_opens_the_link()
    desktop.reload()
    desktop.get_by_role("link", name="效果报告").click()
    run_jobs()
    rows = desktop.locator("tr").filter(has_text="更好")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("B")
    expect(rows).to_contain_text("100")
    assert fits(desktop)
    assert faults() == []


def who_got_b_opens_the_link() -> None:
    """Through the campaign's link that WeChat was given for them."""
    with transaction() as session:
        got_b = select(Recipient.identity_id).where(Recipient.variant == 1)
        readers = session.scalars(got_b.where(Recipient.status == "sent")).all()
        share_id = session.scalars(select(Share.id).where(Share.subject == "campaign")).first()
        assert share_id
        assert 10 < len(readers) < 50
        for each in readers:
            opened = Opened(share_id, Certainty.SIGNED)
            touch_link(opened, identity_id=each, now=clock.now())


def two_of_four_are_meant() -> None:
    """Bob and Nora followed lately and bought; Yan follows for long, and Zoe never bought."""
    now = clock.now()
    for each in (
        *followers(["Bob", "Nora"], now=now),
        *followers(["Yan"], now=now - 40 * DAY),
    ):
        paid(each, now=now)
    followers(["Zoe"], now=now)


def agree_and_start(desktop: Page) -> None:
    """A colleague agrees and starts it."""
    desktop.get_by_role("button", name="批准").click()
    desktop.get_by_role("button", name="立即开始").click()
    expect(desktop.get_by_text("预计还需约 1 分钟")).to_be_visible()


def pause_between_two_chunks(
    desktop: Page, platform: Platform, run_jobs: Callable[[], None]
) -> None:
    """One of two has got it by then, and the other gets nothing meanwhile; the page says so before and after."""
    db.session.rollback()
    one_job()
    desktop.reload()
    expect(desktop.get_by_text("已处理 1 / 2 人，预计还需约 1 分钟")).to_be_visible()
    desktop.get_by_role("button", name="暂停").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("已暂停").first).to_be_visible()
    expect(desktop.get_by_text("已处理 1 / 2 人")).to_be_visible()
    assert platform.received.total() == 1


def agree_pause_and_go_on(desktop: Page, platform: Platform, run_jobs: Callable[[], None]) -> None:
    """While it is paused before its first letter nothing leaves, after that it is sent."""
    agree_and_start(desktop)
    desktop.get_by_role("button", name="暂停").click()
    run_jobs()
    assert platform.calls == 0
    desktop.get_by_role("button", name="继续发送").click()
    run_jobs()
    desktop.reload()


def test_a_mass_send_from_the_draft_box_to_its_totals(
    *,
    app: Flask,
    desktop: Page,
    browser: Browser,
    site: str,
    world: World,
    run_jobs: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    platform = app.extensions["wx_clients"]._transport = Platform()
    platform.written = {"D1": [ARTICLE]}
    monkeypatch.setattr(rules, "LOUD_FROM", time.min)
    monkeypatch.setattr(rules, "LOUD_UNTIL", time.max)
    followers(["Bob", "Nora", "Zoe"], now=clock.now())
    for login in ("writer", "reader"):
        hire_staff(login, login, Role.ADMINISTRATOR, world.tree.group)
    faults = faults_of(desktop)
    sign_in(desktop, site, "writer")
    open_page(desktop, "营销", "活动")
    desktop.get_by_role("link", name="群发图文").click()
    expect(desktop.get_by_text("还没有读到图文")).to_be_visible()
    desktop.get_by_role("button", name="同步草稿箱").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_role("cell", name="春季好机")).to_be_visible()
    desktop.get_by_label("标题").fill("会员日")
    desktop.get_by_role("button", name="登记").click()
    expect(desktop.get_by_text("会员日")).to_be_visible()
    assert fits(desktop)
    desktop.get_by_role("link", name="返回活动").click()
    desktop.get_by_role("link", name="新建活动").click()
    desktop.get_by_label("名称").fill("春季到店")
    desktop.locator("[name=campaign_class]").select_option("mass")
    desktop.get_by_label("目的").fill("告知老客户新款到店")
    desktop.locator("[name=article_id]").select_option("D1")
    desktop.locator("[name=followed_days]").fill("30")
    assert fits(desktop)
    desktop.get_by_role("button", name="保存草稿").click()
    expect(desktop.get_by_text("新款到店", exact=True)).to_be_visible()
    desktop.get_by_role("link", name="预览人群").click()
    expect(desktop.get_by_text("群发", exact=True).first).to_be_visible()
    desktop.get_by_role("link", name="返回活动").click()
    desktop.get_by_role("button", name="试算并提交审批").click()
    run_jobs()
    desktop.reload()
    expect(desktop.get_by_text("足够")).to_be_visible()
    address = desktop.url

    hand_over(desktop, site, "reader")
    desktop.goto(address)
    agree_pause_and_go_on(desktop, platform, run_jobs)
    expect(desktop.get_by_text("等待管理员确认或发送")).to_be_visible()
    expect(desktop.get_by_text("如需管理员确认，最迟")).to_be_visible()
    count = len(platform.bodies[0]["touser"])
    told = Told(
        status="send success",
        total=count,
        filtered=count,
        sent=count,
        failed=0,
        event_at=clock.now(),
    )
    with transaction():
        record_end(appid=CITY, msg_id="9000000000000000000", told=told)
    desktop.reload()
    expect(desktop.get_by_text("已发出")).to_be_visible()
    desktop.get_by_role("link", name="效果报告").click()
    expect(desktop.get_by_text("正在统计")).to_be_visible()
    run_jobs()
    expect(desktop.get_by_text("微信统计")).to_be_visible()
    assert faults() == []

    with fresh_page(browser, PHONE) as phone:
        sign_in(phone, site, "reader")
        for page in (address, f"{address}/report", f"{site}/console/mass-sends"):
            phone.goto(page)
            assert fits(phone), page
