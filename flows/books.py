"""What sales and refunds mean in the ledger: one posting per step, each once by its key."""

from collections.abc import Iterable
from datetime import datetime

from ledger import operations as ledger
from ledger.models import AccountKind
from ledger.queries import posting_id
from ledger.values import AccountName, credit, debit, of_company, of_merchant
from orders.models import OrderLine, SalesOrder
from payments.models import Payment, Refund

RECEIVABLE = of_company(AccountKind.RECEIVABLE)
REVENUE = of_company(AccountKind.REVENUE)
COLLECTED = of_company(AccountKind.COLLECTED_FOR_BILLING)
OWED_BACK = of_company(AccountKind.REFUND_CLEARING)


def money_came(payment: Payment, *, is_wanted: bool, now: datetime) -> None:
    """Money lies at WeChat Pay: for an order, or owed back to the payer at once."""
    source = RECEIVABLE if is_wanted else OWED_BACK
    ledger.post(
        kind="payment",
        key=f"payment:{payment.out_trade_no}",
        legs=[debit(_clearing(payment), payment.amount_fen), credit(source, payment.amount_fen)],
        now=now,
    )


def sold(order: SalesOrder, lines: Iterable[OrderLine], *, now: datetime) -> None:
    """The order is paid: our revenue, and prepaid fees that belong to billing."""
    collected_fen = sum(line.collected_fen for line in lines)
    ledger.post(
        kind="sale",
        key=f"sale:{order.number}",
        legs=[
            debit(RECEIVABLE, order.payable_fen),
            credit(REVENUE, order.payable_fen - collected_fen),
            credit(COLLECTED, collected_fen),
        ],
        now=now,
    )


def sale_failed(payment: Payment, *, now: datetime) -> None:
    """Money came for an order that cannot be served any more: it is owed back."""
    ledger.post(
        kind="sale_failed",
        key=f"sale_failed:{payment.out_trade_no}",
        legs=[debit(RECEIVABLE, payment.amount_fen), credit(OWED_BACK, payment.amount_fen)],
        now=now,
    )


def refund_agreed(refund: Refund, *, collected_fen: int, now: datetime) -> None:
    """Part of a sale goes back: out of revenue and prepaid fees, owed to the buyer."""
    ledger.post(
        kind="refund",
        key=_agreed(refund),
        legs=[
            debit(REVENUE, refund.amount_fen - collected_fen),
            debit(COLLECTED, collected_fen),
            credit(OWED_BACK, refund.amount_fen),
        ],
        now=now,
    )


def refund_failed(refund: Refund, *, now: datetime) -> None:
    """No money moved: what was agreed is taken back, and what was owed anyway stays owed."""
    agreed_id = posting_id(_agreed(refund))
    if agreed_id is not None:
        ledger.reverse(posting_id=agreed_id, key=f"refund_failed:{refund.out_refund_no}", now=now)


def refund_paid(refund: Refund, payment: Payment, *, now: datetime) -> None:
    """WeChat Pay has returned the money."""
    ledger.post(
        kind="refund_paid",
        key=f"refund_paid:{refund.out_refund_no}",
        legs=[debit(OWED_BACK, refund.amount_fen), credit(_clearing(payment), refund.amount_fen)],
        now=now,
    )


def _agreed(refund: Refund) -> str:
    return f"refund:{refund.out_refund_no}"


def _clearing(payment: Payment) -> AccountName:
    return of_merchant(AccountKind.WECHAT_CLEARING, payment.mchid)
