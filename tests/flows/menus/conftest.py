"""An account at the pretend WeChat, with what its owner had set there before us."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.serving import announce
from tests.simulator.stage import Stage
from wx_backend.config import Config
from wx_backend.platform import client

CITY = "wx5ad0c1ee0a2b3f4d"
ARTICLE = {
    "title": "新店开业",
    "digest": "到店有礼",
    "cover_url": "https://mmbiz.example/1.jpg",
    "content_url": "https://mp.weixin.example/s/1",
    "show_cover": 0,
}
OLD_MENU = [
    {"type": "text", "name": "地址", "value": "天河路 1 号"},
    {
        "name": "看看",
        "sub_button": [
            {"type": "view", "name": "网厅", "url": "https://10086.example/"},
            {"type": "news", "name": "活动", "value": "M1", "news_info": {"list": [ARTICLE]}},
            {"type": "video", "name": "宣传片", "value": "http://v.example/1"},
        ],
    },
]
OLD_REPLIES = {
    "is_add_friend_reply_open": 1,
    "is_autoreply_open": 0,
    "add_friend_autoreply_info": {"type": "text", "content": "欢迎来到营业厅"},
    "message_default_autoreply_info": {"type": "img", "content": "MEDIA"},
    "keyword_autoreply_info": {
        "list": [
            {
                "rule_name": "资费",
                "reply_mode": "reply_all",
                "keyword_list_info": [
                    {"type": "text", "match_mode": "contain", "content": "资费"},
                    {"type": "text", "match_mode": "equal", "content": "套餐"},
                ],
                "reply_list_info": [
                    {"type": "text", "content": "资费请见网厅"},
                    {"type": "news", "news_info": {"list": [ARTICLE, ARTICLE]}},
                ],
            }
        ]
    },
}


@pytest.fixture
def account(app: Flask, wechat: Stage, config: Config) -> Stage:
    """The pretend WeChat, to which our accounts are known; nobody listens for pushes."""
    assert app.testing
    announce(wechat, config, "http://127.0.0.1:9")
    return wechat


@pytest.fixture
def used(account: Stage) -> Stage:
    """The same with an owner who had set menu and replies by hand."""
    account.control("PUT", f"/accounts/{CITY}/console", menu=OLD_MENU, replies=OLD_REPLIES)
    return account


@pytest.fixture
def made(account: Stage) -> Callable[[], dict[str, Any]]:
    """What menus the platform has by API."""
    assert account
    return lambda: client(CITY).menu() or {}
