"""The buyer hears that his money is back."""

from flows.messages import send_notice
from orders.queries import order_by_id
from payments.queries import order_of_attempt, refund_by_id
from wx_backend import clock
from wx_backend.clock import SHANGHAI
from wx_backend.money import yuan
from wx_backend.outbox import job
from wx_backend.platform import config

TO_BUYER = "order_refunded"


@job("refund.tell")
def tell_refunded(*, refund_id: int) -> None:
    """Tell the buyer how much was given back; accounts without a message for it tell nobody."""
    refund, now = refund_by_id(refund_id), clock.now()
    order = order_by_id(order_of_attempt(refund.payment_id))
    if order is None:
        return
    send_notice(
        key=f"{TO_BUYER}:{refund.out_refund_no}",
        identity_id=order.identity_id,
        purpose=TO_BUYER,
        values={
            "number": order.number,
            "amount": f"{yuan(refund.amount_fen).replace(',', '')}元",
            "at": f"{now.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        },
        url=f"{config().service.base_url}/orders/{order.number}",
        now=now,
    )
