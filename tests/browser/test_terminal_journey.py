"""A rep's day on the phone: poster in one tap, income in one tap, a share sent and its result seen."""

from base64 import b64encode
from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import select

from referral.models import Share, Touch
from tests.browser.office import faults_of, fits
from tests.browser.test_terminal import alice, world  # noqa: F401 - fixtures
from tests.console.world import APPID, World
from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend.db import db

pytestmark = pytest.mark.browser

Work = Callable[[], None]


def test_poster_and_income_are_one_tap_away(
    alice: Page,  # noqa: F811 - a fixture
    site: str,
    run_jobs: Work,
) -> None:
    faults = faults_of(alice)
    alice.goto(f"{site}/terminal/")
    bar = alice.get_by_role("navigation", name="主导航")
    bar.get_by_role("link", name="海报").click()
    expect(alice.get_by_text("正在生成海报")).to_be_visible()
    run_jobs()
    expect(alice.get_by_alt_text("我的海报")).to_be_visible()
    bar.get_by_role("link", name="首页").click()
    bar.get_by_role("link", name="收入").click()
    expect(alice.get_by_role("heading", name="我的收入")).to_be_visible()
    expect(alice.get_by_text("累计 99.95 − 扣回 0.00")).to_be_visible()
    alice.get_by_text("+99.95").click()
    expect(alice.get_by_role("heading", name="为什么归我")).to_be_visible()
    assert faults() == []


def test_a_share_for_moments_brings_a_customer_and_shows_him(
    app: Flask,
    alice: Page,  # noqa: F811 - a fixture
    world: World,  # noqa: F811 - a fixture
    wechat: Stage,
    site: str,
    run_jobs: Work,
) -> None:
    announce(wechat, app.extensions["wx_config"], site)
    wechat.control("PUT", "/people/Dave")
    alice.context.grant_permissions(["clipboard-read", "clipboard-write"])
    faults = faults_of(alice)
    alice.goto(f"{site}/terminal/")
    alice.get_by_role("link", name="去分享").click()
    alice.get_by_role("link", name="朋友圈").click()
    alice.get_by_role("button", name="我的展厅").click()
    expect(alice.get_by_text("正在生成图片")).to_be_visible()
    alice.get_by_role("button", name="复制文字").click()
    expect(alice.get_by_text("已复制")).to_be_visible()
    assert "爱丽丝为您服务" in alice.evaluate("navigator.clipboard.readText()")
    run_jobs()
    picture = alice.get_by_alt_text("分享图片")
    expect(picture).to_be_visible()
    jpeg = alice.request.get(f"{site}{picture.get_attribute('src')}").body()

    wechat.act("Dave", "scan", appid=APPID, image=b64encode(jpeg).decode())
    wechat.settle()
    run_jobs()
    db.session.rollback()
    share = db.session.scalars(
        select(Share).where(Share.place == "moments", Share.rep_id == world.alice_id)
    ).one()
    touch = db.session.scalars(select(Touch).where(Touch.share_id == share.id)).one()
    assert touch.kind == "subscribe"
    (told,) = wechat.facts("push.sent")
    assert told["fields"]["EventKey"] == f"qrscene_{touch.scene}"
    assert len(wechat.facts("code.created")) == 1
    identity_id = touch.identity_id
    db.session.rollback()

    alice.goto(f"{site}/terminal/shares")
    mine = alice.get_by_role("link", name="我的展厅").filter(has_text="朋友圈")
    expect(mine).to_contain_text("1关注")
    alice.goto(f"{site}/terminal/feed")
    expect(alice.get_by_text("关注了公众号").first).to_be_visible()
    alice.goto(f"{site}/terminal/customers/{identity_id}")
    alice.get_by_label("备注").fill("朋友圈来的小戴")
    alice.get_by_role("button", name="保存备注").click()
    expect(alice.get_by_role("heading", name="朋友圈来的小戴")).to_be_visible()
    assert fits(alice)
    assert faults() == []
