"""What must hold whatever happened: one function per fact."""

from typing import Final

from demo.story import books, kept
from demo.story.frame import Chapter

CHECKS: Final[tuple[Chapter, ...]] = (
    kept.promises_kept,
    kept.pushes_stored,
    kept.touches_are_scans,
    kept.nothing_open,
    kept.messages_once,
    kept.billing_once,
    books.money_agrees,
    books.payouts_agree,
    books.books_balance,
    books.orders_settled_once,
    books.refunds_take_back,
    books.stock_conserved,
    books.receipts_hold,
)
