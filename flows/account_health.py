"""How the accounts at WeChat are: token, pushes, codes, and what calls are left today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.accounts import account_within, accounts_within
from flows.menus.desk import MenuState, menu_state, published_differences
from members.sync_models import FollowerSync, SyncPhase
from members.syncing import latest_sync
from referral.queries import codes_drawn
from wx_backend.backlog import PushFigures, push_figures
from wx_backend.config import Account
from wx_backend.db import db
from wx_backend.errors import PlatformError
from wx_backend.platform import client
from wx_backend.tokens import TokenState, token_state

LOOKED_BACK: Final = timedelta(hours=24)
CALLS: Final[Mapping[str, str]] = {
    "/cgi-bin/message/template/send": "发送模板消息",
    "/cgi-bin/message/custom/send": "发送客服消息",
    "/cgi-bin/qrcode/create": "生成二维码",
    "/cgi-bin/user/info": "读取用户信息",
    "/cgi-bin/user/info/batchget": "批量读取用户信息",
    "/cgi-bin/user/get": "读取粉丝列表",
    "/cgi-bin/menu/create": "发布菜单",
    "/cgi-bin/media/upload": "上传素材",
}
"""The calls whose quota is asked for, by path; what they are for."""


@dataclass(frozen=True, slots=True)
class MenuHealth:
    """How an account's menu is: what we published, what WeChat was last seen to show.

    `differs` counts where these two are not the same; None before both are known.
    """

    published_at: datetime | None
    seen_at: datetime | None
    differs: int | None
    has_draft: bool
    is_publishing: bool
    error: str


@dataclass(frozen=True, slots=True)
class Health:
    """One account as it stands; the token itself is nowhere in it."""

    account: Account
    token: TokenState
    pushes: PushFigures
    codes_used: int
    codes_capacity: int
    menu: MenuHealth
    sync: FollowerSync | None


@dataclass(frozen=True, slots=True)
class QuotaRow:
    """What is left of one call today, or why WeChat did not say."""

    what: str
    path: str
    daily_limit: int = 0
    used: int = 0
    remain: int = 0
    error: str = ""


def is_moving(health: Health) -> bool:
    """Whether its followers are being read just now, and nobody is waited for."""
    sync = health.sync
    return sync is not None and sync.ended_at is None and sync.phase != SyncPhase.ASKING


def healths(node_id: int, *, now: datetime) -> list[Health]:
    """The accounts that belong to a node or to something below it."""
    return [_health(each, node_id, now) for each in accounts_within(node_id)]


def quotas(name: str, node_id: int) -> Sequence[QuotaRow]:
    """What WeChat says is left today, call by call; no transaction is open meanwhile. NotFound."""
    account = account_within(name, node_id)
    db.session.rollback()
    return [_quota(account.appid, path, what) for path, what in CALLS.items()]


def _quota(appid: str, path: str, what: str) -> QuotaRow:
    try:
        found = client(appid).quota(path)
    except PlatformError as error:
        return QuotaRow(what, path, error=f"{error.code} {error.message}".strip())
    return QuotaRow(what, path, found.daily_limit, found.used, found.remain)


def _health(account: Account, node_id: int, now: datetime) -> Health:
    used, capacity = codes_drawn(account.appid)
    return Health(
        account=account,
        token=token_state(account.appid),
        pushes=push_figures(account.name, since=now - LOOKED_BACK),
        codes_used=used,
        codes_capacity=capacity,
        menu=_menu(account.name, node_id),
        sync=latest_sync(account.appid),
    )


def _menu(name: str, node_id: int) -> MenuHealth:
    state = menu_state(name, node_id)
    found = published_differences(state)
    return MenuHealth(
        published_at=state.published.published_at if state.published else None,
        seen_at=state.look.seen_at if state.look else None,
        differs=None if found is None else len(found),
        has_draft=state.draft is not None,
        is_publishing=state.publication is not None,
        error=_menu_error(state),
    )


def _menu_error(state: MenuState) -> str:
    """Why the last publication or look came to nothing."""
    failed = (state.publication, state.draft, state.look)
    return next((each.error for each in failed if each is not None and each.error), "")
