"""Every page of the pretend WeChat's phone, on a phone and on a desktop, light and dark."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE, fresh_page
from tests.browser.looking import Look
from tests.browser.test_phone import choose, shop
from tests.simulator.conftest import platform, receiver, stage
from tests.simulator.stage import SHOP, Stage

__all__ = ["platform", "receiver", "shop", "stage"]
pytestmark = pytest.mark.browser
SIZES = {"phone": PHONE, "desktop": DESKTOP}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("size", SIZES)
def test_every_page(browser: Browser, shop: Stage, size: str) -> None:
    shop.act("Alice", "follow", appid=SHOP)
    with fresh_page(browser, SIZES[size]) as page:
        look = Look(page, "wechat", size)
        look.at("people", f"{shop.base_url}/phone#/people")
        choose(page, shop, "Alice")
        look.here("chats")
        for name, path, words in (
            ("chat", f"chat/{SHOP}", "城市营业厅"),
            ("account", f"account/{SHOP}", "城市营业厅"),
            ("contacts", "contacts", "通讯录"),
            ("friend", "chat/@Bob", "还没有消息"),
            ("discover", "discover", "发现"),
            ("moments", "moments", "朋友圈"),
            ("post", "post", "发表"),
            ("scan", "scan", "扫一扫"),
            ("me", "me", "我"),
        ):
            page.goto(f"{shop.base_url}/phone#/{path}")
            expect(page.get_by_text(words).first).to_be_visible()
            look.here(name)
        look.end()
