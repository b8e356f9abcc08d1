"""An order with an attempt to pay it, and what WeChat Pay would say about it."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from orders.models import OrderStatus
from orders.moves import locked_order
from orders.queries import order_by_id
from payments.attempts import Demand, open_attempt, start_prepay
from payments.models import ExceptionItem, Payment
from payments.operations import Settlement, Source, settle_payment
from payments.rules import PaymentFact
from tests.catalog.shelf import NOON, Wares
from tests.orders.buyers import APPID, Buyer, phone, place
from wx_backend.db import db, retried, transaction

MCHID = "1900000109"
LATER = NOON + timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Attempt:
    id: int
    order_id: int
    out_trade_no: str
    amount_fen: int


def order_of(buyer: Buyer, wares: Wares, key: str = "submit-1") -> int:
    """One phone ordered, unpaid."""
    return place(buyer.wishes(phone(wares), key=key)).order.id


def attempt_for(order_id: int, *, description: str = "星河手机") -> Attempt:
    """A sent attempt to pay an order; another description makes another attempt."""
    with transaction():
        order = locked_order(order_id)
        demand = Demand(
            order_id=order.id,
            identity_id=order.identity_id,
            mchid=MCHID,
            appid=APPID,
            amount_fen=order.payable_fen,
            description=description,
            expires_at=order.expires_at,
        )
        payment = open_attempt(demand=demand, now=NOON)
        start_prepay(payment_id=payment.id)
        return Attempt(payment.id, order_id, payment.out_trade_no, payment.amount_fen)


def paid(attempt: Attempt, **other: object) -> PaymentFact:
    """The fact that this attempt was paid, with `other` fields as a forger might have them."""
    fields: dict[str, object] = {
        "mchid": MCHID,
        "appid": APPID,
        "out_trade_no": attempt.out_trade_no,
        "trade_state": "SUCCESS",
        "transaction_id": f"42000{attempt.id:09d}",
        "amount_fen": attempt.amount_fen,
        "payer_total_fen": attempt.amount_fen,
        "currency": "CNY",
        "success_at": LATER,
    }
    return PaymentFact(**{**fields, **other})  # type: ignore[arg-type]  # forged fields are meant to be odd


def settle(fact: PaymentFact, *, order_id: int, source: Source = Source.NOTICE) -> Settlement:
    """Apply a fact as the flow does: order locked first."""

    def work() -> Settlement:
        order = locked_order(order_id)
        return settle_payment(
            fact=fact,
            takes_payment=order.status == OrderStatus.PLACED,
            source=source,
            now=LATER,
        )

    return retried(work)


def payment_row(payment_id: int) -> Payment:
    """The attempt as committed."""
    db.session.rollback()
    return db.session.get_one(Payment, payment_id)


def exception_kinds() -> list[str]:
    """Kinds of all exception items, in the order they were opened."""
    db.session.rollback()
    return list(db.session.scalars(select(ExceptionItem.kind).order_by(ExceptionItem.id)))


def status_of(order_id: int) -> str:
    """The order's status as committed."""
    db.session.rollback()
    order = order_by_id(order_id)
    assert order is not None
    return order.status
