"""People who follow, open links, buy and pay in loops, and come again when nobody answers."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, NamedTuple

from demo.chaos.patience import PATIENCE_SECONDS, patiently
from demo.pretend import Unanswered
from demo.story import mall
from demo.story.browser import Browser, Refused
from demo.story.buying import prove_who
from demo.story.frame import Story
from demo.story.mall import Basket, Ware

REGRETS: Final = 0.4  # of those who bought goods
PASSES_ON: Final = 0.3  # of those who bought anything
PHONE: Final = "13900000000"
BUYERS, SCANNERS = 3, 1
SCAN_EVERY_SECONDS: Final = 1.2  # the platform tells scans apart by the second
NUMBERS_TRIED: Final = 10
FEE_FEN: Final = 5_900  # monthly, of the plan the numbers go with


@dataclass(frozen=True, slots=True)
class Lead:
    """A rep's poster and showroom link: what brings people; and the person the rep is on WeChat."""

    person: str
    number: str
    rep_id: int
    ticket: str
    link: str


class Offer(NamedTuple):
    """Something that is bought: its user may have to show who he is, and to pick a number."""

    name: str
    product: str
    has_user: bool = False
    has_number: bool = False


class Bought(NamedTuple):
    """An order its buyer regrets, and the key of his wish to have the money back.

    Without a key its user has to show who he is.
    """

    browser: Browser
    number: str
    key: str


Turn = Callable[[str, Random, list[Bought]], None]


@dataclass
class Crowd:
    """Everybody at once; `orders` says whose each order has to be.

    Of those in `unclear` the clock was moved back after their buyer had come: by its time he
    came after he had ordered, and the order may be nobody's.
    """

    story: Story
    leads: Sequence[Lead]
    offers: Sequence[Offer]
    seed: int
    orders: dict[str, int] = field(default_factory=dict)
    unclear: set[str] = field(default_factory=set)
    paid: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
    picked: set[str] = field(default_factory=set)
    scans: int = 0
    failures: list[BaseException] = field(default_factory=list)
    unproven: dict[str, Browser] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Let everybody in."""
        for number in range(BUYERS + SCANNERS):
            work = self._buy if number < BUYERS else self._scan
            thread = threading.Thread(target=self._loop, args=(work, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def leave(self) -> None:
        """Nobody begins anything new; back when everybody has finished what he had begun.

        Raises what somebody ran into.
        """
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS * 2)
        if self.failures:
            raise self.failures[0]

    def prove(self, number: str) -> None:
        """The user of a paid order shows the operator's service who he is, unless he did."""
        browser = self.unproven[number]
        if mall.status(browser, number) == "paid" and mall.real_names(browser, number):
            prove_who(self.story, browser, number, "passed")
        del self.unproven[number]

    def _loop(self, work: Turn, number: int) -> None:
        random = Random(f"{self.seed}/{number}")  # noqa: S311 - a schedule that can be repeated
        regrets: list[Bought] = []
        turn = 0
        try:
            while not self._over.is_set():
                turn += 1
                work(f"P{number}x{turn}", random, regrets)
        except BaseException as failure:  # noqa: BLE001 - told to whoever waits for the crowd
            self.failures.append(failure)
            self._over.set()

    def _buy(self, person: str, random: Random, regrets: list[Bought]) -> None:
        """One person follows by a poster, opens the showroom, buys something and pays."""
        lead, offer = random.choice(self.leads), random.choice(self.offers)
        offset = self._offset()
        browser = self._arrived(person, lead, random)
        ware = patiently(lambda: mall.choose(browser, offer.name, offer.product))
        basket = self._basket(browser, offer, ware, random)
        try:
            number = patiently(lambda: mall.order(browser, basket))
        except Refused:
            if not offer.has_number:
                raise
            return  # the clock was moved past the end of his hold on the number
        self.orders[number] = lead.rep_id
        if self._offset() < offset:
            self.unclear.add(number)
        if self._may_have_paid(person, browser, number):
            if offer.has_user:
                self.unproven[number] = browser
                regrets.append(Bought(browser, number, ""))
            elif random.random() < REGRETS:
                regrets.append(Bought(browser, number, ware.client_key))
        if random.random() < PASSES_ON:
            patiently(lambda: mall.share(browser, "product", offer.product))
        self._take_back(regrets)

    def _basket(self, browser: Browser, offer: Offer, ware: Ware, random: Random) -> Basket:
        user_phone = PHONE if offer.has_user else ""
        picked = self._pick_number(browser, random) if offer.has_number else ""
        is_sent = not offer.has_user or offer.has_number
        name = f"收件人{browser.person}"  # nobody and nothing else is called so
        return Basket((ware,), name, PHONE, is_sent, user_phone, picked)

    def _pick_number(self, browser: Browser, random: Random) -> str:
        """One of the pool's numbers, held; whoever comes second for one looks for another."""
        for _ in range(NUMBERS_TRIED):
            shown = patiently(lambda: browser.get("/api/numbers").json()["numbers"])
            fitting = [each for each in shown if each["minimum_fen"] <= FEE_FEN]
            number = str(random.choice(fitting)["number"])
            try:
                patiently(lambda: browser.post("/api/numbers/hold", number=number))  # noqa: B023 - called at once
            except Refused:
                continue
            self.picked.add(number)
            return number
        raise Refused(f"{browser.person} found no number in {NUMBERS_TRIED} tries")

    def _may_have_paid(self, person: str, browser: Browser, number: str) -> bool:
        """Pay; where nobody answered, nobody knows."""
        sheet = patiently(lambda: mall.payment_sheet(browser, number))
        try:
            said = str(self.story.act(person, "pay", wait=False, **sheet)["err_msg"])
        except Unanswered:
            return True
        if said.endswith(":ok"):
            self.paid.add(number)
        return said.endswith(":ok")

    def _arrived(self, person: str, lead: Lead, random: Random) -> Browser:
        self._meet(person, f"139{random.randrange(10**8):08d}")
        self._act(person, "follow", ticket=lead.ticket)
        browser = self.story.browser(person)
        patiently(lambda: browser.open(lead.link))
        return browser

    def _take_back(self, regrets: list[Bought]) -> None:
        """Whoever regrets gets his money back, once his order is known to be paid."""
        for bought in regrets[:]:
            browser, number, key = bought
            if patiently(lambda: mall.status(browser, number)) == "paid":  # noqa: B023 - called at once
                if key:
                    patiently(lambda: mall.take_back(browser, number, key))  # noqa: B023 - likewise
                    self.taken_back.add(number)
                else:
                    patiently(lambda: self.prove(number))  # noqa: B023 - likewise
                regrets.remove(bought)

    def _scan(self, person: str, random: Random, _regrets: list[Bought]) -> None:
        """One person follows by a poster and scans another."""
        self._meet(person, f"138{random.randrange(10**8):08d}")
        for _ in range(2):
            self._act(person, "scan", ticket=random.choice(self.leads).ticket)
            self.scans += 1
            time.sleep(SCAN_EVERY_SECONDS)

    def _offset(self) -> float:
        """By how much the clock is ahead."""
        return float(patiently(lambda: self.story.pretend.read("clock")["offset"]))

    def _meet(self, person: str, phone: str) -> None:
        patiently(lambda: self.story.meet(person, phone))

    def _act(self, person: str, act: str, **arguments: object) -> Any:
        return patiently(lambda: self.story.act(person, act, wait=False, **arguments))
