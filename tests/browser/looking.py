"""A look at a page, light and dark: nothing sticks out, axe finds nothing grave, its picture is kept.

Pictures lie in `build/screens/<system>/`, with `build/screens/index.html` over all of them: for a person.
"""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Final, Literal

import axe_playwright_python
from playwright.sync_api import Page

from tests.browser.office import faults_of, fits

AXE: Final = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
SCREENS: Final = Path(__file__).resolve().parents[2] / "build" / "screens"
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
GRAVE: Final = ("critical", "serious")
_RUN: Final = "async () => (await axe.run({resultTypes: ['violations']})).violations"


class Look:
    """Somebody goes through the pages of a system, at one size of screen; what is wrong is kept."""

    def __init__(self, page: Page, system: str, size: str) -> None:
        self.page, self.system, self.size = page, system, size
        self.wrong: list[str] = []
        self._faults = faults_of(page)

    def at(self, name: str, url: str) -> None:
        """Go there and look."""
        answer = self.page.goto(url)
        if answer is None or answer.status >= 400:
            self.wrong.append(f"{name}: answered {answer.status if answer else 'nothing'}")
        self.here(name)

    def here(self, name: str) -> None:
        """Look at the page as it is now."""
        for scheme in SCHEMES:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            is_examined = (self.size, scheme) != ("desktop", "dark")  # its colours are the phone's
            found = _seen(self.page) if is_examined else ()
            self.wrong += [f"{name} ({self.size}, {scheme}): {what}" for what in found]
            path = SCREENS / self.system / f"{name}-{self.size}-{scheme}.png"
            self.page.screenshot(path=path, full_page=True, animations="disabled")

    def end(self) -> None:
        """Nothing was wrong with any of them."""
        write_index()
        # What a page still asked for when somebody went on to the next one failed for nobody.
        faults = [each for each in self._faults() if "net::ERR_ABORTED" not in each]
        assert not self.wrong, "\n".join(self.wrong)
        assert not faults, "\n".join(faults)


def _seen(page: Page) -> Iterator[str]:
    if not fits(page):
        yield "sticks out sideways"
    page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    for each in page.evaluate(_RUN):
        if each["impact"] in GRAVE:
            for node in each["nodes"]:
                why = node["failureSummary"].partition("\n")[2].strip().partition("\n")[0]
                yield f"{each['id']}: {node['html'][:160]}: {why[:240]}"


def write_index() -> None:
    """One page with all the pictures there are."""
    shown = "".join(
        f'<figure><a href="{path}"><img src="{path}" loading="lazy" width="240"></a>'
        f"<figcaption>{path}</figcaption></figure>"
        for path in sorted(
            escape(str(each.relative_to(SCREENS))) for each in SCREENS.glob("*/*.png")
        )
    )
    style = "body{display:flex;flex-wrap:wrap;gap:16px;font:12px sans-serif}figure{margin:0}"
    head = f'<meta charset="utf-8"><title>Every page</title><style>{style}</style>'
    (SCREENS / "index.html").write_text(f"<!doctype html>{head}{shown}", "utf-8")
