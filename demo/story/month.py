"""Chapters: the month is over; its days are closed, its checks passed, its statements frozen and proven."""

import re
from datetime import date, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Any, Final

from demo.processes import command
from demo.stack import run_command
from demo.story.bill_day import DAY
from demo.story.calendar import wait_until
from demo.story.frame import Story, eventually, expect
from demo.story.proving import desk
from settlement.periods import month_of
from wx_backend.strict import dumps

BILLS_ARE_THERE: Final = time(11)
LET_GO = "微信支付已受理查询，下月处理"
OPEN_DAYS = "SELECT count(*) FROM difference WHERE status = 'open'"
PERIOD = "SELECT status FROM accounting_period WHERE first_on = :first"
FROZEN = (
    "SELECT statement.* FROM statement JOIN accounting_period"
    " ON accounting_period.id = statement.period_id WHERE accounting_period.first_on = :first"
)
_CHECK = re.compile(r'<h2[^>]*>([^<]+?)\s*<span class="badge [a-z]+">(通过|未通过|已放行)<')
_ASK = re.compile(r'/overrides/([a-z_]+)"')
_WAITING = re.compile(r"/overrides/([0-9]+)/approve")


def close_days(story: Story) -> str:
    """On the second of the next month finance compares and closes every day of the month before."""
    first, last = month_of(date.fromisoformat(story.facts["bill_day"]))
    wait_until(story, last + timedelta(days=2), BILLS_ARE_THERE)
    finance = desk(story, "finance")
    days = [str(first + timedelta(days=n)) for n in range(last.day)]
    left = [day for day in days if story.value(DAY, day=day) != "closed"]
    for day in left:
        finance.submit(f"/console/reconciliation/{day}/run")
    for day in left:
        eventually(day, partial(story.value, DAY, day=day), "compared", 60)
    expect("differences left", story.value(OPEN_DAYS), 0)
    for day in left:
        finance.submit(f"/console/reconciliation/{day}/close")
        expect(day, story.value(DAY, day=day), "closed")
    story.facts["month"] = f"{first:%Y-%m}"
    return f"{len(left)} days, {len(days)} are closed now"


def close_month(story: Story) -> str:
    """One check is open: finance asks, the administrator lets it pass, and the month is closed."""
    path, finance = f"/console/periods/{story.facts['month']}", desk(story, "finance")
    eventually("open checks", lambda: _ASK.findall(finance.get(path).text), ["exceptions"], 60)
    shown = _CHECK.findall(finance.get(path).text)
    expect("closing it now is refused", finance.is_refused(f"{path}/close"), True)
    finance.submit(f"{path}/overrides/exceptions", reason=LET_GO)
    province = desk(story, "province")
    (waiting,) = _WAITING.findall(province.get(path).text)
    approve = f"{path}/overrides/{waiting}/approve"
    expect("who asked is refused to let it pass", finance.is_refused(approve), True)
    province.submit(approve)
    province.submit(f"{path}/close")
    first = f"{story.facts['month']}-01"
    eventually("the month", lambda: story.value(PERIOD, first=first), "closed", 60)
    expect("closing it again is refused", finance.is_refused(f"{path}/close"), True)
    return "，".join(f"{title}{verdict}" for title, verdict in shown)


def prove_statements(story: Story) -> str:
    """Every statement is frozen; their chain is recomputed, by the service and by whoever has the file."""
    facts = story.facts
    rows = story.rows(FROZEN, first=f"{facts['month']}-01")
    said = run_command(story.stack.places, "verify", command("verify-statements"))
    expect("the command", f"OK: 1 periods, {len(rows)} statements" in said, True)
    chain, province = "/console/statements-chain", desk(story, "province")
    province.submit(chain)
    eventually("the console's page", lambda: "全部一致" in province.get(chain).text, True)
    (mine,) = (
        row for row in rows if (row["owner_kind"], row["owner_id"]) == ("rep", facts["rep_id"])
    )
    kept = desk(story, "finance").get(f"/console/statements/{mine['number']}.json").json()
    digest = sha256(dumps(kept["content"]) + bytes.fromhex(kept["previous"])).hexdigest()
    expect("the digest of Alice's", (digest, bytes(mine["digest"]).hex()), (kept["digest"],) * 2)
    page = story.browser("Alice").get(f"/terminal/statements/{mine['number']}").text
    expect("on her phone", "核对一致" in page, True)
    _expect_sums(story, dict(mine))
    facts |= {"statement": mine["number"], "statements": len(rows)}
    return f"{len(rows)} statements, Alice's is {mine['number']}, {said.strip().rpartition(' ')[2]}"


def _expect_sums(story: Story, row: dict[str, Any]) -> None:
    """What the month brought Alice, by what happened in it."""
    facts = story.facts
    kept, earned = facts["kept_fen"], facts["pickup_earned_fen"]
    names = ("vested_fen", "paid_fen", "closing_held_fen", "closing_free_fen")
    expect("her month", [row[name] for name in names], [kept + earned, kept, 0, earned])
    expect("earned less taken back", row["accrued_fen"] - row["taken_back_fen"], kept + earned)


CHAPTERS = {"days": close_days, "month": close_month, "statements": prove_statements}
