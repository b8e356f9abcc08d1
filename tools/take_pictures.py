"""Take the pictures of the README from a running demo: `python -m tools.take_pictures`.

Start `make demo` first; `--data` is its folder, where the logins are. Needs Debian's Chromium.
"""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from demo.identities import ACCOUNT_TITLE
from demo.pretend import Pretend
from demo.refusal import CannotStart
from tools.chromium import chromium

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 800}
WAIT_SECONDS = 8  # until the poster is drawn and sent
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.50"


def main() -> None:
    """Visit every system as its people do, and keep what is seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mall", default="http://127.0.0.1:8000")
    parser.add_argument("--wechat", default="http://127.0.0.1:9100")
    parser.add_argument("--data", type=Path, default=Path("var/demo"))
    given = parser.parse_args()
    logins = json.loads((given.data / "files" / "demo-logins.json").read_text("utf-8"))
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        _mall(browser, given.mall)
        _terminal(browser, given.mall, given.wechat, logins)
        _console(browser, given.mall, logins)
        _phone(browser, given.wechat)
        browser.close()


def _mall(browser: Browser, mall: str) -> None:
    with _looking(browser, PHONE) as page:
        page.goto(f"{mall}/")
        _keep(page, "mall")
        page.locator("a[href^='/p/']").first.click()
        _keep(page, "product")


def _terminal(browser: Browser, mall: str, wechat: str, logins: dict[str, list[list[str]]]) -> None:
    """Alice binds herself to the first rep who has an invitation, and looks at her day."""
    _, _, number, code = logins["invitations"][0]
    with _looking(browser, PHONE) as page:
        page.context.add_cookies([{"name": "sim_person", "value": "Alice", "url": wechat}])
        page.goto(f"{mall}/terminal/")
        if page.locator("input[name=code]").count():
            page.fill("input[name=number]", number)
            page.fill("input[name=code]", code)
            page.locator("form button:not([type=button])").last.click()
        _keep(page, "terminal")
    _ask_for_poster(wechat, "Alice")


def _console(browser: Browser, mall: str, logins: dict[str, list[list[str]]]) -> None:
    login, password = logins["logins"][0]
    with _looking(browser, DESKTOP) as page:
        page.goto(f"{mall}/console/")
        page.fill("input[name=login]", login)
        page.fill("input[name=password]", password)
        page.locator("form button:not([type=button])").last.click()
        page.wait_for_load_state("networkidle")
        page.goto(f"{mall}/console/reps")
        _keep(page, "console")


def _phone(browser: Browser, wechat: str) -> None:
    with _looking(browser, DESKTOP) as page:
        page.goto(f"{wechat}/phone")
        page.click("text=Alice")
        page.locator(f"text={ACCOUNT_TITLE}").first.click()
        page.wait_for_timeout(2000)
        _keep(page, "phone")


def _ask_for_poster(wechat: str, person: str) -> None:
    """Let somebody follow the demo's account and ask for the poster in the chat."""
    pretend = Pretend(wechat)
    appid = pretend.read("accounts")["accounts"][0]["appid"]
    with suppress(CannotStart):  # she follows already
        pretend.post("people", person, "acts", "follow", appid=appid, wait=True)
    pretend.post("people", person, "acts", "say", appid=appid, text="海报", wait=True)
    time.sleep(WAIT_SECONDS)


@contextmanager
def _looking(browser: Browser, size: dict[str, int]) -> Iterator[Page]:
    is_phone = size is PHONE
    context: BrowserContext = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]},
        user_agent=AGENT if is_phone else None,
        device_scale_factor=1.5 if is_phone else 1,
    )
    yield context.new_page()
    context.close()


def _keep(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=str(FOLDER / f"{name}.png"))
    print(f"{name}: {page.url}")


if __name__ == "__main__":
    main()
