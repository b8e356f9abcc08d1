"""A campaign inside the trouble: a marketer writes it, an administrator agrees, senders die, it goes on."""

import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

from demo.chaos.faults import Field
from demo.chaos.patience import patiently
from demo.chaos.settling import ROUND_SECONDS, ROUNDS_MAX
from demo.identities import ACCOUNT_NAME
from demo.story.frame import Story, eventually, expect
from demo.story.kept import open_work
from demo.story.proving import desk

SENDER: Final = "worker-bulk"
TEMPLATE: Final = "SUBOFFER"
CONTENT: Final = "商品：{{thing1.DATA}}\n提示：{{thing2.DATA}}"
# Who said yes to the notice, who never did, and who did but wants no campaigns.
WILLING, SILENT, UNWILLING = 130, 10, 10
LOOK_SECONDS: Final = 0.5
STILL_SECONDS: Final = 6.0  # longer than a chunk takes to be sent
TERMS: Final = {
    "account": ACCOUNT_NAME,
    "name": "秋季换机",
    "campaign_class": "promotion",
    "purpose": "提醒老客户到店看新机",
    "template_id": TEMPLATE,
    "field-A-thing1": "青鸟 S2",
    "field-A-thing2": "{员工}请您到店看看",
    "rate_per_second": "4",
    "control_percent": "5",
}
# Whose turn it is once the campaign's page offers the step.
TURNS: Final = (
    *(("marketer", "submit"), ("province", "approve")),
    *(("marketer", "start"), ("marketer", "resume")),
)


@dataclass
class Marketing:
    """One campaign from its draft to its end, moved on by two people as its page allows.

    `letters` have gone while faults went on, `deaths` is how often its sender died meanwhile,
    `at_end` what had gone when its page first said that it is over, and `peace_at` is by the clock
    when the faults were over: from then on it only moves forward, and nothing is held up on its way.
    """

    story: Story
    faults: Field
    number: str = ""
    letters: int = 0
    deaths: int = 0
    at_end: int = -1
    peace_at: float = 0.0
    failures: list[BaseException] = field(default_factory=list)
    _deaths_before: int = 0
    _moves: int = 0
    _thread: threading.Thread | None = None

    def invite(self) -> None:
        """In peace people follow, most of them say yes to the notice, some want no campaigns."""
        story, place = self.story, ("accounts", self.story.appid, "templates", TEMPLATE)
        story.pretend.put(*place, title="活动提醒", content=CONTENT, is_subscription=True)
        desk(story, "province").submit(f"/console/message-templates/{ACCOUNT_NAME}/sync")
        desk(story, "marketer")
        for number in range(SILENT + WILLING + UNWILLING):
            person = f"Q{number}"
            story.meet(person, f"136{number:08d}")
            story.act(person, "follow", wait=False)
            if number >= SILENT:
                story.act(person, "consent", wait=False, answers={TEMPLATE: "accept"})
            if number >= SILENT + WILLING:
                story.act(person, "say", wait=False, text="退订")
        story.pretend.post("settle", timeout=30, within=5)
        eventually("work left", lambda: open_work(story), {}, 60)

    def write(self) -> None:
        """In peace, too, it is written and put before a second person."""
        self.number = self._written()
        self._moved()
        eventually("the audience", lambda: "approve" in self._offered("province"), True)

    def begin(self) -> None:
        """Do from now on what its page offers: agree to it, start it, go on where it paused."""
        self._deaths_before = self.faults.killed[SENDER]
        self._thread = threading.Thread(target=self._play, name="marketing", daemon=True)
        self._thread.start()

    def count(self) -> None:
        """The faults are over: note what has gone, and how often its sender died."""
        self.letters = patiently(self._gone)
        self.deaths = self.faults.killed[SENDER] - self._deaths_before

    def finish(self) -> None:
        """Back when it is over; where nothing goes any more the clock is moved past whoever died.

        Raises what somebody ran into.
        """
        self.peace_at = float(self.story.pretend.read("clock")["now"])
        while self._thread and self._thread.is_alive():
            gone = self._gone()
            self._thread.join(STILL_SECONDS)
            if self._thread.is_alive() and self._gone() == gone:
                self._moves += 1
                expect("the campaign comes to its end", self._moves <= ROUNDS_MAX, True)
                self.story.pass_time(ROUND_SECONDS)
        if self.failures:
            raise self.failures[0]

    def _play(self) -> None:
        try:
            while not patiently(self._moved):
                time.sleep(LOOK_SECONDS)
            self.at_end = patiently(self._gone)
        except BaseException as failure:  # noqa: BLE001 - told to whoever waits for the end
            self.failures.append(failure)

    def _written(self) -> str:
        draft = desk(self.story, "marketer").submit("/console/campaigns", **TERMS)
        return draft.path.rpartition("/")[2]

    def _moved(self) -> bool:
        """Whoever's turn it is does it, and looks again where somebody was faster; whether it is over."""
        path = f"/console/campaigns/{self.number}"
        offered = {login: self._offered(login) for login, _ in TURNS}
        for login, step in TURNS:
            if step in offered[login]:
                desk(self.story, login).is_refused(f"{path}/{step}", revision="1")
                return False
        return "stop" not in offered["marketer"] and "report" in offered["marketer"]

    def _offered(self, login: str) -> set[str]:
        """Where the campaign's page leads somebody."""
        page = desk(self.story, login).get(f"/console/campaigns/{self.number}").text
        return set(re.findall(rf'="/console/campaigns/{self.number}/([a-z]+)"', page))

    def _gone(self) -> int:
        return len(delivered(self.story))


def facts(story: Story) -> list[dict[str, Any]]:
    """What the witness knows of the campaign's notice, one for each time it came to somebody."""
    found = story.witness("message.delivered")
    return [fact for fact in found if fact.get("template_id") == TEMPLATE]


def delivered(story: Story) -> list[str]:
    """The openids it truly came to, one for each time."""
    return [fact["openid"] for fact in facts(story)]
