"""The mall on a phone in WeChat: from a rep's link to the paid order, and what the eye would mind."""

import re
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import zxingcpp
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from catalog.models import Sku, Stock
from catalog.operations import SkuData, add_sku
from catalog.stock_by_hand import correct_stock, receive_stock
from org.models import Tier
from org.operations import create_node
from org.queries import node_by_code
from templates_msg.library import Listed, ask_for, note_library
from templates_msg.models import MessageKind
from tests.catalog.shelf import NOON
from tests.catalog.test_outlet_stock import lay
from tests.simulator.stage import Stage
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
from tests.storefront.records import credited
from wx_backend import clock
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser

JSSDK = """
window.wx = {
  config() {}, ready(done) { done(); }, updateAppMessageShareData() {}, updateTimelineShareData() {},
  openAddress(asked) {
    asked.success({ userName: "鲍勃", telNumber: "13800138000", provinceName: "广东省",
                    cityName: "广州市", countryName: "天河区", detailInfo: "中山路 1 号" });
  },
};
"""
OPEN_TAG = """
customElements.define("wx-open-subscribe", class extends HTMLElement {
  connectedCallback() {
    const template = [...this.querySelectorAll("script[type='text/wxtag-template']")].at(-1);
    this.attachShadow({ mode: "open" }).innerHTML = template.textContent;
    this.shadowRoot.querySelector("button").addEventListener("click", async () => {
      await window.agreeOnPopUp();
      this.dispatchEvent(new Event("success"));
    });
  }
});
"""
BRIDGE = """
window.WeixinJSBridge = {
  invoke: (name, values, done) => window.confirmOnSheet(values).then((result) => done(result)),
};
"""


@pytest.fixture
def open_mall(
    app: Flask, site: str, wechat: Stage, phone: Page, request: pytest.FixtureRequest
) -> Mall:
    """The mall at the browser's address, and Bob's phone with WeChat's bridge and pay sheet."""
    found: Mall = request.getfixturevalue("mall")
    settings = app.extensions["wx_config"]
    service = replace(settings.service, base_url=site)
    app.extensions["wx_config"] = replace(settings, service=service)
    app.config["SESSION_COOKIE_SECURE"] = False
    host = urlsplit(site).netloc
    wechat.control("PUT", f"/accounts/{settings.accounts[0].appid}", oauth_domain=host)
    phone.context.add_cookies([{"name": "sim_person", "value": "Bob", "url": wechat.base_url}])
    phone.context.route("https://res.wx.qq.com/**", lambda route: route.abort())

    def confirm(values: dict[str, Any]) -> dict[str, Any]:
        return wechat.act("Bob", "pay", **values)

    phone.expose_function("confirmOnSheet", confirm)
    phone.add_init_script(BRIDGE)
    return found


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_from_a_reps_link_to_a_paid_order(
    open_mall: Mall, site: str, phone: Page, run_jobs: Callable[[], None]
) -> None:
    phone.goto(site + open_mall.link(open_mall.alice_id))
    expect(phone.get_by_role("heading", name="爱丽丝")).to_be_visible()
    expect(phone).to_have_url(f"{site}/r/{open_mall.alice_number}")
    assert credited() == [open_mall.alice_id]

    phone.get_by_role("link", name="星河手机").click()
    phone.get_by_role("button", name="立即购买").click()
    phone.get_by_label("姓名").fill("鲍勃")
    phone.get_by_label("手机号").fill("123")
    phone.get_by_label("地区").fill("广东省 广州市 天河区")
    phone.get_by_label("详细地址").fill("中山路 1 号")
    phone.get_by_role("button", name="提交订单").click()
    expect(phone.get_by_role("status")).to_have_text("手机号格式不正确")
    assert not is_wider_than_the_screen(phone)

    phone.get_by_label("手机号").fill("13800138000")
    phone.get_by_role("button", name="提交订单").click()
    phone.get_by_role("button", name="微信支付").click()
    expect(phone.get_by_role("button", name="微信支付")).to_be_disabled()
    run_until(phone, run_jobs, "付款成功")
    expect(phone.get_by_text("下单前最后一次有效接触来自该销售人员的分享。")).to_be_visible()
    assert not is_wider_than_the_screen(phone)


def test_a_cart_is_filled_and_paid_in_five_taps_and_one_form(
    open_mall: Mall, site: str, phone: Page, run_jobs: Callable[[], None]
) -> None:
    errors: list[str] = []
    phone.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    phone.context.unroute("https://res.wx.qq.com/**")
    phone.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
    phone.goto(site + open_mall.link(open_mall.alice_id, open_mall.product))
    phone.get_by_role("button", name="加入购物车").click()
    phone.get_by_role("link", name="去结算").click()
    expect(phone.get_by_role("checkbox", name="星河手机")).to_be_checked()
    phone.get_by_role("button", name="去结算").click()
    for label, text in (
        ("姓名", "鲍勃"),
        ("手机号", "13800138000"),
        ("地区", "广东省 广州市 天河区"),
        ("详细地址", "中山路 1 号"),
    ):
        phone.get_by_label(label).fill(text)
    phone.get_by_role("button", name="提交订单").click()
    phone.get_by_role("button", name="微信支付").click()
    run_until(phone, run_jobs, "付款成功")
    phone.get_by_role("link", name="为什么是他").click()
    expect(phone.get_by_text("不影响您的价格")).to_be_visible()
    phone.goto(f"{site}/addresses")
    expect(phone.get_by_text("中山路 1 号")).to_be_visible()
    assert not is_wider_than_the_screen(phone)
    assert errors == []


def test_only_what_the_own_outlet_can_have_goes_in_the_cart(
    open_mall: Mall, site: str, phone: Page
) -> None:
    """White as usual, black at the neighbour's alone: the button follows what is chosen."""
    with transaction() as session:
        city = node_by_code("C")
        assert city
        other = create_node(tier=Tier.OUTLET, code="O2", name="北京路营业厅", parent_id=city.id)
        product_id = session.get_one(Sku, open_mall.wares.phone_id).product_id
        sku = add_sku(product_id=product_id, data=SkuData("白色 256G", 199_900), now=NOON)
        receive_stock(sku_id=sku.id, quantity=10, actor="staff:1", now=NOON)
        central = select(Stock.id).where(Stock.sku_id == open_mall.wares.phone_id)
        correct_stock(
            stock_id=session.scalars(central).one(), change=-20, actor="staff:1", now=NOON
        )
    lay(open_mall.wares.phone_id, other, 2)
    phone.goto(site + open_mall.link(open_mall.alice_id, open_mall.product))
    button = phone.get_by_role("button", name="加入购物车")
    expect(phone.get_by_label("白色 256G")).to_be_checked()
    expect(button).to_be_enabled()
    phone.get_by_label("黑色 256G").check()
    expect(button).to_be_disabled()
    expect(phone.get_by_text("北京路营业厅有 2 件")).to_be_visible()
    assert not is_wider_than_the_screen(phone)
    phone.get_by_label("白色 256G").check()
    button.click()
    expect(phone.get_by_role("link", name="去结算")).to_be_visible()
    expect(button).to_be_enabled()


def test_a_code_is_asked_for_until_the_phone_is_proven(
    app: Flask, open_mall: Mall, site: str, phone: Page, wechat: Stage
) -> None:
    settings = app.extensions["wx_config"]
    sms = replace(settings.sms, must_prove=True)
    app.extensions["wx_config"] = replace(settings, sms=sms)
    phone.goto(f"{site}/p/{open_mall.product}")
    phone.get_by_role("button", name="立即购买").click()
    for label, text in (("姓名", "鲍勃"), ("地区", "广东省 广州市"), ("详细地址", "中山路 1 号")):
        phone.get_by_label(label).fill(text)
    phone.get_by_label("手机号").fill("138 0013 8000")
    submit, code = phone.get_by_role("button", name="提交订单"), phone.get_by_label("验证码")
    submit.click()
    expect(phone.get_by_role("status")).to_have_text("请先验证手机号")
    expect(code).to_be_visible()
    phone.get_by_role("button", name="获取验证码").click()
    expect(phone.get_by_role("status")).to_contain_text("验证码已发送")
    sent = wechat.control("GET", "/sms?phone=13800138000")["sms"][-1]["text"]
    (digits,) = re.findall(r"\d{6}", sent)
    code.fill(f"{(int(digits) + 1) % 10**6:06d}")
    submit.click()
    expect(phone.get_by_role("status")).to_contain_text("验证码不正确")
    expect(code).to_be_visible()
    code.fill(digits)
    submit.click()
    expect(phone.get_by_role("button", name="微信支付")).to_be_visible()

    phone.goto(f"{site}/p/{open_mall.product}")
    phone.get_by_role("button", name="立即购买").click()
    expect(phone.get_by_label("手机号")).to_have_value("13800138000")
    expect(code).to_be_hidden()
    phone.get_by_label("手机号").fill("13900139000")
    phone.get_by_label("姓名").focus()
    expect(code).to_be_visible()


def test_wechats_address_picker_fills_the_form(open_mall: Mall, site: str, phone: Page) -> None:
    assert open_mall
    phone.context.unroute("https://res.wx.qq.com/**")
    phone.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK))
    phone.goto(f"{site}/addresses")
    phone.get_by_role("button", name="用微信地址").click()
    expect(phone.get_by_label("地区")).to_have_value("广东省 广州市 天河区")
    phone.get_by_role("button", name="保存地址").click()
    expect(phone.get_by_text("地址已保存")).to_be_visible()


def test_agreeing_to_notices_by_wechats_own_button(
    *,
    open_mall: Mall,
    app: Flask,
    site: str,
    served: str,
    wechat: Stage,
    phone: Page,
    run_jobs: Callable[[], None],
) -> None:
    assert open_mall
    assert served
    appid = app.extensions["wx_config"].accounts[0].appid
    content = "活动：{{thing1.DATA}}\n时间：{{time2.DATA}}"
    with transaction():
        listed = [Listed("SUB1", "活动提醒", content)]
        note_library(appid=appid, kind=MessageKind.SUBSCRIPTION, listed=listed, now=clock.now())
        ask_for(appid, "SUB1", is_asked=True)
    template = f"/accounts/{appid}/templates/SUB1"
    wechat.control("PUT", template, title="活动提醒", content=content, is_subscription=True)

    def agree() -> None:
        wechat.act("Bob", "consent", appid=appid, answers={"SUB1": "accept"})

    phone.expose_function("agreeOnPopUp", agree)
    phone.context.unroute("https://res.wx.qq.com/**")
    phone.context.route(
        "https://res.wx.qq.com/**", lambda route: route.fulfill(body=JSSDK + OPEN_TAG)
    )
    phone.goto(f"{site}/notices")
    expect(phone.get_by_text("未订阅")).to_be_visible()
    phone.get_by_role("button", name="同意接收通知").click()
    expect(phone.get_by_text("已记下您的选择")).to_be_visible()
    run_until(phone, run_jobs, "还可收到 1 条")
    assert not is_wider_than_the_screen(phone)


def run_until(phone: Page, run_jobs: Callable[[], None], text: str) -> None:
    """Let the service work while the page waits for the server's word."""
    for _ in range(20):
        run_jobs()
        phone.wait_for_timeout(300)
        if phone.get_by_text(text).is_visible():
            return
    raise AssertionError(f"the page never said {text}")


def test_a_link_is_passed_on_by_ones_own_share(open_mall: Mall, site: str, phone: Page) -> None:
    link = open_mall.link(open_mall.alice_id, open_mall.product)
    phone.goto(site + link)
    phone.get_by_role("button", name="转发").click()
    shown = phone.get_by_label("分享链接")
    expect(shown).to_be_visible()
    assert shown.input_value().startswith(f"{site}/s/S")
    assert shown.input_value() != site + link
    phone.get_by_role("button", name="关闭").click()
    expect(shown).to_be_hidden()


def test_wechats_own_menu_gets_a_card_of_the_page(open_mall: Mall, site: str, phone: Page) -> None:
    """What ··· in the corner passes on: the page's name and picture, under a link of the viewer's own."""
    handing = JSSDK.replace(
        "updateAppMessageShareData() {}, updateTimelineShareData() {}",
        "updateAppMessageShareData(card) { window.handed(card); },"
        " updateTimelineShareData(card) { window.handed(card); }",
    )
    cards: list[dict[str, str]] = []
    phone.expose_function("handed", lambda card: cards.append(card))  # noqa: PLW0108 - it has to have a signature
    phone.context.unroute("https://res.wx.qq.com/**")
    phone.context.route("https://res.wx.qq.com/**", lambda route: route.fulfill(body=handing))
    phone.goto(site + open_mall.link(open_mall.alice_id, open_mall.product))
    for _ in range(100):
        if len(cards) < 2:
            phone.wait_for_timeout(100)
    chat, moments = cards
    assert chat["title"] == moments["title"] == "星河手机"
    assert chat["imgUrl"].startswith(f"{site}/mall-assets/")
    links = {chat["link"], moments["link"]}
    assert len(links) == 2
    assert all(link.startswith(f"{site}/s/S") for link in links)


def to_the_checkout(phone: Page, site: str, shop: Mall) -> None:
    """From the product's page to a form that is filled in."""
    phone.goto(f"{site}/p/{shop.product}")
    phone.get_by_role("button", name="立即购买").click()
    for label, text in (
        ("姓名", "鲍勃"),
        ("手机号", "13800138000"),
        ("地区", "广东省 广州市 天河区"),
        ("详细地址", "中山路 1 号"),
    ):
        phone.get_by_label(label).fill(text)


def test_what_cannot_be_ordered_as_shown_says_so_and_leads_on(
    open_mall: Mall, site: str, phone: Page
) -> None:
    """While the form was filled in another price was set, then the last one sold."""
    to_the_checkout(phone, site, open_mall)
    with transaction():
        db.session.get_one(Sku, open_mall.wares.phone_id).price_fen = 188_800
    phone.get_by_role("button", name="提交订单").click()
    expect(phone.get_by_role("status")).to_contain_text("商品价格已变化")
    phone.get_by_role("link", name="查看新价格").click()
    expect(phone.get_by_text("1,888.00").first).to_be_visible()

    to_the_checkout(phone, site, open_mall)
    stock_id = db.session.scalars(select(Stock.id)).one()
    db.session.rollback()
    with transaction():
        correct_stock(stock_id=stock_id, change=-20, actor="staff:1", now=clock.now())
    phone.get_by_role("button", name="提交订单").click()
    expect(phone.get_by_role("status")).to_contain_text("库存不足")
    assert not is_wider_than_the_screen(phone)
    phone.get_by_role("link", name="重新选择").click()
    expect(phone.get_by_text("已售罄").first).to_be_visible()


def test_on_a_desktop_an_order_is_paid_by_scanning_the_screen(
    *,
    open_mall: Mall,
    site: str,
    phone: Page,
    desktop: Page,
    wechat: Stage,
    run_jobs: Callable[[], None],
) -> None:
    to_the_checkout(phone, site, open_mall)
    phone.get_by_role("button", name="提交订单").click()
    expect(phone.get_by_role("button", name="微信支付")).to_be_visible()
    desktop.context.add_cookies(phone.context.cookies())  # type: ignore[arg-type]  # as it gave them
    desktop.goto(phone.url)
    code = desktop.get_by_role("img", name="微信支付二维码")
    expect(code.locator("svg")).to_be_visible()
    assert not is_wider_than_the_screen(desktop)
    (seen,) = zxingcpp.read_barcodes(Image.open(BytesIO(code.screenshot())))
    assert wechat.act("Bob", "pay", code_url=seen.text)["err_msg"].endswith(":ok")
    run_until(desktop, run_jobs, "付款成功")
    assert len(wechat.facts("payment")) == 1


def test_the_dark_theme_paints_the_whole_page(open_mall: Mall, site: str, phone: Page) -> None:
    phone.emulate_media(color_scheme="dark")
    phone.goto(f"{site}/p/{open_mall.product}")
    background = phone.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == "rgb(17, 17, 17)"
    assert not is_wider_than_the_screen(phone)


def test_outside_wechat_a_members_page_shows_a_code(
    open_mall: Mall, site: str, desktop: Page
) -> None:
    assert open_mall
    desktop.goto(f"{site}/orders")
    expect(desktop.get_by_role("heading", name="请在微信中打开")).to_be_visible()
    assert not is_wider_than_the_screen(desktop)
