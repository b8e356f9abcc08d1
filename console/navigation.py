"""Where the console's pages are found: a few menus, each showing only what a role may open."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Place:
    """A page in a menu; `stands_for` are the beginnings of the endpoints that belong to it.

    `is_for_the_top`: only for who is above every outlet, whatever his role.
    """

    endpoint: str
    name: str
    stands_for: tuple[str, ...]
    is_for_the_top: bool = False

    def holds(self, endpoint: str) -> bool:
        """Whether an endpoint belongs to this page."""
        return endpoint.startswith(self.stands_for)


@dataclass(frozen=True, slots=True)
class Menu:
    """Some pages under one word; `is_here` says that the page being looked at is among them."""

    name: str
    places: tuple[Place, ...]
    is_here: bool = False


MENUS: Final[Mapping[str, tuple[Place, ...]]] = {
    "概览": (
        Place("console.dashboard.show", "今日概览", ("console.dashboard",)),
        Place("console.figures.index", "经营数据", ("console.figures",)),
        Place("console.briefing.index", "每日简报", ("console.briefing",)),
    ),
    "销售": (
        Place("console.orders.index", "订单", ("console.orders", "console.receipts")),
        Place("console.pool.index", "订单池", ("console.pool",)),
        Place("console.claims.index", "微信换绑", ("console.claims",)),
        Place("console.disputes.index", "归属争议", ("console.disputes",)),
        Place("console.policies.index", "归属规则", ("console.policies",)),
        Place(
            "console.products.index",
            "商品",
            (
                *("console.products", "console.product_editor", "console.skus"),
                *("console.albums", "console.shelves"),
            ),
        ),
        Place("console.stock.index", "库存", ("console.stock",)),
        Place("console.numbers.index", "号码", ("console.numbers",)),
    ),
    "人员": (
        Place("console.reps.index", "员工", ("console.reps", "console.rep_moves")),
        Place("console.farming.index", "推广核查", ("console.farming",)),
        Place("console.places.index", "组织", ("console.places",)),
        Place("console.staff.index", "账号", ("console.staff.",)),
        Place("console.imports.index", "批量导入", ("console.imports",)),
    ),
    "营销": (
        Place(
            "console.campaigns.index",
            "活动",
            (
                "console.campaigns",
                "console.campaign_lists",
                "console.campaign_people",
                "console.mass_sends",
            ),
        ),
        Place("console.banners.index", "活动位", ("console.banners",)),
        Place("console.tags.index", "标签", ("console.tags",)),
        Place("console.menus.index", "公众号菜单", ("console.menus",)),
        Place("console.replies.index", "自动回复", ("console.replies",)),
        Place("console.message_templates.index", "消息模板", ("console.message_templates",)),
    ),
    "运营": (
        Place("console.kpis.index", "运营指标", ("console.kpis",)),
        Place("console.calendar.index", "日历与规则", ("console.calendar",)),
    ),
    "财务": (
        Place("console.reconciliation.days", "对账", ("console.reconciliation",)),
        Place("console.refunds.index", "退款", ("console.refunds",)),
        Place("console.repair.exceptions", "资金异常", ("console.repair.exceptions",)),
        Place("console.billing.index", "计费交接", ("console.billing",)),
        Place("console.rates.index", "佣金规则", ("console.rates",)),
        Place("console.payouts.index", "发放", ("console.payouts",)),
        Place("console.statements.index", "结算单", ("console.statements",)),
        Place("console.periods.index", "月结", ("console.periods",)),
    ),
    "系统": (
        Place("console.audit.index", "操作日志", ("console.audit",)),
        Place("console.repair.failures", "失败任务", ("console.repair.failures",), True),
        Place("console.stops.index", "停止与恢复", ("console.stops",), True),
        Place("console.accounts.index", "微信账号", ("console.accounts",)),
        Place("console.archives.index", "数据归档", ("console.archives",), True),
    ),
}


# What the frame itself leads to, beside the menus.
FRAME: Final = (Place("console.account.show", "我的账号", ("console.account",)),)


def menus(*, here: str, may: Callable[[str], bool], is_top: bool) -> Iterator[Menu]:
    """The menus with what may be opened, the one of the page `here` marked; empty ones are left out."""
    for name, places in MENUS.items():
        allowed = tuple(
            place
            for place in places
            if may(place.endpoint) and (is_top or not place.is_for_the_top)
        )
        if allowed:
            yield Menu(name, allowed, any(place.holds(here) for place in allowed))


def way_back(here: str) -> Place | None:
    """The page of the menus that a page below it leads back to; None on those pages themselves."""
    places = (place for group in (*MENUS.values(), FRAME) for place in group)
    found = next((place for place in places if place.holds(here)), None)
    return found if found and found.endpoint != here else None
