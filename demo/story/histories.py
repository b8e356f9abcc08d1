"""Orders and what hangs on them: allowed moves only, told by whom and why, in step with WeChat Pay."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from demo.story.frame import Story, expect
from orders.rules import LINE_MOVES, MOVES

Rows = Sequence[Mapping[str, Any]]
# Not yet at rest: what may not stay so for ever, and where.
TRANSIENT: Final = {
    "orders that wait for money past their time": "SELECT count(*) FROM sales_order"
    " WHERE status = 'placed' AND expires_at < (SELECT max(moved_at) FROM order_transition)"
    " AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.order_id = sales_order.id)",
    "refunds on their way": "SELECT count(*) FROM refund"
    " WHERE status NOT IN ('succeeded', 'closed')",
    "hand-overs on their way": "SELECT count(*) FROM hand_over WHERE status <> 'accepted'",
}


def histories_are_paths(story: Story) -> str:
    """Every order's and line's history is an unbroken allowed path to where it stands."""
    moves: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in story.rows("SELECT * FROM order_transition ORDER BY order_id, position"):
        moves[row["order_id"]].append(row)
    orders = story.rows("SELECT id, number, status, moves FROM sales_order")
    for order in orders:
        found = moves[order["id"]]
        positions = [row["position"] for row in found]
        expect(f"moves of {order['number']}", positions, [*range(1, order["moves"] + 1)])
        _expect_path(order, [row for row in found if row["line_id"] is None])
        _expect_line_moves([row for row in found if row["line_id"] is not None])
    return f"{len(orders)} orders, {sum(map(len, moves.values()))} moves"


def moves_name_actor_and_cause(story: Story) -> str:
    """Every move says who made it, and why."""
    nameless = story.value(
        "SELECT count(*) FROM order_transition WHERE actor = '' OR cause = ''"
        " OR actor IS NULL OR cause IS NULL"
    )
    expect("moves by nobody, or for no reason", nameless, 0)
    return f"{story.count('order_transition')} moves"


def closed_orders_keep_no_money(story: Story) -> str:
    """Money that came for a closed order goes back, and nothing stays on its way."""
    kept = story.rows(
        "SELECT sales_order.number FROM sales_order"
        " JOIN payment ON payment.order_id = sales_order.id"
        " WHERE sales_order.status = 'closed' AND payment.status = 'succeeded'"
        " AND payment.refunded_fen <> payment.amount_fen"
    )
    expect("closed orders whose money is here", kept, [])
    left = {name: story.value(query) for name, query in TRANSIENT.items()}
    expect("on their way", left, dict.fromkeys(TRANSIENT, 0))
    return "none is kept, none waits"


def sales_agree_with_wechat_pay(story: Story) -> str:
    """Each order's winning payment is one transaction there: same amount, merchant, account."""
    there = {fact["transaction_id"]: fact for fact in story.witness("payment")}
    rows = story.rows(
        "SELECT payment.*, sales_order.payable_fen FROM payment"
        " JOIN sales_order ON sales_order.id = payment.order_id WHERE payment.is_winner"
    )
    names = ("out_trade_no", "amount_fen", "mchid", "appid")
    for row in rows:
        found = [there.get(row["transaction_id"], {}).get(name) for name in names]
        expect(row["out_trade_no"], found, [row[name] for name in names])
        expect(f"{row['out_trade_no']} is paid in", row["currency"], "CNY")
        expect(f"{row['out_trade_no']} costs", row["amount_fen"], row["payable_fen"])
    won = [row["transaction_id"] for row in rows]
    expect("transactions that won twice", len(won) - len(set(won)), 0)
    return f"{len(rows)} sales"


def no_payment_is_unassigned(story: Story) -> str:
    """Money that came is an order's, or goes back by itself."""
    wrong = story.rows(
        "SELECT payment.out_trade_no FROM payment WHERE payment.status = 'succeeded'"
        " AND NOT payment.is_winner AND payment.refund_reserved_fen <> payment.amount_fen"
    )
    expect("payments that are nobody's", wrong, [])
    came = {fact["out_trade_no"] for fact in story.witness("payment")}
    known = {row["out_trade_no"] for row in story.rows("SELECT out_trade_no FROM payment")}
    expect("payments we do not know", came - known, set())
    return f"{len(came)} payments"


def coupons_are_the_platforms(story: Story) -> str:
    """We give no coupons of our own: what a payer saves is WeChat's, and the sale is worth all of it."""
    wrong = story.rows(
        "SELECT out_trade_no FROM payment WHERE payer_total_fen > amount_fen OR payer_total_fen < 0"
    )
    expect("payments dearer than their order", wrong, [])
    return "none issued here"


def _expect_path(order: Mapping[str, Any], own: Rows) -> None:
    number = order["number"]
    expect(f"{number} begins", own[0]["from_status"], None)
    expect(f"{number} stands", own[-1]["to_status"], order["status"])
    for before, after in pairwise(own):
        expect(f"{number} goes on", after["from_status"], before["to_status"])
        allowed = MOVES[before["to_status"]]
        expect(f"{number} may move to {after['to_status']}", after["to_status"] in allowed, True)


def _expect_line_moves(moves: Rows) -> None:
    for move in moves:
        allowed = LINE_MOVES[move["from_status"]]
        line, to = move["line_id"], move["to_status"]
        expect(f"line {line} may move to {to}", to in allowed, True)
