"""Chapters: what Alice earned becomes free, and comes to her by merchant transfer or by finance's file."""

import csv
import io
import re
from datetime import date, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from demo.story.browser import first
from demo.story.buying import HELD
from demo.story.calendar import wait_until
from demo.story.frame import Story, eventually, expect
from demo.story.proving import desk
from wx_backend.money import yuan

HOLD_DAYS: Final = 7  # as the demo's goods are seeded
NOON: Final = time(12)
FREE = HELD.replace("commission_held", "commission_payable")
ON_ACCOUNT = (
    "SELECT coalesce(sum(entry.amount_fen), 0) FROM entry JOIN account"
    " ON account.id = entry.account_id WHERE account.kind = :kind"
)
PAYOUT = (
    "SELECT payout.number, payout.status, payout.platform_state, payout.net_fen FROM payout"
    " JOIN payout_batch ON payout_batch.id = payout.batch_id WHERE payout_batch.number = :batch"
    " AND payout.status NOT IN ('left_out', 'rejected', 'withdrawn')"
)
BATCH = "SELECT status FROM payout_batch WHERE number = :batch"
_PLACE = re.compile(r'<option value="([0-9]+)"[^>]*>示例省分公司<')


def vest(story: Story) -> str:
    """Seven days after billing activated it the plan's commission is free; the phone's is not yet."""
    facts = story.facts
    day = date.fromisoformat(facts["bill_day"]) + timedelta(days=HOLD_DAYS)
    expect("free before", story.value(FREE, rep=facts["rep_id"]), 0)
    wait_until(story, day, NOON)
    eventually("free", lambda: story.value(FREE, rep=facts["rep_id"]), facts["kept_fen"], 60)
    expect("held", story.value(HELD, rep=facts["rep_id"]), facts["pickup_earned_fen"])
    activated = [f for f in story.witness("billing.order") if f["order_number"] == facts["order"]]
    expect(
        "activations at billing", [f["receipt_no"] for f in activated], [facts["billing_receipt"]]
    )
    page = story.browser("Alice").get("/terminal/income").text
    expect("her page says so", yuan(facts["kept_fen"]) in page, True)
    return f"{facts['kept_fen']} fen free on {day}, {facts['pickup_earned_fen']} fen still held"


def transfer(story: Story) -> str:
    """Finance proposes a merchant transfer, the cashier agrees, Alice confirms it on her phone."""
    facts, alice = story.facts, story.browser("Alice")
    batch = agreed_batch(story, rail="transfer", note="套餐佣金")
    eventually("WeChat Pay", lambda: _payout(story, batch)["platform_state"], "WAIT_USER_CONFIRM")
    payout = _payout(story, batch)
    expect("the transfer", payout["net_fen"], facts["kept_fen"])
    had = _balance(story, "Alice")
    page = alice.get("/terminal/payouts").text
    expect("it waits on her page", payout["number"] in page, True)
    sheet = alice.post(f"/api/terminal/payouts/{payout['number']}/confirm").json()
    said = story.act("Alice", "confirm_transfer", wait=False, **sheet)["err_msg"]
    expect("WeChat's sheet", said, "requestMerchantTransfer:ok")
    alice.post(f"/api/terminal/payouts/{payout['number']}/ask")
    eventually("the payout", lambda: _payout(story, batch)["status"], "paid")
    eventually("the batch", lambda: story.value(BATCH, batch=batch), "done")
    arrived = [(f["out_bill_no"], f["amount_fen"]) for f in story.witness("transfer")]
    expect("transfers at WeChat Pay", arrived, [(payout["number"], facts["kept_fen"])])
    expect("what Alice has more", _balance(story, "Alice") - had, facts["kept_fen"])
    _expect_nothing_left(story)
    facts |= {"transfer": payout["number"], "transferred_fen": facts["kept_fen"]}
    return f"{payout['number']}: {facts['kept_fen']} fen are Alice's"


def vest_goods(story: Story) -> str:
    """Seven days after Frank had his phone in hand its commission is free as well."""
    facts = story.facts
    day = date.fromisoformat(facts["bill_day"]) + timedelta(days=1 + HOLD_DAYS)
    wait_until(story, day, NOON)
    earned = facts["pickup_earned_fen"]
    eventually("free", lambda: story.value(FREE, rep=facts["rep_id"]), earned, 60)
    expect("held", story.value(HELD, rep=facts["rep_id"]), 0)
    return f"{earned} fen free on {day}, nothing is held any more"


def pay_file(story: Story) -> str:
    """The phone's commission goes by finance's file: another person takes it, fills it in, books it."""
    facts, finance, cashier = story.facts, desk(story, "finance"), desk(story, "cashier")
    batch = agreed_batch(story, rail="file", note="手机佣金")
    eventually("the batch", lambda: story.value(BATCH, batch=batch), "released")
    path = f"/console/payouts/{batch}"
    expect("its proposer is refused the file", finance.is_refused(f"{path}/file.csv"), True)
    taken = cashier.submit(f"{path}/file.csv").text
    expect("the same file again", cashier.submit(f"{path}/file.csv").text, taken)
    cashier.get(path)
    seen = cashier.upload(f"{path}/returns", "回盘.csv", filled_in(taken).encode("gb18030"))
    expect("nothing is booked before it was looked at", _payout(story, batch)["status"], "ready")
    expect("what the file will do", "登记为已付" in seen.text, True)
    cashier.submit(f"{seen.path}/apply")
    payout = _payout(story, batch)
    earned = facts["pickup_earned_fen"]
    expect("the payout", (payout["status"], payout["net_fen"]), ("paid", earned))
    expect("the batch", story.value(BATCH, batch=batch), "done")
    _expect_nothing_left(story)
    funds = story.value(ON_ACCOUNT, kind="payout_funds")
    expect("paid from our funds", -funds, facts["transferred_fen"] + earned)
    facts |= {"pay_file": batch, "paid_by_file_fen": earned}
    return f"{batch}: {earned} fen booked as paid"


def agreed_batch(story: Story, *, rail: str, note: str) -> str:
    """A batch for the whole province, proposed by finance, agreed to by the cashier; its number."""
    finance, cashier = desk(story, "finance"), desk(story, "cashier")
    place = first(_PLACE, finance.get("/console/payouts/new").text)
    terms = {"node": place, "rail": rail, "minimum": "1.00", "fee": "0", "tax": "0"}
    draft = finance.get(f"/console/payouts/new?{urlencode(terms)}").text
    expect("Alice is in the draft", story.facts["rep_name"] in draft, True)
    page = finance.submit("/console/payouts", **terms, note=note)
    batch = page.path.rpartition("/")[2]
    path = f"/console/payouts/{batch}/approve"
    expect("its proposer is refused to agree", finance.is_refused(path), True)
    cashier.get(f"/console/payouts/{batch}")
    cashier.submit(path)
    return batch


def filled_in(taken: str) -> str:
    """The pay file as a bank clerk sends it back: every row paid."""
    rows = [*csv.reader(io.StringIO(taken.removeprefix("\ufeff"), newline=""))]
    head = next(n for n, row in enumerate(rows) if "发放单号" in row)
    for row in rows[head + 1 :]:
        row[rows[head].index("结果")] = "成功"
    back = io.StringIO(newline="")
    csv.writer(back).writerows(rows)
    return back.getvalue()


def _payout(story: Story, batch: str) -> dict[str, Any]:
    """The one payout of a batch that leaves."""
    (row,) = story.rows(PAYOUT, batch=batch)
    return dict(row)


def _balance(story: Story, name: str) -> int:
    people = story.pretend.read("people")["people"]
    return int(next(person["balance_fen"] for person in people if person["name"] == name))


def _expect_nothing_left(story: Story) -> None:
    free = story.value(FREE, rep=story.facts["rep_id"])
    transit = story.value(ON_ACCOUNT, kind="payout_transit")
    expect("free, and on its way", (free, transit), (0, 0))


EARNING = {"vest": vest, "transfer": transfer, "vest goods": vest_goods}
PAYING = {"pay file": pay_file}
