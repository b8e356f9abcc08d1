"""What WeChat Pay says, as typed by its client, turned into the facts payments are settled by."""

from payments.models import RefundStatus
from payments.rules import REFUND_STATES, PaymentFact, RefundFact
from wechat.pay.facts import Paid, Refund, Transaction
from wx_backend.strict import Malformed


def payment_fact(said: Paid | Transaction) -> PaymentFact:
    """The fact in a pay notice or a query answer: the same class for both."""
    if isinstance(said, Paid):
        return _paid(said)
    if said.paid is not None:
        return _paid(said.paid)
    return PaymentFact(
        mchid=said.mchid,
        appid="",
        out_trade_no=said.out_trade_no,
        trade_state=said.trade_state,
    )


def _paid(said: Paid) -> PaymentFact:
    return PaymentFact(
        mchid=said.mchid,
        appid=said.appid,
        out_trade_no=said.out_trade_no,
        trade_state=said.trade_state,
        transaction_id=said.transaction_id,
        amount_fen=said.total_fen,
        payer_total_fen=said.payer_total_fen,
        currency=said.currency,
        success_at=said.success_at,
    )


def refund_fact(said: Refund) -> RefundFact:
    """The fact in a refund notice or answer; Malformed for a status nobody documented."""
    status = REFUND_STATES.get(said.status)
    if status is None:
        raise Malformed("a refund status nobody documented")
    return RefundFact(
        out_refund_no=said.out_refund_no,
        out_trade_no=said.out_trade_no,
        refund_id=said.refund_id,
        status=status,
        amount_fen=said.refund_fen,
        success_at=said.success_at,
    )


# The bill has words of its own for how a refund stands.
BILLED_STATES = {
    "SUCCESS": RefundStatus.SUCCEEDED,
    "PROCESSING": RefundStatus.PROCESSING,
    "CHANGE": RefundStatus.ABNORMAL,
    "FAIL": RefundStatus.CLOSED,
}
