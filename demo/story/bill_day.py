"""Chapters: WeChat Pay's bill of the day contradicts us six times; all of it is found and worked off."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any, Final

from demo.story.calendar import today, wait_until
from demo.story.frame import Story, eventually, expect
from demo.story.proving import desk

BILLS_ARE_THERE: Final = time(10, 5)
INVENTED_FEN: Final = 1_234
INVENTED_ID: Final = "4200009999000000000000000001"
DAY = "SELECT status FROM business_day WHERE business_on = :day"
FOUND = "SELECT id, kind, subject, status FROM difference WHERE business_on = :day ORDER BY id"
PAYMENT = (
    "SELECT payment.out_trade_no AS number, payment.transaction_id, payment.amount_fen"
    " FROM payment JOIN sales_order ON sales_order.id = payment.order_id"
    " WHERE sales_order.number = :number AND payment.is_winner"
)
REFUND = (
    "SELECT refund.out_refund_no FROM refund JOIN payment ON payment.id = refund.payment_id"
    " WHERE payment.out_trade_no = :number"
)
_BACK = re.compile(r'class="badge good">已说明<')


def compare(story: Story) -> str:
    """The next morning the bill comes by itself, altered: every difference is found, and none more."""
    day = today()
    expected = _plant(story, day)
    wait_until(story, day + timedelta(days=1), BILLS_ARE_THERE)
    eventually("the day", lambda: story.value(DAY, day=str(day)), "compared", 60)
    found = {(row["kind"], row["subject"]) for row in story.rows(FOUND, day=str(day))}
    expect("differences", found, expected)
    asked = [f for f in story.witness("api.call") if f["path"].startswith("/v3/bill/")]
    expect("bills asked for", len(asked), 2)
    story.facts.update({"bill_day": str(day), "differences": len(found)})
    return f"{len(found)} differences of {len({kind for kind, _ in found})} kinds on {day}"


def work_off(story: Story) -> str:
    """Finance explains one after the other; only then the day can be closed."""
    day, finance = story.facts["bill_day"], desk(story, "finance")
    close = f"/console/reconciliation/{day}/close"
    expect("closing a day with differences is refused", finance.is_refused(close), True)
    for row in story.rows(FOUND, day=day):
        path = f"/console/differences/{row['id']}"
        finance.get(path)
        page = finance.submit(f"{path}/end", to="explained", reason="已与微信支付核实")
        expect("the difference", bool(_BACK.search(page.text)), True)
    finance.submit(close)
    expect("the day", story.value(DAY, day=day), "closed")
    open_left = [row["id"] for row in story.rows(FOUND, day=day) if row["status"] == "open"]
    expect("differences left", open_left, [])
    return f"{story.facts['differences']} explained, {day} is closed"


def _plant(story: Story, day: date) -> set[tuple[str, str]]:
    """Have the bill contradict what happened; what must be found for it, by kind and subject."""
    facts = story.facts
    paid = {
        name: _payment(story, facts[name]) for name in ("order", "refused_order", "forged_order")
    }
    refund = story.value(REFUND, number=paid["order"]["number"])
    invented = f"PY{day:%y%m%d}0000000000000"
    plants: list[dict[str, object]] = [
        {"action": "amount", "number": paid["refused_order"]["number"], "fen": 1},
        {"action": "duplicate", "number": paid["order"]["number"]},
        {"action": "state", "number": refund, "state": "FAIL"},
        {"action": "drop", "number": paid["forged_order"]["number"]},
        {
            "action": "add",
            "number": invented,
            "fen": INVENTED_FEN,
            "transaction_id": INVENTED_ID,
        },
    ]
    planted = [{**plant, "day": str(day)} for plant in plants]
    story.pretend.put("merchants", story.stack.identities.mchid, bill_plants=planted)
    return {
        ("amount_differs", f"payment:{paid['refused_order']['number']}"),
        ("fee_differs", f"fund:{paid['refused_order']['transaction_id']}"),
        ("duplicate", f"payment:{paid['order']['number']}"),
        ("state_differs", f"refund:{refund}"),
        ("missing_there", f"payment:{paid['forged_order']['number']}"),
        ("missing_here", f"payment:{invented}"),
        ("fee_differs", f"fund:{INVENTED_ID}"),
    }


def _payment(story: Story, number: str) -> Mapping[str, Any]:
    (row,) = story.rows(PAYMENT, number=number)
    return row


CHAPTERS = {"bill day": compare, "work off": work_off}
