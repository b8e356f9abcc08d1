"""The menu under a chat, and the platform's limits on it."""

from typing import Any

import pytest

from menus.tree import BadMenu, Button, as_json, faults_of, menu_from
from menus.whole import AccountMenu, Personal, check_whole, whole_faults

SHOP = Button(name="商城", type="view", url="https://wx.test/")
POSTER = Button(name="我的海报", type="click", key="my_poster")
MENU = (
    SHOP,
    Button(name="我的", below=(POSTER, Button(name="订单", type="view", url="https://x"))),
)


def test_a_menu_reads_back_as_it_was_told() -> None:
    shop = {"name": "商城", "type": "view", "url": "https://wx.test/"}
    below = [
        {"name": "我的海报", "type": "click", "key": "my_poster"},
        {"name": "订单", "type": "view", "url": "https://x"},
    ]
    told: list[dict[str, Any]] = [shop, {"name": "我的", "sub_button": below}]
    wrapped: list[dict[str, Any]] = [shop, {"name": "我的", "sub_button": {"list": below}}]

    assert as_json(MENU) == told
    assert menu_from(told) == menu_from(wrapped) == MENU


@pytest.mark.parametrize(
    "told",
    [
        {"name": "看看", "type": "finder", "username": "v2_0600@finder"},
        {"name": "商城", "type": "view", "url": "https://x", "fee": 1},
        {"name": "地址", "type": "text", "value": "天河路 1 号"},
    ],
)
def test_a_button_we_have_no_words_for_stays_as_it_was_told(told: dict[str, Any]) -> None:
    button = Button.from_json({**told, "sub_button": []})

    assert button.kept == told
    assert button.as_json() == told


def test_what_only_the_console_makes_is_not_sent() -> None:
    unknown, video = {"name": "看", "type": "finder"}, {"name": "看", "type": "video", "value": "v"}
    assert faults_of(menu_from([unknown])) == {}
    assert "微信后台" in faults_of(menu_from([video]))["1"]


@pytest.mark.parametrize(
    "button",
    [
        Button(name="x" * 16, type="click", key="k" * 128),
        Button(name="字字字字字", type="view", url="https://" + "x" * 1016),
        Button(
            name="x", below=tuple(Button(name="x" * 60, type="click", key="k") for _ in "12345")
        ),
        Button(
            name="x", type="miniprogram", url="https://x", appid="wx5ad0c1ee0a2b3f4d", pagepath="p"
        ),
        Button(name="x", type="scancode_waitmsg", key="k"),
        Button(name="x", type="media_id", media_id="m"),
    ],
)
def test_menu_at_its_limits_is_taken(button: Button) -> None:
    assert faults_of((button, SHOP, SHOP)) == {}


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
        (Button(name="x", type="view", url="https://"), "1"),
        (Button(name="x", type="view", url="https://[x"), "1"),
        (Button(name="x", type="miniprogram", url="https://x", appid="wx1", pagepath="p"), "1"),
        (
            Button(
                name="x",
                type="miniprogram",
                url="https://x",
                appid="wx5ad0c1ee0a2b3f4d",
                pagepath="/p",
            ),
            "1",
        ),
        (Button(name="x", type="miniprogram", appid="wx1", pagepath="p"), "1"),
        (Button(name="x", below=(POSTER,) * 6), "1"),
        (Button(name="x", type="click", key="k", below=(POSTER,)), "1"),
        (Button(name="x", below=(POSTER, Button(name="字" * 21, type="click", key="k"))), "1.2"),
        (Button(name="x", below=(Button(name="y", below=(POSTER,)),)), "1.1"),
        (Button(name="x", below=(Button(name="y", type="view"),)), "1.1"),
    ],
)
def test_menu_beyond_its_limits_is_refused(button: Button, place: str) -> None:
    assert list(faults_of((button,))) == [place]


def test_menu_has_three_buttons_at_most() -> None:
    assert list(faults_of((SHOP,) * 4)) == ["menu"]


@pytest.mark.parametrize(
    ("domains", "fault"),
    [
        (("a.test", "b.test", "c.test"), {}),
        (("a.test", "b.test", "c.test", "A.TEST"), {}),
        (("a.test", "b.test", "c.test", "d.test"), {"personal": "个性化菜单的链接最多指向3个域名"}),
    ],
)
def test_personal_menus_lead_to_three_domains_at_most_and_the_default_one_to_any(
    domains: tuple[str, ...], fault: dict[str, str]
) -> None:
    leads = [
        Button(name="看", type="view", url=f"https://{each}/{n}") for n, each in enumerate(domains)
    ]
    personal = tuple(Personal(f"标签{n}", (each,)) for n, each in enumerate(leads))
    below = tuple(Button(name="看", type="view", url=f"https://{n}.test/") for n in range(5))
    menu = AccountMenu((Button(name="更多", below=below),), personal)

    assert whole_faults(menu) == fault
    if fault:
        with pytest.raises(BadMenu):
            check_whole(menu)
