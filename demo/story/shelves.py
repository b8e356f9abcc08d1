"""Goods and phone numbers: never below zero, never anybody else's."""

from collections import defaultdict

from demo.story.frame import Story, expect


def stock_was_never_negative(story: Story) -> str:
    """At no move did a shelf promise more than it had, or have less than nothing."""
    on_hand: dict[int, int] = defaultdict(int)
    reserved: dict[int, int] = defaultdict(int)
    moves = story.rows(
        "SELECT id, stock_id, on_hand_change, reserved_change FROM stock_move ORDER BY id"
    )
    for move in moves:
        stock = move["stock_id"]
        on_hand[stock] += move["on_hand_change"]
        reserved[stock] += move["reserved_change"]
        holds = 0 <= reserved[stock] <= on_hand[stock]
        expect(f"stock {stock} after move {move['id']} holds", holds, True)
    return f"{len(moves)} moves"


def promises_end_once(story: Story) -> str:
    """Every promise of goods was made once, and ended once if it ended: taken, or let go."""
    made = "SELECT count(*) FROM stock_move WHERE reservation_id = reservation.id AND kind ="
    wrong = story.rows(
        f"SELECT key FROM reservation WHERE ({made} 'reserved') <> 1"  # noqa: S608 - our own text
        f" OR ({made} 'taken') + ({made} 'released') <> CASE status WHEN 'held' THEN 0 ELSE 1 END"
    )
    expect("promises that ended otherwise than once", wrong, [])
    return f"{story.count('reservation')} promises"


def numbers_are_one_persons(story: Story) -> str:
    """A phone number has at most one live line, and that line is the one it is kept for."""
    twice = story.rows(
        "SELECT number_reference FROM order_line"
        " JOIN sales_order ON sales_order.id = order_line.order_id"
        " WHERE number_reference IS NOT NULL AND order_line.fulfilment <> 'cancelled'"
        " AND sales_order.status NOT IN ('closed', 'refunded')"
        " GROUP BY number_reference HAVING count(*) > 1"
    )
    expect("numbers of two lines", twice, [])
    free = story.rows(
        "SELECT msisdn FROM phone_number JOIN order_line"
        " ON order_line.number_reference = phone_number.msisdn"
        " JOIN sales_order ON sales_order.id = order_line.order_id"
        " WHERE order_line.fulfilment = 'activated' AND sales_order.status = 'paid'"
        " AND phone_number.state <> 'sold'"
    )
    expect("numbers in use that are not sold", free, [])
    sold = story.value("SELECT count(*) FROM phone_number WHERE state = 'sold'")
    return f"{sold} sold"
