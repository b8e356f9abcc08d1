"""Amounts add up: postings, floors, refunds, commission, shares, pay-outs."""

from collections import defaultdict
from typing import Final

from demo.story.frame import Story, expect

# Kinds of account whose balance keeps one sign at every entry: debit where positive, else credit.
FLOORS: Final = {"wechat_clearing": 1, "commission_held": -1, "collected_for_billing": -1}
WHOLE_BP: Final = 10_000


def currencies_balance(story: Story) -> str:
    """Each posting is zero in each currency."""
    wrong = story.rows(
        "SELECT entry.posting_id, account.currency FROM entry"
        " JOIN account ON account.id = entry.account_id"
        " GROUP BY entry.posting_id, account.currency HAVING sum(entry.amount_fen) <> 0"
    )
    expect("postings out of balance", wrong, [])
    return f"{story.count('posting')} postings"


def stored_sums_are_right(story: Story) -> str:
    """The sum stored with each posting is that of its entries, counted anew."""
    wrong = story.rows(
        "SELECT posting.id FROM posting"
        " LEFT JOIN posting_sum ON posting_sum.posting_id = posting.id"
        " LEFT JOIN entry ON entry.posting_id = posting.id"
        " GROUP BY posting.id, posting.entries, posting_sum.total_fen, posting_sum.entries"
        " HAVING posting_sum.total_fen IS NULL OR posting_sum.entries <> count(entry.id)"
        " OR posting.entries <> count(entry.id)"
        " OR posting_sum.total_fen <> coalesce(sum(entry.amount_fen), 0)"
    )
    expect("sums that are not those of the entries", wrong, [])
    return f"{story.count('posting_sum')} sums"


def floors_hold(story: Story) -> str:
    """No account that has a floor was ever below it, at any entry."""
    balances: dict[int, int] = defaultdict(int)
    rows = story.rows(
        "SELECT entry.id, account.id AS account, account.kind, entry.amount_fen FROM entry"
        " JOIN account ON account.id = entry.account_id ORDER BY entry.id"
    )
    watched = [row for row in rows if row["kind"] in FLOORS]
    for row in watched:
        balances[row["account"]] += row["amount_fen"]
        found = balances[row["account"]] * FLOORS[row["kind"]]
        expect(f"{row['kind']} {row['account']} after entry {row['id']}", found >= 0, True)
    return f"{len(balances)} accounts, {len(watched)} entries"


def refunds_stay_within_payments(story: Story) -> str:
    """What went back, or is on its way, is never more than was paid; each refund went once."""
    wrong = story.rows(
        "SELECT payment.out_trade_no FROM payment JOIN refund ON refund.payment_id = payment.id"
        " WHERE refund.status <> 'closed' GROUP BY payment.id, payment.out_trade_no,"
        " payment.amount_fen HAVING sum(refund.amount_fen) > payment.amount_fen"
    )
    expect("payments of which too much goes back", wrong, [])
    went = [fact["out_refund_no"] for fact in story.witness("refund")]
    expect("refunds that went more than once", len(went) - len(set(went)), 0)
    return f"{len(went)} refunds"


def commission_follows_from_its_rate(story: Story) -> str:
    """Each line earned once, by its rate; what is left is the part of it that was not refunded."""
    rows = story.rows(
        "SELECT accrual.order_line_id AS line, accrual.event, accrual.commission_fen,"
        " accrual.paid_fen, accrual.refunded_fen, order_line.quantity, order_line.paid_fen AS cost,"
        " order_line.refunded_fen AS went_back, rate_rule.rate_bp, rate_rule.piece_fen,"
        " rate_rule.tiers FROM accrual"
        " JOIN order_line ON order_line.id = accrual.order_line_id"
        " JOIN rate_rule ON rate_rule.id = accrual.rate_rule_id"
    )
    for row in rows:
        line = f"line {row['line']}"
        expect(f"{line} has tiers", row["tiers"] in (None, "null"), True)
        by_rate = row["cost"] * (row["rate_bp"] or 0) // WHOLE_BP
        expected = row["quantity"] * row["piece_fen"] if row["piece_fen"] else by_rate
        expect(f"{line} earned", row["commission_fen"], expected)
        facts = (row["paid_fen"], row["refunded_fen"])
        expect(f"{line} cost, and went back", facts, (row["cost"], row["went_back"]))
    keys = {(row["line"], row["event"]) for row in rows}
    expect("lines that earned twice", len(rows) - len(keys), 0)
    return f"{len(rows)} lines"


def take_backs_follow_from_refunds(story: Story) -> str:
    """Of each part of a commission as much is gone as of its line went back, cut to whole fen."""
    rows = story.rows(
        "SELECT commission.id, commission.amount_fen, commission.taken_back_fen,"
        " accrual.paid_fen, accrual.refunded_fen FROM commission"
        " JOIN accrual ON accrual.id = commission.accrual_id WHERE accrual.paid_fen > 0"
    )
    for row in rows:
        expected = row["amount_fen"] * row["refunded_fen"] // row["paid_fen"]
        expect(f"commission {row['id']}", row["taken_back_fen"], expected)
    return f"{len(rows)} parts"


def shares_add_up(story: Story) -> str:
    """Parts make up their whole to the fen: lines their order, refunds, commissions."""
    wholes = {
        "orders": "SELECT sales_order.number FROM sales_order"
        " JOIN order_line ON order_line.order_id = sales_order.id"
        " GROUP BY sales_order.id, sales_order.number, sales_order.payable_fen"
        " HAVING sum(order_line.paid_fen) <> sales_order.payable_fen",
        "refunds": "SELECT refund.out_refund_no FROM refund"
        " JOIN refund_line ON refund_line.refund_id = refund.id"
        " GROUP BY refund.id, refund.out_refund_no, refund.amount_fen"
        " HAVING sum(refund_line.amount_fen) <> refund.amount_fen",
        "commissions": "SELECT accrual.id FROM accrual"
        " JOIN commission ON commission.accrual_id = accrual.id"
        " GROUP BY accrual.id, accrual.commission_fen"
        " HAVING sum(commission.amount_fen) > accrual.commission_fen",
    }
    for name, query in wholes.items():
        expect(f"{name} that are not the sum of their parts", story.rows(query), [])
    return ", ".join(wholes)


def payouts_are_booked_once(story: Story) -> str:
    """Each pay-out that left was booked once, and once as arrived or as come back."""
    rows = story.rows(
        "SELECT number, status, net_fen FROM payout"
        " WHERE status NOT IN ('proposed', 'left_out', 'rejected', 'withdrawn')"
    )
    for row in rows:
        booked = {
            verb: story.value(
                "SELECT count(*) FROM posting WHERE key = :key",
                key=f"payout.{verb}:{row['number']}",
            )
            for verb in ("send", "paid", "return")
        }
        is_paid, is_back = row["status"] == "paid", row["status"] in {"failed", "cancelled"}
        expected = {"send": 1, "paid": int(is_paid), "return": int(is_back)}
        expect(f"postings of {row['number']}", booked, expected)
    paid = sum(row["net_fen"] for row in rows if row["status"] == "paid")
    funds = story.value(
        "SELECT coalesce(sum(entry.amount_fen), 0) FROM entry"
        " JOIN account ON account.id = entry.account_id WHERE account.kind = 'payout_funds'"
    )
    expect("fen paid from our funds", -funds, paid)
    return f"{len(rows)} pay-outs, {paid} fen"


def two_people_agree_to_payouts(story: Story) -> str:
    """No batch left that was not agreed to by somebody other than who proposed it."""
    wrong = story.rows(
        "SELECT number FROM payout_batch WHERE status NOT IN ('proposed', 'rejected', 'withdrawn')"
        " AND (decided_by IS NULL OR decided_by = proposed_by)"
    )
    expect("batches one person alone let go", wrong, [])
    return f"{story.count('payout_batch')} batches"
