"""微信账号: how each account is, without its token, and what WeChat says is left today."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.console.conftest import Desks
from tests.console.world import APPID, World
from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend import clock
from wx_backend.claims import WorkStatus
from wx_backend.config import Config
from wx_backend.db import db, transaction
from wx_backend.inbox import Push
from wx_backend.platform import client
from wx_backend.tokens import PlatformToken, token_state

TOKEN = "a-token-nobody-may-see"


@pytest.fixture
def pushed(world: World) -> None:
    """A token that is good for a while, and a push of a moment ago."""
    assert world
    now = clock.now()
    with transaction():
        db.session.add(
            PlatformToken(
                name=f"access_token:{APPID}", value=TOKEN, expires_at=now, holder="", until=now
            )
        )


def test_an_account_is_shown_without_its_token(desk_of: Desks, pushed: None) -> None:
    assert pushed is None
    page = desk_of("root").get("/accounts").text
    assert "从未收到" in page
    assert "已到期" in page
    assert "100,000" in page
    assert TOKEN not in page


def test_whose_outlet_is_elsewhere_sees_nothing(desk_of: Desks, world: World) -> None:
    assert world
    desk = desk_of("north")
    assert APPID not in desk.get("/accounts").text
    assert desk.post("/accounts/city/quotas").status_code == 404
    assert desk_of("root").post("/accounts/nobody/quotas").status_code == 404


def test_wechat_says_what_is_left(desk_of: Desks, served: str, world: World) -> None:
    assert served
    assert world
    page = desk_of("root").post("/accounts/city/quotas").text
    assert "发送模板消息" in page
    assert "剩余" in page
    assert "微信未告知" not in page


def test_how_old_a_token_is(desk_of: Desks, world: World) -> None:
    assert world
    now = clock.now()
    with transaction():
        db.session.add(
            PlatformToken(
                name=f"access_token:{APPID}",
                value=TOKEN,
                expires_at=now + timedelta(minutes=61),
                renewed_at=now - timedelta(minutes=59),
                holder="",
                until=now,
            )
        )
    page = desk_of("root").get("/accounts").text
    assert "取得 59 分钟" in page
    assert "还有 1 小时" in page


def test_when_a_token_was_fetched_is_kept(app: Flask, served: str, world: World) -> None:
    assert served
    assert world
    before = clock.now()
    client(APPID).quota("/cgi-bin/user/info")
    db.session.rollback()
    renewed = token_state(APPID).renewed_at
    assert renewed is not None
    assert before - timedelta(seconds=1) <= renewed <= clock.now()
    assert app.testing


@pytest.mark.parametrize(
    ("ago", "status", "said"),
    [
        (timedelta(minutes=5), WorkStatus.DONE, "正常"),
        (timedelta(minutes=5), WorkStatus.DEAD, "有失败"),
        (timedelta(days=2), WorkStatus.DONE, "一天没有推送"),
    ],
)
def test_how_the_callback_is(
    desk_of: Desks, world: World, ago: timedelta, status: WorkStatus, said: str
) -> None:
    assert world
    at = clock.now() - ago
    with transaction():
        receive(
            key=b"k" * 16,
            account="city",
            event_at=at,
            known_at=at,
            due_at=at,
            attempts=0,
            status=status,
        )
    page = desk_of("root").get("/accounts").text
    assert said in page
    assert "未接通" in page  # the other account


def receive(*, key: bytes, account: str, **said: Any) -> None:
    db.session.add(
        Push(
            key=key, account=account, kind="text", raw=b"<xml/>", digest=b"d" * 32, reply="", **said
        )
    )


def test_whether_the_menu_is_as_published(
    wechat: Stage, config: Config, desk_of: Desks, world: World, run_jobs: Callable[[], None]
) -> None:
    assert world
    announce(wechat, config, "http://127.0.0.1:9")
    root, marketer = desk_of("root"), desk_of("marketer")
    assert "未由本系统发布" in root.get("/accounts").text
    old = [{"type": "view", "name": "旧菜单", "url": "http://old.example/"}]
    wechat.control("PUT", f"/accounts/{APPID}/console", menu=old)
    marketer.post("/menus/city/adopt")
    run_jobs()
    assert "已发布，一致" in root.get("/accounts").text
    changed = [{"type": "view", "name": "别人改的", "url": "http://else.example/"}]
    wechat.control("PUT", f"/accounts/{APPID}/console", menu=changed)
    marketer.post("/menus/city/compare")
    run_jobs()
    page = root.get("/accounts").text
    assert "与微信不一致" in page
    assert "处不同" in page
