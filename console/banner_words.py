"""How campaign slots read: where a banner stands, and what it leads to."""

from collections.abc import Mapping
from typing import Final

from catalog.banner_models import LeadsTo
from flows.banner_desk import BannerState

STATES: Final[Mapping[str, tuple[str, str]]] = {
    BannerState.SHOWN: ("active", "展示中"),
    BannerState.AHEAD: ("waiting", "未开始"),
    BannerState.OVER: ("", "已结束"),
    BannerState.OFF: ("disabled", "已下线"),
}
"""The tone of its badge, and its word."""
TARGETS: Final[Mapping[str, str]] = {
    LeadsTo.PRODUCT: "商品",
    LeadsTo.CATEGORY: "分类",
    LeadsTo.SEARCH: "搜索",
}
