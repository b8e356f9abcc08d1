"""What a payment or a refund can be refused for."""

from wx_backend.errors import Conflict, NotFound


class AlreadyPaid(Conflict):
    code, message = "already_paid", "订单已支付"


class NotPaid(Conflict):
    code, message = "not_paid", "该笔支付未成功，无法退款"


class RefundExceedsPayment(Conflict):
    """More would go back than came in, refunds under way included."""

    code, message = "refund_exceeds_payment", "退款总额超过实付金额"


class RefundTooSoon(Conflict):
    """WeChat Pay wants a minute between two refunds of one payment."""

    code, message = "refund_too_soon", "两次退款须间隔一分钟，请稍后再试"


class TooManyRefunds(Conflict):
    """WeChat Pay takes 50 partial refunds of one payment at most."""

    code, message = "too_many_refunds", "该笔支付的退款次数已达上限"


class RefundTooLate(Conflict):
    """WeChat Pay refunds within one year of the payment."""

    code, message = "refund_too_late", "支付已超过一年，无法原路退款"


class NotAbnormal(Conflict):
    code, message = "not_abnormal", "该笔退款不是异常状态，或已安排其他退回方式"


class NoSuchProposal(NotFound):
    """There is none, or it is about another part's order: both are answered alike."""

    message = "退款申请不存在"
