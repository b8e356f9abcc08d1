"""A buyer gives back what arrived, on his phone."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import PHONE, WECHAT_AGENT, fresh_page
from tests.browser.looking import Look
from tests.browser.test_pages_of_mall import here, settle
from tests.simulator.stage import Stage
from tests.storefront.conftest import config, keys, mall, phone_of
from tests.storefront.mall import Mall
from tests.storefront.phone import Phone
from tests.storefront.test_arrival import form, paid, send
from tests.storefront.test_orders import bob
from tests.storefront.test_returns import answer

__all__ = ["bob", "config", "here", "keys", "mall", "phone_of"]
pytestmark = pytest.mark.browser


def test_he_asks_thinks_better_of_it_asks_again_and_is_answered(
    browser: Browser, here: str, mall: Mall, bob: Phone, wechat: Stage
) -> None:
    number = paid(bob, mall, wechat)
    send()
    assert form(bob, f"/orders/{number}/sign").status_code == 302
    with fresh_page(browser, PHONE, user_agent=WECHAT_AGENT) as page:
        settle(page, wechat)
        look = Look(page, "mall", "phone")
        page.goto(f"{here}/orders/{number}")
        page.get_by_text("申请退货", exact=True).click()
        page.get_by_label("退货原因").select_option("商品有质量问题")
        look.here("orders.show-giving-back")
        page.get_by_role("button", name="提交退货申请").click()
        expect(page.get_by_text("等待营业厅审核")).to_be_visible()
        page.get_by_role("button", name="撤回申请").click()
        expect(page.get_by_text("您已撤回退货申请")).to_be_visible()
        page.get_by_text("申请退货", exact=True).last.click()
        page.get_by_role("button", name="提交退货申请").click()
        expect(page.get_by_text("等待营业厅审核")).to_be_visible()
        answer(mall, is_agreed=True)
        page.reload()
        expect(page.get_by_text("请寄回商品或带到营业厅")).to_be_visible()
        look.here("orders.show-coming-back")
        look.end()
