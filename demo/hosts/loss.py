"""A primary that waits for no standby is lost: what it acknowledged last is gone, and WeChat's word brings the money back.

What was ordered before is asked about and settled; what is not known here at all stands on the next morning's bill
as a difference, so that a person sees every fen.
"""

import time
from datetime import timedelta
from typing import Any, Final

from demo import screen
from demo.chaos.crowd import Crowd
from demo.chaos.leads import leads, offers
from demo.chaos.settling import NOTICE_SECONDS, ROUND_SECONDS
from demo.hosts.run import QUIET_SECONDS
from demo.hosts.stand import DATABASES, Stand
from demo.story import books, kept, sums
from demo.story.bill_day import BILLS_ARE_THERE, DAY, FOUND
from demo.story.calendar import today, wait_until
from demo.story.frame import Story, eventually, expect
from demo.story.telling import named, tell
from wechat.events import dedupe_key

ALONE_SECONDS: Final = 20.0
COMPARED_SECONDS: Final = 120.0
ROUNDS: Final = 12
FACTS: Final = (books.books_balance, books.receipts_hold, sums.stored_sums_are_right)


def lose_the_last_moments(story: Story, stand: Stand, *, seed: int) -> dict[str, Any]:
    """Trade, lose the standby and then the primary; what the one JSON line says of what is left."""
    crowd = Crowd(story, leads(story), offers(story), seed)
    crowd.start()
    time.sleep(QUIET_SECONDS)
    stand.primary.go_alone()
    stand.network.cut(DATABASES[1])
    time.sleep(ALONE_SECONDS)
    crowd.leave()
    story.pretend.post("settle", timeout=60, within=5)
    seconds = _promoted(stand)
    screen.note("promoted", f"in {seconds:.2f} s, without what was acknowledged last")
    lost = _lost(story, crowd)
    for name, count in lost.items():
        screen.note("lost", f"{name}: {count}")
    expect("orders were lost", lost["orders"] > 0, True)
    _work_off(story)
    money = _every_fen_is_seen(story)
    told = tell(story, named(FACTS))
    compared = {name: each.found for name, each in told.items()}
    return {"promoted_seconds": round(seconds, 2), "lost": lost, "money": money} | {
        "orders": len(crowd.orders),
        "compared": compared,
    }


def _promoted(stand: Stand) -> float:
    """The primary is gone for good, the standby comes back and takes its place."""
    stand.network.cut(DATABASES[0])
    stand.stop_host(DATABASES[0])  # never two that take writes
    stand.network.mend(DATABASES[1])
    return stand.standby.promote()


def _lost(story: Story, crowd: Crowd) -> dict[str, int]:
    """How much of what was acknowledged is not there."""
    numbers = {row["number"] for row in story.rows("SELECT number FROM sales_order")}
    sent = [fact for fact in story.witness("push.sent") if fact["status"] == 200]
    acknowledged = {dedupe_key(story.appid, fact["fields"]) for fact in sent}
    stored = {bytes(row["key"]) for row in story.rows("SELECT key FROM push")}
    return {"orders": len(crowd.orders.keys() - numbers), "pushes": len(acknowledged - stored)}


def _work_off(story: Story) -> None:
    """What is known here comes to its end, by asking where nothing was told."""
    for _ in range(ROUNDS):
        eventually("work left", lambda: kept.open_work(story), {}, COMPARED_SECONDS)
        story.pass_time(ROUND_SECONDS)
        time.sleep(NOTICE_SECONDS)


def _every_fen_is_seen(story: Story) -> dict[str, int]:
    """Each payment and refund at WeChat is in the books, or a difference of the next morning."""
    day = today()
    wait_until(story, day + timedelta(days=1), BILLS_ARE_THERE)
    eventually("the day", lambda: story.value(DAY, day=str(day)), "compared", COMPARED_SECONDS)
    missing = {
        row["subject"] for row in story.rows(FOUND, day=str(day)) if row["kind"] == "missing_here"
    }
    seen = {"in_books": 0, "told_by_bill": 0}
    for kind, number, table in (
        ("payment", "out_trade_no", "payment"),
        ("refund", "out_refund_no", "refund"),
    ):
        booked = {
            row["number"]
            for row in story.rows(
                f"SELECT {number} AS number FROM {table} WHERE status = 'succeeded'"  # noqa: S608 - names of ours
            )
        }
        happened = {fact[number] for fact in story.witness(kind)}
        told = {each for each in happened - booked if f"{kind}:{each}" in missing}
        expect(f"{kind}s nobody sees", happened - booked - told, set())
        seen["in_books"] += len(happened & booked)
        seen["told_by_bill"] += len(told)
    return seen
