"""Chapter: when all of it has happened, the books are zero where they must be, and explain the rest."""

import re

from demo.story.frame import Story, expect
from demo.story.proving import desk
from ledger.queries import trial_balance

_ACCOUNT = re.compile(r'<h2>([^<]+?) <span class="badge [a-z]+">([^<]+)</span></h2>')


def clearing(story: Story) -> str:
    """The trial balance is zero; each clearing account is zero or explained."""
    with story.ours():
        lines = trial_balance()
    expect("trial balance", sum(line.balance_fen for line in lines), 0)
    accounts = _ACCOUNT.findall(desk(story, "finance").get("/console/clearing").text)
    expect("there are clearing accounts", len(accounts), 4)
    unexplained = [each for each in accounts if each[1] not in ("为零", "已说明")]
    expect("clearing accounts not explained", unexplained, [])
    return "，".join(f"{name}{verdict}" for name, verdict in accounts)


CHAPTERS = {"clearing": clearing}
