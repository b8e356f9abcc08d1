"""The demo's message templates: the same at the pretend WeChat and in the service."""

# purpose -> title at the platform
TITLES = {
    "order_paid": "订单支付成功通知",
    "rep_order": "客户下单通知",
    "real_name": "实名认证提醒",
}
# Our name of a value -> its field at the platform, and what it is called there.
_ORDER = {
    "number": ("character_string1", "订单编号"),
    "goods": ("thing2", "商品"),
    "amount": ("amount3", "金额"),
    "paid_at": ("time4", "支付时间"),
}
_REAL_NAME = {
    "number": ("character_string1", "订单编号"),
    "goods": ("thing2", "商品"),
    "until": ("time5", "截止时间"),
}
_VALUES = {"real_name": _REAL_NAME}


def fields(purpose: str) -> dict[str, str]:
    """Which field each of our values fills."""
    return {name: field for name, (field, _) in _VALUES.get(purpose, _ORDER).items()}


def template_id(purpose: str) -> str:
    """The id the pretend platform gave the template of a purpose."""
    return f"TPL{purpose.replace('_', '').upper():0<40}"


def content(purpose: str) -> str:
    """The template's text as the platform keeps it."""
    values = _VALUES.get(purpose, _ORDER).values()
    return "\n".join(f"{label}：{{{{{field}.DATA}}}}" for field, label in values)
