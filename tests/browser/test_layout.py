"""Nothing jumps when pictures come late: every one of them has its place before it is there."""

import time

import pytest
from playwright.sync_api import Page, Route, expect

from catalog.models import Product, Sku
from catalog.showing import Picture, Showing
from tests.browser.test_mall import open_mall
from tests.catalog.slots import put_up
from tests.storefront.conftest import config, keys, mall
from tests.storefront.mall import Mall
from wx_backend.db import db, transaction

__all__ = ["config", "keys", "mall", "open_mall"]
pytestmark = pytest.mark.browser
PICTURE = "/mall-assets/mark.png"
_WATCH = """
window.shifts = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) {
    window.shifts.push([each.value, each.sources.map((source) => source.node?.outerHTML?.slice(0, 80))]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


def illustrate(shop: Mall) -> None:
    """The phone gets a picture on its card and an album, the outlet two campaign slots."""
    with transaction():
        sku = db.session.get_one(Sku, shop.wares.phone_id)
        product = db.session.get_one(Product, sku.product_id)
        product.picture = PICTURE
        product.showing = Showing(album=[Picture(PICTURE, 300, 300)] * 3).as_json()
    for title in ("一", "二"):
        put_up(shop.outlet_id, title)


def test_late_pictures_move_nothing(open_mall: Mall, site: str, phone: Page) -> None:
    illustrate(open_mall)
    came: list[str] = []

    def late(route: Route) -> None:
        time.sleep(0.4)
        came.append(route.request.url)
        route.continue_()

    phone.context.route("**/mark.png*", late)
    phone.add_init_script(_WATCH)
    for path in ("/", f"/r/{open_mall.alice_number}", f"/p/{open_mall.product}", "/outlet/O1"):
        came.clear()
        phone.goto(site + path)
        expect(phone.locator("img").first).to_be_visible()
        phone.wait_for_function(
            "[...document.images].every((each) => each.complete || each.loading === 'lazy')"
        )
        phone.wait_for_timeout(300)
        assert came, path
        assert phone.evaluate("window.shifts") == [], path
