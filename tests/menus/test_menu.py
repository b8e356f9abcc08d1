"""The menu under a chat, and the platform's limits on it."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from menus.tree import BadMenu, Button, check_menu, publish_menu, published_menu

SHOP = Button(name="商城", type="view", url="https://wx.test/")
POSTER = Button(name="我的海报", type="click", key="my_poster")
MENU = (
    SHOP,
    Button(name="我的", below=(POSTER, Button(name="订单", type="view", url="https://x"))),
)


class Platform:
    """Keeps a menu as the platform does."""

    def __init__(self) -> None:
        self.kept: list[Mapping[str, Any]] | None = None

    def create_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None:
        self.kept = list(buttons)

    def menu(self) -> dict[str, Any] | None:
        return None if self.kept is None else {"menu": {"button": self.kept, "menuid": 1}}


def test_published_menu_reads_back_as_it_was() -> None:
    platform = Platform()
    assert published_menu(platform) == ()

    publish_menu(platform, MENU)

    assert published_menu(platform) == MENU
    assert platform.kept == [
        {"name": "商城", "type": "view", "url": "https://wx.test/"},
        {
            "name": "我的",
            "sub_button": [
                {"name": "我的海报", "type": "click", "key": "my_poster"},
                {"name": "订单", "type": "view", "url": "https://x"},
            ],
        },
    ]


def test_bad_menu_is_not_sent() -> None:
    platform = Platform()
    with pytest.raises(BadMenu):
        publish_menu(platform, ())

    assert platform.kept is None


@pytest.mark.parametrize(
    "button",
    [
        Button(name="x" * 16, type="click", key="k" * 128),
        Button(name="字字字字字", type="view", url="https://" + "x" * 1016),
        Button(
            name="x", below=tuple(Button(name="x" * 60, type="click", key="k") for _ in "12345")
        ),
        Button(name="x", type="miniprogram", url="https://x", appid="wx1", pagepath="p"),
        Button(name="x", type="scancode_waitmsg", key="k"),
        Button(name="x", type="media_id", media_id="m"),
    ],
)
def test_menu_at_its_limits_is_taken(button: Button) -> None:
    check_menu((button, SHOP, SHOP))


@pytest.mark.parametrize(
    ("button", "place"),
    [
        (Button(name="", type="click", key="k"), "1"),
        (Button(name="x" * 17, type="click", key="k"), "1"),
        (Button(name="字" * 6, type="click", key="k"), "1"),
        (Button(name="x"), "1"),
        (Button(name="x", type="hologram", key="k"), "1"),
        (Button(name="x", type="click"), "1"),
        (Button(name="x", type="click", key="k" * 129), "1"),
        (Button(name="x", type="view", url="https://" + "x" * 1017), "1"),
        (Button(name="x", type="view", url="javascript:alert(1)"), "1"),
        (Button(name="x", type="miniprogram", appid="wx1", pagepath="p"), "1"),
        (Button(name="x", below=(POSTER,) * 6), "1"),
        (Button(name="x", type="click", key="k", below=(POSTER,)), "1"),
        (Button(name="x", below=(POSTER, Button(name="字" * 21, type="click", key="k"))), "1.2"),
        (Button(name="x", below=(Button(name="y", below=(POSTER,)),)), "1.1"),
        (Button(name="x", below=(Button(name="y", type="view"),)), "1.1"),
    ],
)
def test_menu_beyond_its_limits_is_refused(button: Button, place: str) -> None:
    with pytest.raises(BadMenu) as refusal:
        check_menu((button,))

    assert list(refusal.value.details) == [place]


def test_menu_has_three_buttons_at_most() -> None:
    with pytest.raises(BadMenu) as refusal:
        check_menu((SHOP,) * 4)

    assert list(refusal.value.details) == ["menu"]
