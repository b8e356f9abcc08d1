"""The pretend WeChat's phone in a real browser: choose a person, talk, scan, post, pay."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import Page, expect

from simulator.api.qrcodes import picture
from tests.browser.test_mall import is_wider_than_the_screen, run_until
from tests.simulator.conftest import platform, receiver, stage  # noqa: F401 - fixtures
from tests.simulator.receiver import Answer, Received, Receiver
from tests.simulator.stage import SHOP, Stage
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
from wx_backend.config import Mode

pytestmark = pytest.mark.browser

WELCOME = '欢迎，<a href="https://shop.example/r/1">进入展厅</a>'


@pytest.fixture
def shop(stage: Stage, receiver: Receiver) -> Stage:  # noqa: F811 - fixtures
    """A platform whose shop answers everything with a welcome, and has a menu."""
    stage.control(
        "PUT", f"/accounts/{SHOP}", mode="plaintext", name="城市营业厅", gh_id="gh_shop000001"
    )
    receiver.answer = welcome
    service = [{"name": "我的订单", "type": "view", "url": "https://shop.example/orders"}]
    click = {"name": "联系我", "type": "click", "key": "CALL"}
    stage.call("/cgi-bin/menu/create", button=[click, {"name": "服务", "sub_button": service}])
    return stage


def welcome(push: Received) -> Answer:
    """What the shop replies to any push."""
    found = re.search(rb"<FromUserName>(?:<!\[CDATA\[)?([\w-]+)", push.body)
    assert found
    return 200, (
        f"<xml><ToUserName>{found[1].decode()}</ToUserName>"
        "<FromUserName>gh_shop000001</FromUserName><CreateTime>1</CreateTime>"
        f"<MsgType>text</MsgType><Content><![CDATA[{WELCOME}]]></Content></xml>"
    ).encode()


def poster(stage: Stage) -> bytes:  # noqa: F811 - not the fixture but its type
    """A tall picture with the shop's permanent code on it."""
    info = {"scene": {"scene_str": "alice"}}
    made = stage.call("/cgi-bin/qrcode/create", action_name="QR_LIMIT_STR_SCENE", action_info=info)
    sheet = Image.new("RGB", (1440, 2560), "#d8462b")
    with Image.open(io.BytesIO(picture(made["url"]))) as code:
        sheet.paste(code.convert("RGB").resize((500, 500)), (470, 1900))
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def choose(page: Page, stage: Stage, person: str) -> None:  # noqa: F811 - not the fixture
    page.goto(f"{stage.base_url}/phone#/people")
    page.get_by_role("button", name=person).click()
    expect(page.get_by_role("heading", name="微信", exact=True)).to_be_visible()


def test_alice_says_a_word_and_reads_the_answer(phone: Page, shop: Stage) -> None:
    shop.act("Alice", "follow", appid=SHOP)
    choose(phone, shop, "Alice")
    phone.get_by_role("link", name="城市营业厅").click()
    phone.get_by_role("button", name="切换到键盘").click()
    phone.get_by_label("发消息").fill("在吗<b>")
    phone.get_by_role("button", name="发送").click()
    expect(phone.get_by_text("在吗<b>")).to_be_visible()
    links = phone.get_by_role("link", name="进入展厅")
    expect(links).to_have_count(2)
    expect(links.last).to_have_attribute("href", "https://shop.example/r/1")
    expect(links.last).to_have_attribute("target", "_blank")
    assert not is_wider_than_the_screen(phone)


def test_the_menu_is_tapped(phone: Page, shop: Stage) -> None:
    shop.act("Alice", "follow", appid=SHOP)
    choose(phone, shop, "Alice")
    phone.get_by_role("link", name="城市营业厅").click()
    phone.get_by_role("button", name="联系我").click()
    expect(phone.get_by_role("link", name="进入展厅")).to_have_count(2)
    phone.get_by_role("button", name="服务").click()
    page_link = phone.get_by_role("link", name="我的订单")
    expect(page_link).to_have_attribute("href", "https://shop.example/orders")
    assert [fact["name"] for fact in shop.facts("push.sent")] == ["subscribe", "CLICK"]


def test_a_message_arrives_by_itself(phone: Page, shop: Stage) -> None:
    bob = shop.act("Bob", "follow", appid=SHOP)["openid"]
    choose(phone, shop, "Bob")
    text = {"content": "您的号码已为您留好"}
    shop.call("/cgi-bin/message/custom/send", touser=bob, msgtype="text", text=text)
    expect(phone.get_by_text("您的号码已为您留好")).to_be_visible()


def test_a_poster_is_scanned_from_its_pixels(phone: Page, shop: Stage, tmp_path: Path) -> None:
    choose(phone, shop, "Bob")
    phone.get_by_role("link", name="扫一张海报").click()
    (tmp_path / "poster.png").write_bytes(poster(shop))
    phone.get_by_label("从相册选取图片").set_input_files(tmp_path / "poster.png")
    phone.get_by_role("button", name="关注公众号").click()
    expect(phone.get_by_role("link", name="进入展厅")).to_be_visible()
    bob = next(one for one in shop.control("GET", "/people")["people"] if one["name"] == "Bob")
    assert bob["contacts"][0]["qr_scene_str"] == "alice"


def test_a_picture_without_a_code_says_so(phone: Page, shop: Stage, tmp_path: Path) -> None:
    choose(phone, shop, "Bob")
    Image.new("RGB", (40, 40), "white").save(tmp_path / "blank.png")
    phone.goto(f"{shop.base_url}/phone#/scan")
    phone.get_by_label("从相册选取图片").set_input_files(tmp_path / "blank.png")
    expect(phone.get_by_text("没有识别到二维码")).to_be_visible()


def test_bob_scans_what_alice_posted_in_moments(desktop: Page, shop: Stage, tmp_path: Path) -> None:
    (tmp_path / "poster.png").write_bytes(poster(shop))
    desktop.goto(f"{shop.base_url}/phone")
    people = desktop.get_by_role("complementary", name="谁在用手机")
    people.get_by_role("button", name="Alice").click()
    expect(people.get_by_text("正在用手机")).to_be_visible()
    desktop.goto(f"{shop.base_url}/phone#/post")
    desktop.get_by_label("这一刻的想法").fill("晚上也能下单")
    desktop.get_by_label("选择图片").set_input_files(tmp_path / "poster.png")
    desktop.get_by_role("button", name="发表").click()
    expect(desktop.get_by_text("晚上也能下单")).to_be_visible()

    people.get_by_role("button", name="Bob").click()
    expect(desktop.get_by_text("还没有聊天")).to_be_visible()
    desktop.goto(f"{shop.base_url}/phone#/moments")
    posted = desktop.get_by_role("button", name="查看图片")
    posted.click(button="right")
    desktop.get_by_role("button", name="识别图中二维码").click()
    desktop.get_by_role("button", name="关注公众号").click()
    expect(desktop.get_by_role("link", name="进入展厅")).to_be_visible()
    assert not is_wider_than_the_screen(desktop)


def test_a_poster_is_passed_on_from_friend_to_friend(
    phone: Page, shop: Stage, tmp_path: Path
) -> None:
    (tmp_path / "poster.png").write_bytes(poster(shop))
    choose(phone, shop, "Alice")
    phone.goto(f"{shop.base_url}/phone#/chat/@Bob")
    phone.locator("input[type=file]").set_input_files(tmp_path / "poster.png")
    expect(phone.get_by_role("button", name="查看图片")).to_be_visible()
    choose(phone, shop, "Bob")
    phone.get_by_role("link", name="Alice").click()
    phone.get_by_role("button", name="查看图片").click()
    phone.get_by_role("button", name="识别二维码").click()
    phone.get_by_role("button", name="关注公众号").click()
    expect(phone.get_by_role("link", name="进入展厅")).to_be_visible()


def test_a_new_person_gets_the_phone(desktop: Page, shop: Stage) -> None:
    desktop.goto(f"{shop.base_url}/phone")
    people = desktop.get_by_role("complementary", name="谁在用手机")
    people.get_by_role("button", name="新建一个人").click()
    desktop.get_by_label("名字").fill("黛西")
    desktop.get_by_label("手机号").fill("13800000077")
    desktop.get_by_role("button", name="把手机给他").click()
    mine = people.get_by_role("button", name="黛西")
    expect(mine).to_have_attribute("aria-pressed", "true")
    known = {one["name"]: one["phone"] for one in shop.control("GET", "/people")["people"]}
    assert known["黛西"] == "13800000077"


@pytest.fixture
def demo_mall(app: Flask, site: str, wechat: Stage, request: pytest.FixtureRequest) -> Mall:
    """The mall as a demo shows it to an ordinary browser, at the browser's address."""
    found: Mall = request.getfixturevalue("mall")
    settings = app.extensions["wx_config"]
    service = replace(settings.service, base_url=site, mode=Mode.DEMO)
    app.extensions["wx_config"] = replace(settings, service=service)
    app.config["SESSION_COOKIE_SECURE"] = False
    host = urlsplit(site).netloc
    wechat.control("PUT", f"/accounts/{settings.accounts[0].appid}", oauth_domain=host)
    return found


def test_the_mall_is_paid_on_the_pretend_sheet(
    demo_mall: Mall, site: str, wechat: Stage, desktop: Page, run_jobs: Callable[[], None]
) -> None:
    choose(desktop, wechat, "Bob")
    desktop.goto(f"{site}/p/{demo_mall.product}")
    desktop.get_by_role("button", name="立即购买").click()
    desktop.get_by_label("姓名").fill("鲍勃")
    desktop.get_by_label("手机号").fill("13800138000")
    desktop.get_by_label("地区").fill("广东省 广州市 天河区")
    desktop.get_by_label("详细地址").fill("中山路 1 号")
    desktop.get_by_role("button", name="提交订单").click()
    desktop.get_by_role("button", name="微信支付").click()
    desktop.get_by_role("link", name="取消").click()
    expect(desktop.get_by_role("status")).to_have_text("您已取消支付")

    desktop.get_by_role("button", name="微信支付").click()
    expect(desktop.get_by_role("button", name="确认支付")).to_be_visible()
    expect(desktop.get_by_text("星河手机")).to_be_visible()
    assert not is_wider_than_the_screen(desktop)
    desktop.get_by_role("button", name="确认支付").click()
    expect(desktop.get_by_role("heading", name="支付成功")).to_be_visible()
    desktop.get_by_role("link", name="完成").click()
    run_until(desktop, run_jobs, "付款成功")
    assert len(wechat.facts("payment")) == 1


def test_the_mall_greets_whoever_holds_the_phone(
    demo_mall: Mall, site: str, wechat: Stage, desktop: Page
) -> None:
    assert demo_mall
    sessions = set()
    for person in ("Bob", "Erin", "Bob"):
        choose(desktop, wechat, person)
        desktop.goto(f"{site}/orders")
        expect(desktop).to_have_url(re.compile(rf"{re.escape(site)}/orders"))
        sessions.add(codes(wechat))
    assert len(sessions) == 2


def codes(wechat: Stage) -> int:
    """How many times somebody signed in by WeChat so far."""
    return sum(fact["path"] == "/sns/oauth2/access_token" for fact in wechat.facts("api.call"))
