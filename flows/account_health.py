"""How the accounts at WeChat are: token, pushes, codes, and what calls are left today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.accounts import account_within, accounts_within
from members.sync_models import FollowerSync
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
    "/cgi-bin/menu/create": "发布菜单",
    "/cgi-bin/media/upload": "上传素材",
}
"""The calls whose quota is asked for, by path; what they are for."""


@dataclass(frozen=True, slots=True)
class Health:
    """One account as it stands; the token itself is nowhere in it."""

    account: Account
    token: TokenState
    pushes: PushFigures
    codes_used: int
    codes_capacity: int
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


def healths(node_id: int, *, now: datetime) -> list[Health]:
    """The accounts that belong to a node or to something below it."""
    return [_health(each, now) for each in accounts_within(node_id)]


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


def _health(account: Account, now: datetime) -> Health:
    used, capacity = codes_drawn(account.appid)
    return Health(
        account=account,
        token=token_state(account.appid),
        pushes=push_figures(account.name, since=now - LOOKED_BACK),
        codes_used=used,
        codes_capacity=capacity,
        sync=latest_sync(account.appid),
    )
