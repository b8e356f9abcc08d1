"""Chapters: a forged link earns nobody anything, a refund takes its part back, and the proof is read."""

from collections.abc import Iterator
from datetime import datetime

from demo.story import mall
from demo.story.buying import HELD, LINES, PLAN_FEN, order_lines
from demo.story.checks import open_work
from demo.story.frame import Story, eventually, expect
from demo.story.mall import Basket
from flows.receipt_pages import ReceiptPage, filed_receipt, receipt_page
from flows.refund.agree import LinesBack, refund_order_lines
from referral.proofs import broken_link
from referral.replay import is_consistent
from wx_backend import clock
from wx_backend.db import retried

ACCESSORY = "钢化膜"
MALLORY_PHONE = "13800000005"
FORGED = "SELECT coalesce(sum(count), 0) FROM forged_count WHERE source = 'link'"
RECEIPTS = (
    "SELECT receipt.number FROM receipt JOIN attribution ON attribution.id = receipt.attribution_id"
    " WHERE attribution.order_line_id = :line ORDER BY attribution.version DESC"
)
CHAIN_EVERY_SECONDS = 61


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
    refund_id = _refund_line(story, phone["id"], phone["paid_fen"])
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
    lines = story.rows(LINES, number=story.facts["order"])
    numbers = [story.value(RECEIPTS, line=line["id"]) for line in lines]
    with story.ours():
        expect("a break in the chain", broken_link(), None)
        for number in numbers:
            _expect_proof(story, receipt_page(filed_receipt(number)))
    story.facts["receipts"] = numbers
    return f"{len(numbers)} receipts, {numbers[0]} ..."


def read_receipt(story: Story) -> str:
    """The receipt of the phone as a person reads it."""
    with story.ours():
        return "\n".join(_told(receipt_page(filed_receipt(story.facts["receipts"][0]))))


def altered(link: str) -> str:
    """The same link with one letter of its token's seal changed."""
    place = len(link) - 6
    return link[:place] + ("A" if link[place] != "A" else "B") + link[place + 1 :]


def _expect_proof(story: Story, page: ReceiptPage) -> None:
    rep_name = story.facts["rep_name"]
    expect("who has the line", [part.rep_name for part in page.portions], [rep_name])
    winner = page.winner
    hops = [(hop.name, hop.is_rep) for hop in winner.hops] if winner else []
    expect("the way to the buyer", hops, [(rep_name, True), ("客户转发", False)])
    expect("it follows from itself", is_consistent(dict(page.body)), True)
    expect("its place in the chain", page.place is not None and page.place.holds, True)


def _told(page: ReceiptPage) -> Iterator[str]:
    yield f"归属凭证 {page.number}  订单 {page.order.number}  {page.line.name}"
    yield f"  结论  {page.sentence}（策略第 {page.policy_version} 版）"
    for part in page.portions:
        yield f"  归属  {part.role} {part.rep_name} {part.outlet_name} {part.share_bp / 100:g}%"
    for touch in page.touches:
        way = " → ".join(f"{hop.name}（{hop.place}）" for hop in touch.hops)
        yield f"  接触  {_at(touch.event_at)} {touch.kind}  {way or '无分享来源'}"
        yield f"        {touch.learnt}；{touch.verdict} {touch.without}"
    if page.place:
        yield f"  存证  第 {page.place.position} 份，{page.place.digest.hex()}"


def _at(instant: datetime) -> str:
    return f"{instant.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _held(story: Story) -> int:
    return int(story.value(HELD, rep=story.facts["rep_id"]))


def _refund_line(story: Story, line_id: int, amount_fen: int) -> int:
    staff_id = story.value("SELECT id FROM staff WHERE login = 'finance'")
    order_id = story.value(
        "SELECT id FROM sales_order WHERE number = :number", number=story.facts["order"]
    )
    back = LinesBack(order_id, {line_id: amount_fen}, "七天无理由", f"staff:{staff_id}", "story")
    with story.ours():
        return retried(lambda: refund_order_lines(back, now=clock.now()))


def _refund_status(story: Story, refund_id: int) -> str:
    return str(story.value("SELECT status FROM refund WHERE id = :id", id=refund_id))


CHAPTERS = {"forge": forge, "refund": refund, "prove": prove}
