"""What a customer does in the mall, page by page."""

import html
import re
from dataclasses import dataclass
from itertools import count

from demo.story.browser import Browser, Refused, Unreachable, first
from demo.story.journal import Kind

_CARD = re.compile(r'href="/p/([^"]+)".*?<div class="name">([^<]+)</div>', re.DOTALL)
_SKU = re.compile(r'name="sku" value="([^"]+)"')
_UNIT = re.compile(r'data-unit-fen="(\d+)"')
_KEY = re.compile(r'name="client_key" value="([^"]+)"')
_REAL_NAME = re.compile(r'data-real-name href="([^"]+)"')
CLOCK_MOVED = "SIGN_ERROR"  # a timestamp of five minutes ago: a person taps again
ADDRESS = {"region": "示例省 滨江市", "street": "人民路 18 号"}


@dataclass(frozen=True, slots=True)
class Ware:
    """A variant of a product as its checkout page offers it."""

    name: str
    product: str
    sku: str
    price_fen: int
    client_key: str


@dataclass(frozen=True, slots=True)
class Basket:
    """What is ordered together, and by whom.

    `user_phone` is whose plan it will be, `number` the phone number he picked for it; `outlet` is
    where it is fetched instead of sent.
    """

    wares: tuple[Ware, ...]
    name: str
    phone: str
    is_sent: bool = True
    user_phone: str = ""
    number: str = ""
    outlet: str = ""

    @property
    def total_fen(self) -> int:
        """What the pages say it costs."""
        return sum(ware.price_fen for ware in self.wares)

    @property
    def delivery(self) -> str:
        """How it gets to the buyer."""
        if self.outlet:
            return "pickup"
        return "courier" if self.is_sent else "none"


def products(browser: Browser, showroom: str, shelf: str) -> dict[str, str]:
    """The product numbers by name on a shelf of a showroom, page after page."""
    found: dict[str, str] = {}
    for page in count():
        text = browser.get(f"{showroom}?c={shelf}&page={page}").text
        cards = {html.unescape(name): number for number, name in _CARD.findall(text)}
        if cards.keys() <= found.keys():
            break
        found |= cards
    return found


def choose(browser: Browser, name: str, product: str) -> Ware:
    """Open a product, take its first variant, go to the checkout; for whoever is signed in."""
    variant = _SKU.findall(browser.get(f"/p/{product}").text)[0]
    page = browser.get(f"/checkout?sku={variant}").text
    return Ware(name, product, variant, int(first(_UNIT, page)), first(_KEY, page))


def order(browser: Browser, basket: Basket) -> str:
    """Submit the checkout; the order's number. The same basket is the same order."""
    typed = {basket.name, basket.phone, basket.user_phone, ADDRESS["street"]}
    browser.journal.told |= typed - {""}
    user = {"user_name": basket.name, "user_phone": basket.user_phone} if basket.user_phone else {}
    if basket.number:
        user |= {"number": basket.number}
    answer = browser.post(
        "/api/orders",
        client_key=basket.wares[0].client_key,
        lines=[
            {"sku": ware.sku, "quantity": 1, "expected_price_fen": ware.price_fen, **user}
            for ware in basket.wares
        ],
        delivery=basket.delivery,
        address=ADDRESS if basket.delivery == "courier" else None,
        outlet=basket.outlet,
        contact_name=basket.name,
        contact_phone=basket.phone,
    )
    number = str(answer.json()["number"])
    browser.journal.write(browser.person, Kind.ORDER, number)
    return number


def payment_sheet(browser: Browser, number: str) -> dict[str, str]:
    """What the page hands to WeChat so that the pay sheet opens."""
    browser.get(f"/orders/{number}/pay")
    try:
        sheet: dict[str, str] = browser.post(f"/api/orders/{number}/pay").json()
    except Refused as refused:
        if CLOCK_MOVED in str(refused):
            raise Unreachable("the clock was moved while it was asked for") from refused
        raise
    browser.journal.write(browser.person, Kind.PREPAY, sheet["package"].removeprefix("prepay_id="))
    return sheet


def pick_number(browser: Browser, ending: str) -> str:
    """Search the pool by its last digits, and hold the first number shown."""
    shown = browser.get(f"/api/numbers?ending={ending}").json()["numbers"]
    number = str(shown[0]["number"])
    browser.post("/api/numbers/hold", number=number)
    return number


def real_names(browser: Browser, number: str) -> list[str]:
    """Where the users of an order's lines prove who they are: the links of its page."""
    return [
        html.unescape(link) for link in _REAL_NAME.findall(browser.get(f"/orders/{number}").text)
    ]


def status(browser: Browser, number: str) -> str:
    """Where the order stands, as the waiting page asks."""
    return str(browser.get(f"/api/orders/{number}").json()["status"])


def take_back(browser: Browser, number: str, client_key: str) -> None:
    """Ask for all the money back from the order's page. Raises Refused."""
    browser.post(f"/api/orders/{number}/refund", client_key=client_key, reason="不想要了")
    browser.journal.write(browser.person, Kind.REFUND, number)


def share(browser: Browser, subject: str, key: str) -> str:
    """Pass a page on; the link for a chat."""
    links: dict[str, str] = browser.post("/api/shares", subject=subject, key=key).json()["links"]
    for link in links.values():
        browser.journal.write(browser.person, Kind.SHARE, link.rpartition("/")[2])
    return links["chat"]
