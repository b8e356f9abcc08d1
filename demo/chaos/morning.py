"""After the trouble: the next morning's bill says what we say, and what was earned is paid out through deaths."""

import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from demo.chaos.faults import Field
from demo.chaos.patience import patiently
from demo.chaos.settling import NOTICE_SECONDS, ROUND_SECONDS
from demo.story.bill_day import BILLS_ARE_THERE, DAY, FOUND
from demo.story.browser import Browser, Refused
from demo.story.calendar import today, wait_until
from demo.story.frame import Contradiction, Story, eventually, expect
from demo.story.income import BATCH, HOLD_DAYS, NOON, PAYOUT, agreed_batch

VICTIMS: Final = ("worker-call", "worker-work", "clock")
COMPARED_SECONDS: Final = 120.0
LEASES: Final = 15
REPS = (
    "SELECT rep.name, rep.number, payout.number AS payout FROM payout"
    " JOIN payout_batch ON payout_batch.id = payout.batch_id"
    " JOIN rep ON rep.number = payout.receiver_number WHERE payout_batch.number = :batch"
    " AND payout.status NOT IN ('left_out', 'rejected', 'withdrawn')"
)
# Whose income is at least what a batch pays out.
EARNER = (
    "SELECT rep.name FROM entry JOIN account ON account.id = entry.account_id"
    " JOIN rep ON rep.id = account.owner_id WHERE account.kind = 'commission_payable'"
    " AND account.owner_kind = 'rep' GROUP BY rep.id, rep.name HAVING sum(entry.amount_fen) <= -100"
)


@dataclass(frozen=True)
class Morning:
    """What is told of the days after; `people` are the reps' names on WeChat by their numbers."""

    field: Field
    people: Mapping[str, str]

    def bills_agree(self, story: Story) -> str:
        """WeChat Pay's bill of the day has not one line that we do not have, and none is missing."""
        day = today()
        wait_until(story, day + timedelta(days=1), BILLS_ARE_THERE)
        eventually("the day", lambda: story.value(DAY, day=str(day)), "compared", COMPARED_SECONDS)
        found = [(row["kind"], row["subject"]) for row in story.rows(FOUND, day=str(day))]
        expect("differences", found, [])
        return f"{day} is compared, nothing differs"

    def income_is_paid_once(self, story: Story) -> str:
        """What is free by then is transferred, whoever dies meanwhile: once to each, and booked."""
        wait_until(story, _after_the_hold(), NOON)
        eventually("free", lambda: story.value(EARNER) is not None, True, COMPARED_SECONDS)
        story.facts["rep_name"] = story.value(EARNER)
        batch = agreed_batch(story, rail="transfer", note="佣金")
        self._kill()
        waits = "WAIT_USER_CONFIRM"
        eventually("WeChat Pay", lambda: _states(story, batch) == {waits}, True, COMPARED_SECONDS)
        for row in story.rows(REPS, batch=batch):
            self._collect(story, self.people[row["number"]], row["payout"])
        eventually("the batch", lambda: story.value(BATCH, batch=batch), "done", COMPARED_SECONDS)
        paid = {row["number"]: row["net_fen"] for row in _payouts(story, batch)}
        arrived = [(fact["out_bill_no"], fact["amount_fen"]) for fact in story.witness("transfer")]
        of_batch = sorted(each for each in arrived if each[0] in paid)
        expect("what arrived", of_batch, sorted(paid.items()))
        deaths = len(VICTIMS) * (1 + len(paid))
        return f"{batch}: {sum(paid.values())} fen to {len(paid)} reps, {deaths} deaths"

    def _collect(self, story: Story, person: str, payout: str) -> None:
        """A rep confirms on the phone while workers die."""
        browser = story.browser(person)
        sheet = _sheet(story, browser, payout)
        said = story.act(person, "confirm_transfer", wait=False, **sheet)["err_msg"]
        expect("WeChat's sheet", said, "requestMerchantTransfer:ok")
        self._kill()
        patiently(lambda: browser.post(f"/api/terminal/payouts/{payout}/ask"))

    def _kill(self) -> None:
        for name in VICTIMS:
            self.field.signal(name, signal.SIGKILL)


def _sheet(story: Story, browser: Browser, payout: str) -> dict[str, str]:
    """What opens WeChat's sheet; after a death in the middle it is there once the lease has run out."""
    for _ in range(LEASES):
        try:
            answer = patiently(lambda: browser.post(f"/api/terminal/payouts/{payout}/confirm"))
        except Refused:
            story.pass_time(ROUND_SECONDS)
            time.sleep(NOTICE_SECONDS)
        else:
            sheet: dict[str, str] = answer.json()
            return sheet
    raise Contradiction(f"{payout} cannot be confirmed")


def _after_the_hold() -> date:
    return today() + timedelta(days=HOLD_DAYS)


def _payouts(story: Story, batch: str) -> Sequence[Mapping[str, Any]]:
    return story.rows(PAYOUT, batch=batch)


def _states(story: Story, batch: str) -> set[str]:
    return {str(row["platform_state"]) for row in _payouts(story, batch)}
