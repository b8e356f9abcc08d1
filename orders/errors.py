"""What an order can be refused for."""

from wx_backend.errors import AppError, Conflict


class QuantityRefused(AppError):
    code, message = "quantity_refused", "购买数量须为 1 到 99 的整数"


class LinesRefused(AppError):
    code, message = "lines_refused", "一个订单须有 1 到 20 件商品"


class NotListed(Conflict):
    """A variant that is not on offer (any more), or never was; `details` names it."""

    code, message = "not_listed", "商品已下架"


class PriceChanged(Conflict):
    """The buyer was shown another price; `details.prices` has today's, in fen by sku number."""

    code, message = "price_changed", "商品价格已变化，请确认后重新提交"


class DiscountTooLarge(Conflict):
    code, message = "discount_too_large", "优惠金额超过可优惠金额"


class NothingToPay(Conflict):
    code, message = "nothing_to_pay", "订单金额须大于零"


class ClientKeyReused(Conflict):
    """The submit key already belongs to an order with other content."""

    code, message = "client_key_reused", "请勿重复提交，请刷新后重试"


class OrderClosed(Conflict):
    code, message = "order_closed", "订单已关闭"


class AttributionFrozen(Conflict):
    """The order is paid or closed: who is credited is settled, a dispute may be opened."""

    code, message = "attribution_frozen", "订单已支付或关闭，归属不可更改"


class RefundTooLarge(Conflict):
    code, message = "refund_too_large", "退款金额超过该商品可退金额"


class MoveRefused(Conflict):
    """The line cannot go from where it is to there."""

    code, message = "move_refused", "当前状态不允许此操作"
