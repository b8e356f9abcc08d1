"""People who follow, open links, buy and pay in loops, and come again when nobody answers."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple, TypeVar

from demo.story import mall
from demo.story.browser import Browser, Unreachable
from demo.story.buying import prove_who
from demo.story.frame import Story
from demo.story.mall import Basket

Value = TypeVar("Value")
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.5
REGRETS = 0.4  # of those who bought goods
PHONE = "13900000000"
BUYERS, SCANNERS = 3, 1
SCAN_EVERY_SECONDS = 1.2  # the platform tells scans apart by the second


@dataclass(frozen=True, slots=True)
class Lead:
    """A rep's poster and showroom link: what brings people."""

    rep_id: int
    ticket: str
    link: str


class Bought(NamedTuple):
    """An order its buyer regrets, and the key of his wish to have the money back.

    Without a key it is a plan whose user has to show who he is.
    """

    browser: Browser
    number: str
    key: str


Turn = Callable[[str, Random, list[Bought]], None]


@dataclass
class Crowd:
    """Everybody at once; `orders` says whose each order has to be."""

    story: Story
    leads: Sequence[Lead]
    wares: Sequence[tuple[str, str]]
    seed: int
    orders: dict[str, int] = field(default_factory=dict)
    paid: set[str] = field(default_factory=set)
    taken_back: set[str] = field(default_factory=set)
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
        lead = random.choice(self.leads)
        browser = self._arrived(person, lead, random)
        name, product = random.choice(self.wares)
        ware = patiently(lambda: mall.choose(browser, name, product))
        is_plan = name == self.wares[0][0]
        basket = Basket((ware,), person, PHONE, not is_plan, PHONE if is_plan else "")
        number = patiently(lambda: mall.order(browser, basket))
        self.orders[number] = lead.rep_id
        sheet = patiently(lambda: mall.payment_sheet(browser, number))
        if self.story.act(person, "pay", wait=False, **sheet)["err_msg"].endswith(":ok"):
            self.paid.add(number)
            if is_plan:
                self.unproven[number] = browser
                regrets.append(Bought(browser, number, ""))
            if not is_plan and random.random() < REGRETS:
                regrets.append(Bought(browser, number, ware.client_key))
        self._take_back(regrets)

    def _arrived(self, person: str, lead: Lead, random: Random) -> Browser:
        story = self.story
        story.meet(person, f"139{random.randrange(10**8):08d}")
        story.act(person, "follow", wait=False, ticket=lead.ticket)
        browser = story.browser(person)
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

    def prove(self, number: str) -> None:
        """The user of a paid plan shows the operator's service who he is."""
        prove_who(self.story, self.unproven[number], number, "passed")
        del self.unproven[number]

    def _scan(self, person: str, random: Random, _regrets: list[Bought]) -> None:
        """One person follows by a poster and scans another."""
        self.story.meet(person, f"138{random.randrange(10**8):08d}")
        for _ in range(2):
            lead = random.choice(self.leads)
            self.story.act(person, "scan", wait=False, ticket=lead.ticket)
            self.scans += 1
            time.sleep(SCAN_EVERY_SECONDS)


def patiently(work: Callable[[], Value]) -> Value:
    """Ask again until there is an answer, as a person would; Unreachable when patience ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return work()
        except Unreachable:
            if time.monotonic() > end:
                raise
            time.sleep(PAUSE_SECONDS)
