"""What must hold whatever happened: witness, clients and database compared. One function per fact."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import func, select

from catalog.models import Reservation, ReservationStatus, Stock, StockMove
from demo.story.frame import Story, eventually, expect
from demo.story.journal import Kind, Promise
from ledger.queries import trial_balance, unbalanced_postings
from referral.models import Receipt
from referral.proofs import broken_link
from referral.replay import is_consistent
from referral.signing import signed_share
from wechat.events import dedupe_key
from wx_backend import clock, tables
from wx_backend.db import db

WORK_TABLES: Final = ("push", "pay_notice", "job")
# How many rows stand for a promise of each kind; at least one must.
PROMISED: Final[Mapping[Kind, str]] = {
    Kind.SIGN_IN: "SELECT count(*) FROM identity WHERE openid = :who AND member_id IS NOT NULL",
    Kind.TOUCH: "SELECT count(*) FROM touch JOIN identity ON identity.id = touch.identity_id"
    " WHERE touch.kind = 'link_opened' AND touch.share_id = :share AND identity.openid = :who",
    Kind.SHARE: "SELECT count(*) FROM share JOIN identity ON identity.id = share.identity_id"
    " WHERE share.id = :share AND identity.openid = :who",
    Kind.ORDER: "SELECT count(*) FROM sales_order"
    " JOIN identity ON identity.id = sales_order.identity_id"
    " WHERE sales_order.number = :about AND identity.openid = :who",
    Kind.PREPAY: "SELECT count(*) FROM payment"
    " JOIN identity ON identity.id = payment.identity_id"
    " WHERE payment.prepay_id = :about AND identity.openid = :who",
    Kind.REFUND: "SELECT count(*) FROM refund JOIN payment ON payment.id = refund.payment_id"
    " JOIN identity ON identity.id = payment.identity_id"
    " JOIN sales_order ON sales_order.id = payment.order_id"
    " WHERE sales_order.number = :about AND identity.openid = :who",
}


def promises_kept(story: Story) -> str:
    """Whatever the service acknowledged to a browser is in the database."""
    people = _openids(story)
    for kind in PROMISED:
        for promise in story.journal.of(kind):
            count = story.value(PROMISED[kind], **_promised(story, promise, people))
            expect(f"{promise} is kept", count >= 1, True)
    return f"{len(story.journal)} answers"


def pushes_stored(story: Story) -> str:
    """Every push that WeChat saw acknowledged is stored, and nothing is that WeChat did not send."""
    sent = story.witness("push.sent")
    keys = {fact["number"]: dedupe_key(story.appid, fact["fields"]) for fact in sent}
    acknowledged = {keys[fact["number"]] for fact in sent if fact["status"] == 200}
    stored = [bytes(row["key"]) for row in story.rows("SELECT key FROM push")]
    expect("acknowledged, not stored", len(acknowledged - set(stored)), 0)
    expect("stored, never sent", len(set(stored) - set(keys.values())), 0)
    return f"{len(sent)} deliveries, {len(acknowledged)} acknowledged, {len(stored)} stored"


def touches_are_scans(story: Story) -> str:
    """There is one touch for each scan that happened, however often it was told."""
    scans = {
        dedupe_key(story.appid, fact["fields"])
        for fact in story.witness("push.sent")
        if fact["status"] == 200 and _has_scene(fact["fields"])
    }
    query = "SELECT key FROM touch WHERE kind IN ('subscribe', 'scan') AND identity_id NOT IN"
    demo = "(SELECT id FROM identity WHERE openid LIKE 'oDemo%')"
    touches = [bytes(row["key"]) for row in story.rows(f"{query} {demo}")]
    expect("touches by scans", sorted(touches), sorted(scans))
    return f"{len(touches)} scans"


def nothing_open(story: Story) -> str:
    """No work is dead, none stays due."""
    for table in WORK_TABLES:
        dead = f"SELECT count(*) FROM {table} WHERE status = 'dead'"  # noqa: S608 - our own names
        expect(f"dead rows of {table}", story.value(dead), 0)
    eventually("work left", lambda: open_work(story), {}, 60)
    return "all done"


def open_work(story: Story) -> dict[str, int]:
    """How much is not done although it is due, per table."""
    return {table: count for table in WORK_TABLES if (count := _open(story, table))}


def money_agrees(story: Story) -> str:
    """What the ledger has at WeChat Pay is what truly came and went there, payment by payment."""
    came = {f["out_trade_no"]: f["amount_fen"] for f in story.witness("payment")}
    went = {f["out_refund_no"]: f["amount_fen"] for f in story.witness("refund")}
    paid = story.rows("SELECT out_trade_no, amount_fen FROM payment WHERE status = 'succeeded'")
    back = story.rows("SELECT out_refund_no, amount_fen FROM refund WHERE status = 'succeeded'")
    expect("payments", {row["out_trade_no"]: row["amount_fen"] for row in paid}, came)
    expect("refunds", {row["out_refund_no"]: row["amount_fen"] for row in back}, went)
    booked = story.value(
        "SELECT coalesce(sum(entry.amount_fen), 0) FROM entry JOIN account"
        " ON account.id = entry.account_id WHERE account.kind = 'wechat_clearing'"
    )
    expect("fen at WeChat Pay", booked, sum(came.values()) - sum(went.values()))
    return f"{len(came)} payments, {len(went)} refunds, {booked} fen"


def books_balance(story: Story) -> str:
    """The trial balance is zero, and so is every posting."""
    with story.ours():
        expect("postings out of balance", unbalanced_postings(), [])
        lines = trial_balance()
    expect("trial balance", sum(line.balance_fen for line in lines), 0)
    return f"{sum(line.debit_fen for line in lines)} fen on either side"


def orders_settled_once(story: Story) -> str:
    """Each paid order has one winning payment, one sale, and a commission per line that earns one."""
    wrong = story.rows(
        "SELECT number FROM sales_order WHERE paid_at IS NOT NULL AND"
        " ((SELECT count(*) FROM payment WHERE order_id = sales_order.id AND is_winner) <> 1"
        " OR (SELECT count(*) FROM posting WHERE key = 'sale:' || sales_order.number) <> 1"
        " OR EXISTS (SELECT 1 FROM order_line WHERE order_line.order_id = sales_order.id"
        " AND order_line.developer_rep_id IS NOT NULL AND (SELECT count(*) FROM accrual"
        " WHERE accrual.order_line_id = order_line.id) <> 1))"
    )
    expect("orders settled wrongly", [row["number"] for row in wrong], [])
    unpaid = story.value(
        "SELECT count(*) FROM payment JOIN sales_order ON sales_order.id = payment.order_id"
        " WHERE payment.status = 'succeeded' AND sales_order.paid_at IS NULL"
    )
    expect("orders whose money is here, unpaid", unpaid, 0)
    paid = story.value("SELECT count(*) FROM sales_order WHERE paid_at IS NOT NULL")
    return f"{paid} paid orders"


def stock_conserved(story: Story) -> str:
    """What lies on the shelves is what came in less what went out; reservations add up."""
    with story.ours():
        stocks = db.session.scalars(select(Stock)).all()
        for stock in stocks:
            on_hand, reserved = db.session.execute(
                select(
                    func.sum(StockMove.on_hand_change), func.sum(StockMove.reserved_change)
                ).where(StockMove.stock_id == stock.id)
            ).one()
            held = db.session.scalar(
                select(func.coalesce(func.sum(Reservation.quantity), 0)).where(
                    Reservation.stock_id == stock.id,
                    Reservation.status == ReservationStatus.HELD,
                )
            )
            said = (stock.on_hand, stock.reserved, stock.reserved)
            expect(f"stock {stock.id}", (on_hand, reserved, held), said)
    return f"{len(stocks)} shelves"


def refunds_take_back(story: Story) -> str:
    """Who got all his money back for a line earns its rep nothing any more."""
    left = story.rows(
        "SELECT order_line.id FROM order_line JOIN accrual"
        " ON accrual.order_line_id = order_line.id JOIN commission"
        " ON commission.accrual_id = accrual.id WHERE order_line.paid_fen > 0"
        " AND order_line.refunded_fen = order_line.paid_fen"
        " AND commission.taken_back_fen <> commission.amount_fen"
    )
    expect("commission left on refunded lines", left, [])
    count = "SELECT count(*) FROM order_line WHERE refunded_fen > 0"
    return f"{story.value(count)} lines"


def messages_once(story: Story) -> str:
    """Each message has one reason and was shown once; none is lost on the way."""
    shown = Counter(
        fact["client_msg_id"]
        for fact in story.witness("message.delivered")
        if fact["message"] == "template"
    )
    expect("messages shown twice", [key for key, times in shown.items() if times > 1], [])
    states = story.rows("SELECT status, count(*) AS n FROM message GROUP BY status")
    expect("messages", {row["status"]: row["n"] for row in states}, _delivered(len(shown)))
    return f"{len(shown)} messages"


def billing_once(story: Story) -> str:
    """Each paid order with a plan is at billing once, and active here by its receipt."""
    taken = Counter(fact["order_number"] for fact in story.witness("billing.order"))
    expect("orders taken twice", [key for key, times in taken.items() if times > 1], [])
    rows = story.rows(
        "SELECT sales_order.number, hand_over.status FROM hand_over"
        " JOIN sales_order ON sales_order.id = hand_over.order_id"
    )
    expect("hand-overs", {row["number"] for row in rows}, set(taken))
    expect("hand-overs not accepted", [r["number"] for r in rows if r["status"] != "accepted"], [])
    return f"{len(rows)} hand-overs"


def receipts_hold(story: Story) -> str:
    """Every receipt follows from what it contains, and the chain of all is unbroken."""
    with story.ours():
        bodies = db.session.scalars(select(Receipt.body)).all()
        expect("a break in the chain", broken_link(), None)
    wrong = [body for body in bodies if not is_consistent(json.loads(body))]
    expect("receipts that contradict themselves", wrong, [])
    return f"{len(bodies)} receipts"


def _promised(story: Story, promise: Promise, people: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {"who": people[promise.person]}
    if promise.kind in {Kind.TOUCH, Kind.SHARE}:
        with story.ours():
            values["share"] = signed_share(promise.about)
    elif promise.kind is not Kind.SIGN_IN:
        values["about"] = promise.about
    return values


def _openids(story: Story) -> dict[str, str]:
    return {
        person["name"]: contact["openid"]
        for person in story.pretend.read("people")["people"]
        for contact in person["contacts"]
        if contact["appid"] == story.appid
    }


def _has_scene(fields: Mapping[str, Any]) -> bool:
    return fields.get("Event") in {"subscribe", "SCAN"} and bool(fields.get("EventKey"))


def _open(story: Story, table: str) -> int:
    rows = tables.metadata.tables[table]
    undone = select(func.count()).where(rows.c.status == "pending", rows.c.due_at <= clock.now())
    with story.ours():
        return int(db.session.scalar(undone) or 0)


def _delivered(count: int) -> dict[str, int]:
    return {"delivered": count} if count else {}


CHECKS: Final[tuple[Callable[[Story], str], ...]] = (
    promises_kept,
    pushes_stored,
    touches_are_scans,
    nothing_open,
    money_agrees,
    books_balance,
    orders_settled_once,
    refunds_take_back,
    stock_conserved,
    messages_once,
    billing_once,
    receipts_hold,
)
