"""微信账号: how each account is, without its token, and what WeChat says is left today."""

import pytest

from tests.console.conftest import Desks
from tests.console.world import APPID, World
from wx_backend import clock
from wx_backend.db import db, transaction
from wx_backend.tokens import PlatformToken

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
