"""One run of trouble on a stack that runs: prepare, play, heal, drain, compare."""

import re
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

from demo import screen
from demo.chaos import trouble
from demo.chaos.crowd import Crowd, Lead
from demo.chaos.trouble import Event
from demo.story import mall
from demo.story.arriving import become_rep, invitations, posted, welcomed
from demo.story.browser import first
from demo.story.checks import CHECKS
from demo.story.frame import Contradiction, Story, eventually, expect
from demo.story.kept import open_work
from demo.story.proving import desk
from demo.story.telling import named, tell

ROUNDS_MAX = 20
ROUND_SECONDS = 61.0  # longer than any lease, so that what a killed process held is free
NOTICE_SECONDS = 2.5  # within which the clock process sees that time has passed
SECONDS_PER_ORDER = 10
SECONDS_PER_KILL = 8
WARES = (("plan", "畅享 99"), ("accessory", "数据线"), ("accessory", "钢化膜"), ("phone", "青鸟 S"))
_CODE = re.compile(r'class="code[^"]*">([^<]+)<')
UNSETTLED: Mapping[str, str] = {
    "messages": "SELECT count(*) FROM message WHERE status IN ('queued', 'sending', 'sent', 'unknown')",
    "hand-overs": "SELECT count(*) FROM hand_over WHERE status <> 'accepted'",
    "refunds": "SELECT count(*) FROM refund WHERE status NOT IN ('succeeded', 'closed')",
    "receipts": "SELECT count(*) FROM receipt WHERE position IS NULL",
}


def chaos(story: Story, *, seconds: float, seed: int) -> dict[str, Any]:
    """Sell and scan for so many seconds of trouble, then prove that nothing was lost.

    What the one JSON line says. Raises Contradiction, also when too little happened.
    """
    crowd = Crowd(story, _leads(story), _wares(story), seed)
    screen.say("", f"Trouble for {seconds:.0f} s, seed {seed}:")
    events, before = trouble.schedule(seed, seconds), trouble.restarts(story)
    trouble.stir(story)
    crowd.start()
    kills = trouble.play(story, events, _tell)
    crowd.leave()
    healed = time.monotonic()
    trouble.heal(story)
    drain(story)
    for number in [*crowd.unproven]:
        crowd.prove(number)
    drain(story)
    drained = round(time.monotonic() - healed, 1)
    trouble.calm(story)
    screen.done("heal", drained, f"every process well, all work done; {_sums(crowd)}")
    figures = compare(story, crowd)
    _expect_survival(trouble.restarts(story) - before, trouble.kills(events))
    _expect_enough(crowd, kills, seconds)
    return {
        "seed": seed,
        "seconds": seconds,
        "kills": kills,
        "orders": len(crowd.orders),
        "paid": len(crowd.paid),
        "taken_back": len(crowd.taken_back),
        "scans": crowd.scans,
        "promises": len(story.journal),
        "drained_seconds": drained,
        "compared": figures,
    }


def drain(story: Story) -> None:
    """Let everything that was begun come to its end, the clock moved where somebody waits."""
    for _ in range(ROUNDS_MAX):
        story.pretend.post("settle", timeout=30, within=5)
        eventually("work left", lambda: open_work(story), {}, 60)
        if not _unsettled(story):
            return
        story.pass_time(ROUND_SECONDS)
        time.sleep(NOTICE_SECONDS)
    raise Contradiction(f"never settled: {_unsettled(story)}")


def compare(story: Story, crowd: Crowd) -> dict[str, str]:
    """Every comparison, a line each; what each found."""

    def credited(story: Story) -> str:
        """Every order belongs to the rep whose link its buyer came by."""
        return _credited(story, crowd)

    told = tell(story, named([*CHECKS, credited]))
    return {name: each.found for name, each in told.items()}


def _credited(story: Story, crowd: Crowd) -> str:
    rows = story.rows(
        "SELECT sales_order.number, order_line.developer_rep_id AS rep FROM order_line"
        " JOIN sales_order ON sales_order.id = order_line.order_id"
    )
    found = {row["number"]: row["rep"] for row in rows if row["number"] in crowd.orders}
    expect("who is credited", found, crowd.orders)
    paid = story.rows("SELECT number FROM sales_order WHERE paid_at IS NOT NULL")
    expect("paid, not known as paid", crowd.paid - {row["number"] for row in paid}, set())
    back = story.rows("SELECT number FROM sales_order WHERE status = 'refunded'")
    refunded = {row["number"] for row in back}
    expect("taken back, not refunded", crowd.taken_back - refunded, set())
    return f"{len(found)} orders, {len(crowd.taken_back)} of them taken back"


def _expect_enough(crowd: Crowd, kills: int, seconds: float) -> None:
    orders, enough = int(seconds // SECONDS_PER_ORDER), int(seconds // SECONDS_PER_KILL)
    expect(f"at least {orders} orders paid ({len(crowd.paid)})", len(crowd.paid) >= orders, True)
    expect(f"at least {enough} processes killed ({kills})", kills >= enough, True)
    expect("somebody scanned", crowd.scans > 0, True)


def _expect_survival(restarts: Counter[str], kills: Counter[str]) -> None:
    """Nothing ended that was not killed: not even the workers, whose Valkey was gone for a while."""
    expect("programs that ended by themselves", dict(restarts - kills), {})


def _leads(story: Story) -> list[Lead]:
    """Two reps with posters; whoever has none yet gets one."""
    leads = []
    for rep, scanner, invitation in zip(
        ("Grace", "Heidi"), ("Ivan", "Judy"), invitations(story)[1:], strict=False
    ):
        number = invitation[2]
        for person in (rep, scanner):
            story.meet(person, "13700000000")
        become_rep(story, rep, number, _code(story, number))
        welcome = welcomed(story, scanner, posted(story, rep))
        leads.append(_lead(story, number, welcome))
    return leads


def _code(story: Story, number: str) -> str:
    """A new invitation code from the console: after a month the seeded ones have run out."""
    page = desk(story, "province").submit(f"/console/reps/{number}/invite")
    return first(_CODE, page.text)


def _lead(story: Story, number: str, link: str) -> Lead:
    row = story.rows(
        "SELECT rep.id, code.ticket FROM rep JOIN share ON share.rep_id = rep.id"
        " JOIN code_target ON code_target.share_id = share.id"
        " JOIN code ON code.id = code_target.code_id WHERE rep.number = :number",
        number=number,
    )[0]
    return Lead(row["id"], row["ticket"], link)


def _wares(story: Story) -> list[tuple[str, str]]:
    """Name and product number of what is bought, the plan first."""
    browser = story.browser("Ivan")
    shelves = {shelf: mall.products(browser, "/", shelf) for shelf, _ in WARES}
    return [(name, shelves[shelf][name]) for shelf, name in WARES]


def _unsettled(story: Story) -> dict[str, int]:
    left = {name: int(story.value(query)) for name, query in UNSETTLED.items()}
    came = {fact["out_trade_no"] for fact in story.witness("payment")}
    known = story.rows("SELECT out_trade_no FROM payment WHERE status = 'succeeded'")
    left["payments"] = len(came - {row["out_trade_no"] for row in known})
    return {name: count for name, count in left.items() if count}


def _tell(event: Event) -> None:
    screen.note(event.name, f"{event.at:5.1f} s  {event.what}")


def _sums(crowd: Crowd) -> str:
    sold = f"{len(crowd.orders)} orders, {len(crowd.paid)} paid"
    return f"{sold}, {len(crowd.taken_back)} taken back, {crowd.scans} scans"
