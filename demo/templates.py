"""The demo's message templates: the same at the pretend WeChat and in the service."""

FIELDS = {
    "number": "character_string1",
    "goods": "thing2",
    "amount": "amount3",
    "paid_at": "time4",
}
# purpose -> title at the platform
TITLES = {"order_paid": "订单支付成功通知", "rep_order": "客户下单通知"}
LABELS = {"number": "订单编号", "goods": "商品", "amount": "金额", "paid_at": "支付时间"}


def template_id(purpose: str) -> str:
    """The id the pretend platform gave the template of a purpose."""
    return f"TPL{purpose.replace('_', '').upper():0<40}"


def content() -> str:
    """The template's text as the platform keeps it."""
    return "\n".join(f"{LABELS[name]}：{{{{{key}.DATA}}}}" for name, key in FIELDS.items())
