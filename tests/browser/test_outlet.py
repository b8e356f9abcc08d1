"""An outlet on a phone: five orders worked off with camera and taps, and a sale between two phones."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import select

from flows.counter import link_of
from fulfilment.models import Evidence, Serial, Task, TaskStatus
from fulfilment.nodes import Node
from orders.counter_models import CounterOffer
from orders.models import Delivery, Fulfilment, OrderLine
from org.invites import bind_rep
from org.queries import rep_card
from tests.browser.conftest import PHONE, WECHAT_AGENT, fresh_page
from tests.browser.test_terminal import cookie
from tests.console.world import Person, World, known, make_world, pay
from tests.org.cast import hire
from tests.serving import announce
from tests.simulator.stage import Stage
from tests.terminal.desk import ADDRESS, code_of, ordered, photo, task_of
from wx_backend import clock
from wx_backend.db import db, transaction

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("SHOTS", "")
IMEIS = ("490154203237518", "356938035643809", "352099001761481")
WX = """
window.wx = {
  config: (values) => { window.signedFor = values; setTimeout(() => window.wxReady(), 0); },
  ready: (done) => { window.wxReady = done; },
  error: () => {},
  scanQRCode: (asked) => window.camera(asked.scanType.join()).then((text) => (
    text ? asked.success({ resultStr: text }) : asked.cancel())),
};
"""


class Camera:
    """What the phone sees next; nothing means that its owner closed it."""

    sees = ""

    def look(self, kinds: str) -> str:
        assert kinds == "barCode,qrCode"
        return self.sees


@pytest.fixture
def world(app: Flask, wechat: Stage, site: str) -> World:
    settings = app.extensions["wx_config"]
    announce(wechat, settings, settings.service.base_url)
    app.extensions["wx_config"] = replace(
        settings, service=replace(settings.service, base_url=site)
    )
    app.config["SESSION_COOKIE_SECURE"] = False
    return make_world()


@pytest.fixture
def camera() -> Camera:
    return Camera()


@pytest.fixture
def carol_id(world: World) -> int:
    return hire(world.tree.hall, "卡罗尔")


@pytest.fixture
def carol(app: Flask, phone: Page, site: str, carol_id: int, camera: Camera) -> Page:
    """Her phone in WeChat, bound, with a camera."""
    person = known("Carol")
    with transaction():
        bind_rep(rep_id=carol_id, member_id=person.member_id, now=clock.now())
    phone.context.add_cookies([{"name": "wx_session", "value": cookie(app, person), "url": site}])
    phone.context.route("https://res.wx.qq.com/**", _empty)
    phone.expose_function("camera", camera.look)
    phone.add_init_script(WX)
    return phone


@pytest.fixture
def customer(app: Flask, browser: Browser, site: str, world: World) -> Iterator[Page]:
    """Bob's own phone."""
    with fresh_page(
        browser, PHONE, user_agent=WECHAT_AGENT, has_touch=True, is_mobile=True
    ) as page:
        page.context.route("https://res.wx.qq.com/**", _empty)
        value = cookie(app, world.bob)
        page.context.add_cookies([{"name": "wx_session", "value": value, "url": site}])
        yield page


def test_an_outlet_works_off_five_orders(
    carol: Page, site: str, world: World, camera: Camera, tmp_path: Path
) -> None:
    fetched = [ordered(world, _buyer(n), key=f"pickup-{n}") for n in range(2)]
    sent = ordered(world, world.bob, key="courier-2", delivery=Delivery.COURIER)
    broken = ordered(world, _buyer(3), key="pickup-3")
    late = ordered(world, _buyer(4), key="pickup-4")
    _let_it_be_late(late)

    carol.goto(f"{site}/terminal/tasks")
    first = carol.locator(".task").first
    expect(first).to_contain_text("逾期")
    expect(first).to_have_class(re.compile("overdue"))
    _shot(carol, "list")
    assert _fits(carol)

    for order_id, imei in zip([late, *fetched], IMEIS, strict=True):
        _pack(carol, site, camera, order_id, imei)
    _pack_by_typing(carol, site, camera, sent, "358240051111110")
    _hand_over(carol, site, camera, sent)
    for order_id in (late, *fetched):
        _hand_out(carol, site, camera, order_id)
    _report(carol, site, broken, tmp_path)

    carol.goto(f"{site}/terminal/tasks")
    expect(carol.locator(".task")).to_have_count(3)  # the broken one, the parcel, Alice's own
    _shot(carol, "list-after")
    for order_id in (late, *fetched):
        assert task_of(order_id, Node.SIGNED).status == TaskStatus.DONE
    db.session.rollback()
    assert set(db.session.scalars(select(Serial.value))) == {*IMEIS, "358240051111110"}
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == sent)).one()
    assert line.fulfilment == Fulfilment.SENT
    task = task_of(broken, Node.PACKED)
    assert task.problem == "商品破损：屏幕有划痕"
    assert db.session.scalars(
        select(Evidence.picture).where(Evidence.task_id == task.id, Evidence.picture.is_not(None))
    ).one()


def test_a_sale_at_the_counter_takes_two_phones(
    carol: Page, customer: Page, site: str, world: World, carol_id: int
) -> None:
    carol.goto(f"{site}/terminal/tasks")
    carol.get_by_role("link", name="柜台开单").click()
    carol.get_by_role("link", name="新开一单").click()
    carol.locator(f'input[value="{world.wares.phone}"]').check()
    _shot(carol, "counter-new")
    carol.get_by_role("button", name="生成开单码").click()
    expect(carol.get_by_role("status")).to_have_text("等客户扫码")
    expect(carol.locator(".qr svg")).to_be_visible()
    _shot(carol, "counter-code")
    assert _fits(carol)

    customer.goto(_link())
    expect(customer.get_by_text("爱丽丝（天河营业厅）")).to_be_visible()
    expect(customer.get_by_text("卡罗尔（天河营业厅）")).to_be_visible()
    _shot(customer, "counter-confirm")
    assert _fits(customer)
    expect(carol.get_by_role("status")).to_have_text("客户已打开")
    customer.get_by_role("button", name="确认无误，去下单").click()
    customer.get_by_label("姓名").fill("鲍勃")
    customer.get_by_label("手机号").fill("13800138000")
    customer.get_by_label("地区").fill("广东省 广州市 天河区")
    customer.get_by_label("详细地址").fill("中山路 1 号")
    _shot(customer, "counter-checkout")
    customer.get_by_role("button", name="提交订单").click()
    expect(customer.get_by_role("button", name="微信支付")).to_be_visible()
    expect(carol.get_by_role("status")).to_have_text("已下单，待付款")

    db.session.rollback()
    offer = db.session.scalars(select(CounterOffer)).one()
    assert offer.order_id is not None
    pay(offer.order_id)
    expect(carol.get_by_role("status")).to_have_text("已付款")
    db.session.rollback()
    line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == offer.order_id)).one()
    assert line.acceptor_rep_id == carol_id
    assert rep_card(line.developer_rep_id or 0).name in ("爱丽丝", "卡罗尔")


def _pack(carol: Page, site: str, camera: Camera, order_id: int, imei: str) -> None:
    """Take it, tick the list, scan the unit, close."""
    _take(carol, site, order_id)
    camera.sees = f"CODE_128,{imei}"
    carol.get_by_role("button", name="扫一扫").click()
    expect(carol.get_by_role("status")).to_have_text(f"已录入串码 {imei}")
    _shot(carol, "task-packed")
    carol.get_by_role("button", name="完成封装").click()
    expect(carol.get_by_role("status")).to_have_text("封装完成")


def _pack_by_typing(carol: Page, site: str, camera: Camera, order_id: int, imei: str) -> None:
    """The camera is closed; the number is typed, wrongly first."""
    _take(carol, site, order_id)
    camera.sees = ""
    carol.get_by_role("button", name="扫一扫").click()
    expect(carol.get_by_role("alert")).to_have_text("已取消扫码，可手工输入")
    for typed, said in (("12345", "串码不正确，请重新扫描"), (imei, f"已录入串码 {imei}")):
        carol.get_by_label("扫码或手工输入").fill(typed)
        carol.get_by_role("button", name="录入").click()
        expect(carol.get_by_text(said)).to_be_visible()
    carol.get_by_role("button", name="完成封装").click()
    expect(carol.get_by_role("status")).to_have_text("封装完成")


def _take(carol: Page, site: str, order_id: int) -> None:
    carol.goto(f"{site}/terminal/tasks/{task_of(order_id, Node.PACKED).id}")
    carol.get_by_role("button", name="接单").click()
    expect(carol.get_by_role("status")).to_have_text("已接单，请开始处理")
    assert _fits(carol)
    for words in ("订单与商品、数量一致", "外观完好，配件齐全", "封装完好，附凭证"):
        carol.get_by_role("button", name=words).click()
        expect(carol.get_by_role("button", name=words)).to_be_disabled()
    _shot(carol, "task-ticked")


def _hand_over(carol: Page, site: str, camera: Camera, order_id: int) -> None:
    carol.goto(f"{site}/terminal/tasks/{task_of(order_id, Node.HANDED_OVER).id}")
    carol.get_by_role("button", name="接单").click()
    carol.get_by_role("button", name="查看收货信息").click()
    label = carol.locator("#label")
    expect(label).to_have_text(f"鲍勃 13800138000 {ADDRESS['region']} {ADDRESS['street']}")
    carol.get_by_role("button", name="复制收货信息").click()
    expect(
        carol.get_by_role("button", name="已复制").or_(carol.get_by_role("button", name="已选中"))
    ).to_be_visible()
    _shot(carol, "task-label")
    assert _fits(carol)
    camera.sees = "CODE_128,SF1234567890"
    carol.get_by_role("button", name="扫描运单").click()
    expect(carol.get_by_label("运单号")).to_have_value("SF1234567890")
    _shot(carol, "task-carrier")
    carol.get_by_role("button", name="确认交接").click()
    expect(carol.get_by_role("status")).to_contain_text("已交给承运商")


def _hand_out(carol: Page, site: str, camera: Camera, order_id: int) -> None:
    carol.goto(f"{site}/terminal/pickup")
    camera.sees = code_of(order_id)
    carol.get_by_role("button", name="扫一扫").click()
    expect(carol.get_by_text("请核对后交付")).to_be_visible()
    expect(carol.get_by_text("取货人 鲍勃，手机尾号 8000")).to_be_visible()
    _shot(carol, "pickup")
    carol.get_by_role("button", name="已核对，交付").dblclick()
    expect(carol.get_by_role("status")).to_contain_text("已交付")


def _report(carol: Page, site: str, order_id: int, folder: Path) -> None:
    taken = folder / "photo.png"
    taken.write_bytes(photo(size=(800, 600)))
    carol.goto(f"{site}/terminal/tasks/{task_of(order_id, Node.PACKED).id}")
    carol.get_by_text("办不了，上报异常").click()
    carol.get_by_label("原因").select_option("商品破损")
    carol.get_by_label("说明（选填）").fill("屏幕有划痕")
    carol.get_by_label("照片（选填）").set_input_files(taken)
    carol.get_by_role("button", name="上报").click()
    expect(carol.get_by_role("status")).to_contain_text("异常已上报")
    picture = carol.get_by_alt_text("异常照片")
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.naturalWidth") == 800
    _shot(carol, "problem")


def _buyer(n: int) -> Person:
    return known(f"Buyer{n}")


def _let_it_be_late(order_id: int) -> None:
    task_id = task_of(order_id, Node.PACKED).id
    with transaction():
        db.session.get_one(Task, task_id).due_at = clock.now().replace(year=2026, month=11, day=1)


def _link() -> str:
    db.session.rollback()
    return link_of(db.session.scalars(select(CounterOffer)).one())


def _fits(page: Page) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > innerWidth")


def _shot(page: Page, name: str) -> None:
    """Keep a picture for the eye, where one is asked for."""
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def _empty(route: Route) -> None:
    route.fulfill(body="", content_type="text/javascript")
