"""How many taps it takes: from a showroom to the paid order, from a scan, for a rep, for a manager."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from flows.figures.counting import count_waiting
from flows.rep_poster import ask_for_poster, finished_poster
from tests.browser.office import sign_in
from tests.browser.tapping import count_taps, taps
from tests.browser.test_mall import open_mall, run_until
from tests.browser.test_phone import choose
from tests.browser.test_terminal import alice, world
from tests.console.world import World
from tests.serving import announce
from tests.simulator.stage import Stage
from tests.storefront.conftest import config, keys, mall
from tests.storefront.mall import Mall
from wx_backend import clock
from wx_backend.db import db, retried

__all__ = ["alice", "config", "keys", "mall", "open_mall", "world"]
pytestmark = pytest.mark.browser
FORM = (
    ("姓名", "鲍勃"),
    ("手机号", "13800138000"),
    ("地区", "广东省 广州市 天河区"),
    ("详细地址", "中山路 1 号"),
)


def buy(phone: Page, run_jobs: Callable[[], None]) -> None:
    """From a showroom that is open to the word that it is paid; WeChat's own sheet is its last tap."""
    phone.get_by_role("link", name="星河手机").click()
    phone.get_by_role("button", name="立即购买").click()
    for label, text in FORM:
        phone.get_by_label(label).fill(text)
    phone.get_by_role("button", name="提交订单").click()
    phone.get_by_role("button", name="微信支付").click()
    run_until(phone, run_jobs, "付款成功")


def test_from_a_showroom_to_paid_in_five_taps_and_one_form(
    open_mall: Mall,
    site: str,
    phone: Page,
    wechat: Stage,
    run_jobs: Callable[[], None],
) -> None:
    count_taps(phone)
    phone.goto(site + open_mall.link(open_mall.alice_id))
    expect(phone.get_by_role("heading", name="爱丽丝")).to_be_visible()
    buy(phone, run_jobs)
    assert taps(phone) + 1 <= 5  # and the one on WeChat's sheet
    assert len(wechat.facts("payment")) == 1


def test_from_a_scan_it_is_two_more(
    app: Flask,
    open_mall: Mall,
    site: str,
    phone: Page,
    wechat: Stage,
    run_jobs: Callable[[], None],
    tmp_path: Path,
) -> None:
    """The poster is scanned from its pixels: follow, open the showroom from the welcome, buy."""
    announce(wechat, app.extensions["wx_config"], site)
    appid, rep_id = app.extensions["wx_config"].accounts[0].appid, open_mall.alice_id
    retried(lambda: ask_for_poster(rep_id=rep_id, appid=appid, now=clock.now()))
    run_jobs()
    jpeg = finished_poster(rep_id, appid)
    assert jpeg is not None
    (tmp_path / "poster.jpg").write_bytes(jpeg)
    db.session.rollback()
    phone.context.unroute_all()
    phone.context.route("https://res.wx.qq.com/**", lambda route: route.abort())
    choose(phone, wechat, "Bob")
    phone.goto(f"{wechat.base_url}/phone#/scan")
    count_taps(phone)
    phone.reload()
    phone.get_by_label("从相册选取图片").set_input_files(tmp_path / "poster.jpg")
    phone.get_by_role("button", name="关注公众号").click()
    welcome = phone.get_by_role("link", name="点击进入我的展厅")
    expect(welcome).to_be_visible()
    with phone.context.expect_page() as opened:
        welcome.click()
    assert taps(phone) <= 2
    shop = opened.value
    shop.set_default_timeout(10_000)
    expect(shop.get_by_role("heading", name="爱丽丝")).to_be_visible()


def test_a_rep_finds_poster_and_income_in_one_tap_each(
    alice: Page,
    site: str,
) -> None:
    count_taps(alice)
    for name, heading in (("海报", "我的海报"), ("收入", "我的收入")):
        alice.goto(f"{site}/terminal/")
        alice.get_by_role("navigation", name="主导航").get_by_role("link", name=name).click()
        expect(alice.get_by_role("heading", name=heading)).to_be_visible()
        assert taps(alice) == 1


def test_a_manager_gets_from_sales_that_fell_to_the_order_in_three_clicks(
    desktop: Page,
    site: str,
    world: World,
) -> None:
    while retried(partial(count_waiting, now=clock.now())):
        pass
    count_taps(desktop)
    sign_in(desktop, site, "manager")
    taps(desktop)
    desktop.get_by_role("link", name="销售额").click()
    desktop.get_by_role("link", name=world.southern.number).click()
    expect(desktop.get_by_text("爱丽丝").first).to_be_visible()
    assert taps(desktop) <= 3
