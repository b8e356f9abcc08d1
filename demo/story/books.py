"""Money, stock and credit add up, and agree with what truly happened at WeChat Pay."""

import json

from sqlalchemy import func, select

from catalog.models import Reservation, ReservationStatus, Stock, StockMove
from demo.story.frame import Story, expect
from ledger.balances import compare_balances
from ledger.queries import trial_balance, unbalanced_postings
from referral.models import Receipt
from referral.proofs import broken_link
from referral.replay import is_consistent
from wx_backend.db import db


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


def payouts_agree(story: Story) -> str:
    """Each transfer that truly reached a phone is a payout booked as paid, and no other is."""
    arrived = {f["out_bill_no"]: f["amount_fen"] for f in story.witness("transfer")}
    paid = story.rows(
        "SELECT payout.number, payout.net_fen FROM payout JOIN payout_batch"
        " ON payout_batch.id = payout.batch_id"
        " WHERE payout_batch.rail = 'transfer' AND payout.status = 'paid'"
    )
    expect("transfers", {row["number"]: row["net_fen"] for row in paid}, arrived)
    return f"{len(arrived)} transfers, {sum(arrived.values())} fen"


def books_balance(story: Story) -> str:
    """The trial balance is zero, and so is every posting; stored balances are those of the entries."""
    with story.ours():
        expect("postings out of balance", unbalanced_postings(), [])
        expect("accounts stored with a wrong balance", compare_balances(mend=False), 0)
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


def receipts_hold(story: Story) -> str:
    """Every receipt follows from what it contains, and the chain of all is unbroken."""
    with story.ours():
        bodies = db.session.scalars(select(Receipt.body)).all()
        expect("a break in the chain", broken_link(), None)
    wrong = [body for body in bodies if not is_consistent(json.loads(body))]
    expect("receipts that contradict themselves", wrong, [])
    return f"{len(bodies)} receipts"
