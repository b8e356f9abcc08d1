"""What every account answers until it has rules of its own, on one screen.

Texts may name: {rep} and {outlet}, who stands behind the code; {showroom}, where it leads.
"""

from typing import Final

from menus.rules import ReplyKind, Rule, Trigger
from menus.tree import Button

_LAST: Final = 1_000  # after an account's own rules


def _says(trigger: Trigger, match: str, text: str) -> Rule:
    return Rule(trigger, match, ReplyKind.TEXT, {"text": text}, _LAST)


def _transfers(trigger: Trigger, match: str) -> Rule:
    return Rule(trigger, match, ReplyKind.TRANSFER, {}, _LAST)


WELCOME_BY_REP: Final = '欢迎关注！我是{outlet}的{rep}，很高兴为您服务。\n<a href="{showroom}">点击进入我的展厅</a>，随时下单，到店可取。'
WELCOME: Final = "欢迎关注！选机、选号、办套餐，点击下方菜单即可，二十四小时都能下单。"
SCANNED_BY_REP: Final = '您好，我是{outlet}的{rep}。\n<a href="{showroom}">点击进入我的展厅</a>'
SCANNED: Final = "您好，请点击下方菜单选购。"

POSTER_KEY: Final = "my_poster"
POSTER_WORDS: Final = ("海报", "我的海报")  # answered by a poster, as an image a moment later


def _by_rep(trigger: Trigger, text: str, text_by_rep: str) -> Rule:
    content = {"text": text, "text_by_rep": text_by_rep}
    return Rule(trigger, "", ReplyKind.TEXT, content, _LAST)


def _is_silent(trigger: Trigger, match: str) -> Rule:
    return Rule(trigger, match, ReplyKind.SILENCE, {}, _LAST)


DEFAULT_RULES: Final[tuple[Rule, ...]] = (
    _by_rep(Trigger.FOLLOW, WELCOME, WELCOME_BY_REP),
    _by_rep(Trigger.SCAN, SCANNED, SCANNED_BY_REP),
    *(_is_silent(Trigger.EXACT, word) for word in POSTER_WORDS),
    _is_silent(Trigger.CLICK, POSTER_KEY),
    _transfers(Trigger.EXACT, "人工"),
    _transfers(Trigger.CONTAINS, "人工客服"),
    _transfers(Trigger.CONTAINS, "投诉"),
    _says(Trigger.CONTAINS, "订单", "请点击菜单“我的”查看订单；需要人工服务请回复“人工”。"),
    _says(Trigger.CONTAINS, "退款", "请在订单详情页申请退款；需要人工服务请回复“人工”。"),
    _says(
        Trigger.CONTAINS, "营业时间", "各营业厅的营业时间请在展厅页面查看，线上二十四小时可下单。"
    ),
    _transfers(Trigger.CLICK, "human_service"),
    _says(
        Trigger.DEFAULT, "", "您好，已收到您的消息。回复“人工”转人工客服，或点击下方菜单自助办理。"
    ),
)


def default_menu(base_url: str) -> tuple[Button, ...]:
    """The menu an account starts with: the mall, the reps' corner, and people."""
    return (
        Button(
            name="商城",
            below=(
                Button(name="网上商城", type="view", url=f"{base_url}/"),
                Button(name="我的订单", type="view", url=f"{base_url}/orders"),
            ),
        ),
        Button(
            name="员工",
            below=(
                Button(name="我的海报", type="click", key=POSTER_KEY),
                Button(name="个人终端", type="view", url=f"{base_url}/terminal/"),
            ),
        ),
        Button(name="人工客服", type="click", key="human_service"),
    )
