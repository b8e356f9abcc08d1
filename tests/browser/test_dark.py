"""Who likes it dark reads the console as well: enough contrast of every text with what is behind it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from catalog.models import Product, Sku
from org.models import OrgNode, Role, Tier
from tests.browser.conftest import DESKTOP, PHONE, fresh_page
from tests.browser.office import fits, hire_staff, sign_in
from tests.browser.test_mall import open_mall  # noqa: F401 - a fixture
from tests.storefront.conftest import config, keys, mall  # noqa: F401 - fixtures
from tests.storefront.mall import Mall
from wx_backend.db import db

pytestmark = pytest.mark.browser
LEAST = 4.5  # WCAG 2, level AA

# Every visible text with the colour behind it, composed of all that lie over one another.
FAINT = """() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return [n[0], n[1], n[2], n[3] ?? 1]; };
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => { const [r, g, b] = rgb.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const behind = (each) => { const layers = []; for (let at = each; at; at = at.parentElement) { const style = getComputedStyle(at); if (style.backgroundImage !== 'none' && !at.matches('select, input, textarea')) return null; layers.push(parse(style.backgroundColor)); } return layers.reverse().reduce((under, top) => over(top, under), [17, 22, 31]); };
  const found = [];
  for (const each of document.querySelectorAll('body *')) {
    const own = [...each.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const box = each.getBoundingClientRect();
    if (!own || !box.width || !box.height || each.closest('option, [disabled], svg, .handset')) continue;
    const back = behind(each);
    if (!back) continue;
    const front = over(parse(getComputedStyle(each).color), back);
    const [low, high] = [light(front), light(back)].sort((a, b) => a - b);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < LEAST) found.push(`${contrast.toFixed(1)} ${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 30)}`);
  }
  return found;
}""".replace("LEAST", str(LEAST))


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def dark(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A browser of somebody who prefers dark pages."""
    with fresh_page(browser, request.param, color_scheme="dark") as page:
        yield page


def test_every_text_stands_out_in_the_dark(
    open_mall: Mall,  # noqa: F811 - the fixture
    site: str,
    dark: Page,
) -> None:
    assert open_mall
    top = db.session.scalars(select(OrgNode.id).where(OrgNode.tier == Tier.GROUP)).one()
    number = db.session.scalars(select(Product.number).order_by(Product.id)).all()[0]
    sku = db.session.scalars(select(Sku.number).order_by(Sku.id)).all()[0]
    db.session.rollback()
    hire_staff("dora", "朵拉", Role.ADMINISTRATOR, top)
    dark.goto(f"{site}/console/login")
    assert dark.evaluate(FAINT) == []
    sign_in(dark, site, "dora")
    wrong = []
    for path in (
        *("", "products", f"products/{number}", "products/new", "shelves", "stock"),
        *(f"stock/{sku}/_central", "orders", "figures", "accounts", "imports", "audit"),
        *("menus", "campaigns", "rates", "payouts", "reconciliation", "places", "staff", "kpis"),
    ):
        dark.goto(f"{site}/console/{path}")
        wrong += [f"{path} {each}" for each in dark.evaluate(FAINT)]
        assert fits(dark), path
    assert wrong == []
