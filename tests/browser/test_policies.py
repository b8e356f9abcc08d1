"""The attribution policy is changed by two persons at their screens, on a desktop and on a phone."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, expect

from org.models import Role
from referral.values import TouchKind
from tests.browser.conftest import DESKTOP, PHONE, fresh_page
from tests.browser.looking import Look
from tests.browser.office import hand_over, hire_staff, sign_in
from tests.console.policies import typed
from tests.console.world import buy, known, make_world, share, touch
from wx_backend import clock

pytestmark = pytest.mark.browser
SIZES = {"desktop": DESKTOP, "phone": PHONE}


@pytest.mark.parametrize("size", SIZES)
def test_one_writes_and_another_agrees(app: Flask, browser: Browser, site: str, size: str) -> None:
    assert app
    world, dora = make_world(), known("Dora")
    touch(dora, share(world.alice_id), kind=TouchKind.SUBSCRIBE, ago=timedelta(days=10))
    touch(dora, share(world.nils_id), kind=TouchKind.SCAN, ago=timedelta(hours=9))
    buy(dora, world.wares, world.tree.hall)
    hire_staff("chief", "总监", Role.MANAGER, world.tree.group)
    with fresh_page(browser, SIZES[size]) as page:
        look = Look(page, "console", size)
        sign_in(page, site, "root")
        page.goto(f"{site}/console/policies")
        page.get_by_role("link", name="起草新版本").click()
        page.get_by_label("保护期（天，0 为不设）").fill("40")
        page.get_by_label("渠道类别").first.select_option("partner")
        page.get_by_label("有效期（天）").nth(1).fill("60")
        page.get_by_label("生效时间").fill(typed(clock.now() + timedelta(days=1)))
        page.get_by_label("原因").fill("延长保护期")
        page.get_by_label("原因").press("Enter")
        expect(page.get_by_text("保护期不能长于有效期")).to_be_visible()
        expect(page.get_by_label("有效期（天）").nth(1)).to_have_value("60")
        look.here("policies.wrong")
        page.get_by_label("保护期（天，0 为不设）").fill("14")
        page.get_by_role("button", name="提交审批").click()
        expect(page.get_by_text("由您起草，须由另一位同事审批")).to_be_visible()
        draft = page.url
        hand_over(page, site, "chief")
        page.goto(draft)
        expect(page.get_by_text("尼尔斯 100%")).to_be_visible()
        look.here("policies.decide")
        page.get_by_label("审批意见").fill("已与省公司核对")
        page.get_by_role("button", name="通过").click()
        expect(page.get_by_text("起生效")).to_be_visible()
        page.goto(f"{site}/console/policies")
        expect(page.get_by_text("待生效")).to_be_visible()
        look.here("policies.coming")
        page.get_by_role("link", name="起草新版本").click()
        expect(page.get_by_text("以第 2 版为基础")).to_be_visible()
        look.here("policies.after")
        page.get_by_label("有效期（天）").first.fill("45")
        page.get_by_label("生效时间").fill(typed(clock.now() + timedelta(hours=12)))
        page.get_by_label("原因").fill("先行放宽")
        page.get_by_role("button", name="提交审批").click()
        expect(page.get_by_text("由已通过的另一版本接替")).to_be_visible()
        sooner = page.url
        hand_over(page, site, "root")
        page.goto(sooner)
        expect(page.get_by_text("止下的订单按草案判定")).to_be_visible()
        look.here("policies.until")
        page.goto(f"{site}/console/policies")
        page.get_by_text("取消这一版").click()
        page.get_by_label("取消原因").fill("与省公司口径不符")
        look.here("policies.calling_off")
        page.get_by_role("button", name="确认取消").click()
        expect(page.get_by_text("已取消第 2 版")).to_be_visible()
        expect(page.get_by_text("待生效")).to_be_hidden()
        page.get_by_text("原定").click()
        look.here("policies.called_off")
        page.goto(draft)
        expect(page.get_by_text("与省公司口径不符")).to_be_visible()
        look.here("policies.never")
        assert not look.wrong, look.wrong  # the form that was refused is no fault
