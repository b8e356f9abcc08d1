"""Counting what a person taps: real clicks only, over every page of an address."""

from playwright.sync_api import Page

_COUNT = """
addEventListener("click", (event) => {
  if (event.isTrusted) sessionStorage.taps = Number(sessionStorage.taps || 0) + 1;
}, true);
"""


def count_taps(page: Page) -> None:
    """From the next page on."""
    page.add_init_script(_COUNT)


def taps(page: Page) -> int:
    """How many there were at this address since it was asked last."""
    found = page.evaluate("Number(sessionStorage.taps || 0)")
    page.evaluate("() => { sessionStorage.taps = 0; }")
    return int(found)
