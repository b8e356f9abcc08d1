"""The demo's message templates: the same at the pretend WeChat and in the service."""

from flows.message_events import EVENTS

# purpose -> title at the platform
TITLES = {
    "order_paid": "订单支付成功通知",
    "rep_order": "客户下单通知",
    "real_name": "实名认证提醒",
    "pickup_ready": "到店取货提醒",
    "task_overdue": "工单超时提醒",
    "night_list": "夜间订单清单通知",
}
# Which kind of field takes a value, by our name of it.
_KINDS = {
    "number": "character_string",
    "goods": "thing",
    "step": "thing",
    "amount": "amount",
    "paid_at": "time",
    "until": "time",
    "due_at": "time",
    "day": "time",
    "orders": "number",
    "visits": "number",
}


def fields(purpose: str) -> dict[str, str]:
    """Which field each of our values fills: they are numbered as they come, as the platform does."""
    names = enumerate(EVENTS[purpose].values, start=1)
    return {name: f"{_KINDS[name]}{place}" for place, name in names}


def template_id(purpose: str) -> str:
    """The id the pretend platform gave the template of a purpose."""
    return f"TPL{purpose.replace('_', '').upper():0<40}"


def content(purpose: str) -> str:
    """The template's text as the platform keeps it."""
    values = EVENTS[purpose].values
    return "\n".join(
        f"{values[name].name}：{{{{{field}.DATA}}}}" for name, field in fields(purpose).items()
    )
