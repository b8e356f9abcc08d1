"""Chapters: a forged link earns nobody anything, a refund takes its part back, and the proof is read."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from demo.story import mall
from demo.story.arriving import logins
from demo.story.browser import Browser, first
from demo.story.buying import HELD, LINES, PLAN_FEN, order_lines
from demo.story.frame import Story, eventually, expect
from demo.story.kept import open_work
from demo.story.mall import Basket
from referral.proofs import broken_link
from referral.replay import is_consistent
from wx_backend import clock
from wx_backend.money import yuan

ACCESSORY = "钢化膜"
MALLORY_PHONE = "13800000005"
FORGED = "SELECT coalesce(sum(count), 0) FROM forged_count WHERE source = 'link'"
RECEIPTS = (
    "SELECT receipt.number FROM receipt JOIN attribution ON attribution.id = receipt.attribution_id"
    " WHERE attribution.order_line_id = :line ORDER BY attribution.version DESC"
)
CHAIN_EVERY_SECONDS = 61
KEY = re.compile(r'name="key" value="([^"]+)"')
_PROPOSAL = re.compile(r'action="(/console/refunds/proposals/[0-9]+)"')


def forge(story: Story) -> str:
    """Mallory alters a letter of the link, follows, buys: it is counted, and nobody is credited."""
    story.meet("Mallory", MALLORY_PHONE)
    story.act("Mallory", "follow")
    mallory, before = story.browser("Mallory"), story.value(FORGED)
    page = mallory.get(altered(story.facts["bobs_link"]))
    expect("a forged link leads", page.path, "/")
    expect("forged links counted", story.value(FORGED), before + 1)
    mallory.sign_in()
    wares = mall.products(mallory, "/", "accessory")
    ware = mall.choose(mallory, ACCESSORY, wares[ACCESSORY])
    number = mall.order(mallory, Basket((ware,), "马洛里", MALLORY_PHONE))
    said = story.act("Mallory", "pay", wait=False, **mall.payment_sheet(mallory, number))["err_msg"]
    expect("the pay sheet", said, "get_brand_wcpay_request:ok")
    eventually("the order", lambda: mall.status(mallory, number), "paid")
    eventually("work left", lambda: open_work(story), {})
    (line,) = order_lines(story, number)
    expect("who is credited", (line["developer_rep_id"], line["acceptor_rep_id"]), (None, None))
    accrued = "SELECT count(*) FROM accrual WHERE order_line_id = :line"
    expect("commissions", story.value(accrued, line=line["id"]), 0)
    expect("held for Alice", _held(story), story.facts["held_fen"])
    story.facts["forged_order"] = number
    return f"{number} is the outlet's alone"


def refund(story: Story) -> str:
    """Finance gives the phone back: its commission goes, the plan's stays."""
    facts = story.facts
    phone = order_lines(story, facts["order"])[0]
    refund_id = _give_back(story, phone["position"], phone["paid_fen"])
    eventually("the refund", lambda: _refund_status(story, refund_id), "succeeded", 60)
    lines = order_lines(story, facts["order"])
    expect("the lines", [line["fulfilment"] for line in lines], ["cancelled", "activated"])
    number = {"number": facts["order"]}
    status = story.value("SELECT status FROM sales_order WHERE number = :number", **number)
    expect("the order", status, "part_refunded")
    back = [fact["amount_fen"] for fact in story.witness("refund")]
    expect("what WeChat Pay gave back", back, [facts["phone_fen"]])
    facts["kept_fen"] = _held(story)
    facts["refunded_fen"] = facts["phone_fen"]
    expect("fen held for the rep", facts["kept_fen"], PLAN_FEN)
    return f"{facts['phone_fen']} fen back to Dave; {facts['kept_fen']} fen stay Alice's"


def prove(story: Story) -> str:
    """The receipts name Alice, both hops and the reason; each follows from itself, all are chained."""
    story.pass_time(CHAIN_EVERY_SECONDS)
    unchained = "SELECT count(*) FROM receipt WHERE position IS NULL"
    eventually("receipts not chained yet", lambda: story.value(unchained), 0)
    with story.ours():
        expect("a break in the chain", broken_link(), None)
    lines = story.rows(LINES, number=story.facts["order"])
    numbers = [story.value(RECEIPTS, line=line["id"]) for line in lines]
    for number in numbers:
        _expect_proof(story, receipt(story, number))
    story.facts["receipts"] = numbers
    return f"{len(numbers)} receipts, {numbers[0]} ..."


def read_on(story: Story) -> str:
    """Alice reads in the terminal why the line is hers, and what she has earned."""
    alice, number = story.browser("Alice"), story.facts["receipts"][0]
    page = alice.get(f"/terminal/receipts/{number}").text
    expect("the receipt is in her terminal", number in page, True)
    held = yuan(story.facts["kept_fen"])
    expect(f"{held} yuan held", held in alice.get("/terminal/income").text, True)
    return f"{held} yuan held"


def receipt(story: Story, number: str) -> dict[str, Any]:
    """A receipt as the province's administrator gets it from the console."""
    found: dict[str, Any] = desk(story, "province").get(f"/console/receipts/{number}.json").json()
    return found


def receipt_text(story: Story) -> str:
    """The receipt of the phone as a person reads it."""
    return "\n".join(_told(receipt(story, story.facts["receipts"][0])))


def altered(link: str) -> str:
    """The same link with one letter of its token's seal changed."""
    place = len(link) - 6
    return link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]


def _expect_proof(story: Story, found: Mapping[str, Any]) -> None:
    body, rep_id = found["body"], story.facts["rep_id"]
    expect("who has the line", [part["rep_id"] for part in body["result"]["portions"]], [rep_id])
    (winner,) = (touch for touch in body["touches"] if touch["verdict"]["is_won"])
    expect("the way to the buyer", [hop["rep_id"] for hop in winner["path"]], [rep_id, None])
    expect("it says so", winner["path_sentence"], f"{story.facts['rep_name']} → 客户转发")
    expect("it follows from itself", is_consistent(body), True)
    expect("its place in the chain", found["chain"]["holds"], True)


def _told(found: Mapping[str, Any]) -> Iterator[str]:
    body, chain = found["body"], found["chain"]
    others = {each["touch_id"]: each["sentence"] for each in body["without"]}
    yield f"归属凭证 {found['number']}  订单 {found['order']}  {found['line']['name']}"
    yield f"  结论  {body['result']['sentence']}（策略第 {body['policy']['version']} 版）"
    for touch in body["touches"]:
        yield f"  接触  {_at(touch['event_at'])} {touch['kind_name']}  {touch['path_sentence']}"
        yield f"        {touch['learnt']}；{touch['verdict']['sentence']}"
        yield f"        {others.get(touch['id'], '')}"
    yield f"  存证  第 {chain['position']} 份，{chain['digest']}"


def _at(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _held(story: Story) -> int:
    return int(story.value(HELD, rep=story.facts["rep_id"]))


def _give_back(story: Story, position: int, amount_fen: int) -> int:
    """Finance asks on the order's page; it is much, so the province's administrator has to agree."""
    number, finance = story.facts["order"], desk(story, "finance")
    path = f"/console/orders/{number}/refund"
    key = first(KEY, finance.get(path).text)
    typed = {"key": key, "reason": "七天无理由", f"line-{position}": plain_yuan(amount_fen)}
    finance.submit(path, **typed)
    asked = "SELECT count(*) FROM refund"
    expect("refunds before a second person agreed", story.value(asked), 0)
    province = desk(story, "province")
    proposal = first(_PROPOSAL, province.get("/console/refunds").text)
    province.submit(proposal, verdict="agree")
    return int(story.value("SELECT max(id) FROM refund"))


def desk(story: Story, login: str) -> Browser:
    """A staff member's browser on the console, signed in."""
    browser = story.browser(f"staff {login}")
    if browser.get("/console/").path.endswith("/login"):
        browser.submit("/console/login", login=login, password=dict(logins(story))[login])
    return browser


def plain_yuan(amount_fen: int) -> str:
    """Fen as a person types yuan."""
    return f"{amount_fen // 100}.{amount_fen % 100:02d}"


def _refund_status(story: Story, refund_id: int) -> str:
    return str(story.value("SELECT status FROM refund WHERE id = :id", id=refund_id))


CHAPTERS = {"forge": forge, "refund": refund, "prove": prove, "read": read_on}
