"""A real Chromium on the service: a phone inside WeChat, a desktop, and an eye on their consoles."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, sync_playwright

from tests.serving import serving
from tests.site import Site
from tools.chromium import chromium

WECHAT_AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.50 Language/zh_CN"
)
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright; `make test` sees to it that there is one."""
    binary = chromium()
    assert binary, "no Chromium on this machine"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=binary)
        yield running
        running.close()


@pytest.fixture
def site(app: Flask) -> Iterator[str]:
    """The service on a loopback port, as a base URL."""
    with serving(Site(app)) as url:
        yield url


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page as WeChat on a phone shows it."""
    with fresh_page(
        browser, PHONE, user_agent=WECHAT_AGENT, has_touch=True, is_mobile=True
    ) as page:
        yield page


@pytest.fixture
def desktop(browser: Browser) -> Iterator[Page]:
    """A page in a desktop browser."""
    with fresh_page(browser, DESKTOP) as page:
        yield page


@contextmanager
def fresh_page(browser: Browser, size: dict[str, int], **options: object) -> Iterator[Page]:
    """A fresh page; at the end, nothing may have been thrown or refused by the content policy."""
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # the library's own typed dict
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        **options,  # type: ignore[arg-type]  # mixed on purpose
    )
    page = context.new_page()
    page.set_default_timeout(10_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line.text) else None)
    yield page
    context.close()
    assert faults == []


def _is_fault(line: str) -> bool:
    return "Content Security Policy" in line or "Uncaught" in line
