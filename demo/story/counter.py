"""Chapters: a phone to be fetched is packed by Alice's outlet and handed out for a one-time code."""

import re

from demo.story import mall
from demo.story.browser import first
from demo.story.buying import HELD, PHONE, PHONE_BP, order_lines
from demo.story.calendar import today
from demo.story.frame import Story, eventually, expect
from demo.story.kept import open_work
from demo.story.mall import Basket
from demo.templates import template_id

FRANK_PHONE = "13800000007"
IMEI = "490154203237518"
TASKS = (
    "SELECT node FROM fulfilment_task JOIN fulfilment_chain"
    " ON fulfilment_chain.id = fulfilment_task.chain_id JOIN sales_order"
    " ON sales_order.id = fulfilment_chain.order_id WHERE sales_order.number = :number"
    " AND fulfilment_task.status IN ('open', 'taken') ORDER BY fulfilment_task.id"
)
SCANNED = "SELECT value FROM fulfilment_serial WHERE order_line_id = :line AND returned_at IS NULL"
_OUTLET = re.compile(r'<select name="outlet">\s*<option value="([^"]+)">')
_TASK = re.compile(r'href="(/terminal/tasks/[0-9]+)"')
_CHECK = re.compile(r'name="check" value="([^"]+)"')
_CODE = re.compile(r'class="digits">([0-9 ]+)<')


def reserve(story: Story) -> str:
    """Frank opens Bob's link, buys a phone to fetch at Alice's outlet, and pays."""
    story.meet("Frank", FRANK_PHONE)
    story.act("Frank", "follow")
    frank, facts = story.browser("Frank"), story.facts
    frank.sign_in()
    frank.open(facts["bobs_link"])
    phone = mall.choose(frank, PHONE, facts["phone"])
    outlet = first(_OUTLET, frank.get(f"/checkout?sku={phone.sku}").text)
    number = mall.order(frank, Basket((phone,), "弗兰克", FRANK_PHONE, outlet=outlet))
    said = story.act("Frank", "pay", wait=False, **mall.payment_sheet(frank, number))["err_msg"]
    expect("the pay sheet", said, "get_brand_wcpay_request:ok")
    eventually("the order", lambda: mall.status(frank, number), "paid")
    eventually("its next node", lambda: _nodes(story, number)[:1], ["packed"])
    expect("a code before it is packed", _CODE.search(_page(story, number)), None)
    facts |= {"pickup_order": number, "outlet": outlet, "pickup_fen": phone.price_fen}
    return f"{number} waits at {outlet}, {phone.price_fen} fen paid on {today()}"


def pack(story: Story) -> str:
    """Alice takes it on her phone, ticks the check-list, scans the IMEI and closes the parcel."""
    alice, number = story.browser("Alice"), story.facts["pickup_order"]
    eventually("work left", lambda: open_work(story), {})
    listed = _TASK.findall(alice.get("/terminal/tasks?node=packed").text)
    (task,) = (path for path in listed if number in alice.get(path).text)
    checks = _CHECK.findall(alice.submit(f"{task}/accept").text)
    for check in checks:
        alice.submit(f"{task}/check", check=check)
    (line,) = order_lines(story, number)
    alice.submit(f"{task}/serial", value=IMEI[:-1] + "0")
    expect("units after a mistyped IMEI", _scanned(story, line["id"]), [])
    alice.submit(f"{task}/serial", value=IMEI)
    expect("units scanned", _scanned(story, line["id"]), [IMEI])
    alice.submit(f"{task}/pack")
    expect("its next node", _nodes(story, number)[:1], ["delivered"])
    eventually("who is told that it can be fetched", lambda: _told(story), [("Frank", number)])
    return f"{len(checks)} checks, IMEI {IMEI}, Frank was told"


def _told(story: Story) -> list[tuple[str, str]]:
    """Whom a message told that an order can be fetched, and which."""
    return [
        (fact["person"], fact["data"]["character_string1"])
        for fact in story.witness("message.delivered")
        if fact.get("template_id") == template_id("pickup_ready")
    ]


def fetch(story: Story) -> str:
    """Frank shows the code of his order's page; it is his phone then, and the code is used up."""
    alice, number = story.browser("Alice"), story.facts["pickup_order"]
    code = first(_CODE, _page(story, number))
    expect(
        "the code finds the unit", IMEI in alice.submit("/terminal/pickup", code=code).text, True
    )
    alice.submit("/terminal/pickup/done", code=code)
    expect("the code is refused again", alice.is_refused("/terminal/pickup", code=code), True)
    (line,) = order_lines(story, number)
    expect("the line", line["fulfilment"], "received")
    expect("its next node", _nodes(story, number)[:1], ["reviewed"])
    paid = [f["amount_fen"] for f in story.witness("payment") if f["person"] == "Frank"]
    expect("what Frank paid at WeChat Pay", paid, [line["paid_fen"]])
    earned = line["paid_fen"] * PHONE_BP // 10_000
    held = story.facts["kept_fen"] + earned
    expect("held for Alice", story.value(HELD, rep=story.facts["rep_id"]), held)
    story.facts.update({"pickup_earned_fen": earned})
    return f"handed out once for {code}; {earned} fen more are held for Alice"


def _nodes(story: Story, number: str) -> list[str]:
    """The nodes of an order that wait for somebody."""
    return [row["node"] for row in story.rows(TASKS, number=number)]


def _scanned(story: Story, line_id: int) -> list[str]:
    return [row["value"] for row in story.rows(SCANNED, line=line_id)]


def _page(story: Story, number: str) -> str:
    """The page of Frank's order."""
    return story.browser("Frank").get(f"/orders/{number}").text


CHAPTERS = {"reserve": reserve, "pack": pack, "fetch": fetch}
