"""What a person sees when a page does not exist: Chinese words that fit the screen, and a way on."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_an_unknown_page_fits_a_phone(phone: Page, site: str) -> None:
    answer = phone.goto(f"{site}/no-such-page")
    assert answer
    assert answer.status == 404
    expect(phone.get_by_role("heading")).to_have_text("没有找到")
    assert not is_wider_than_the_screen(phone)


def test_an_unknown_page_fits_a_desktop(desktop: Page, site: str) -> None:
    desktop.goto(f"{site}/no-such-page")
    expect(desktop.get_by_text("错误代码 not_found")).to_be_visible()
    assert not is_wider_than_the_screen(desktop)


def test_the_way_back_leads_back(phone: Page, site: str) -> None:
    phone.goto(f"{site}/healthz")
    phone.evaluate("location.href = '/no-such-page'")
    expect(phone.get_by_role("heading")).to_have_text("没有找到")
    phone.get_by_role("link", name="返回").click()
    phone.wait_for_url(f"{site}/healthz")
