"""How menus and their buttons read."""

from collections.abc import Mapping
from typing import Final

from menus.tree import CONSOLE_ONLY, Button

TYPES: Final[Mapping[str, str]] = {
    "view": "打开网页",
    "click": "自动回复",
    "miniprogram": "打开小程序",
    "scancode_push": "扫一扫",
    "scancode_waitmsg": "扫一扫并等待回复",
    "pic_sysphoto": "拍照",
    "pic_photo_or_album": "拍照或相册",
    "pic_weixin": "相册",
    "location_select": "发送位置",
    "media_id": "发送素材",
    "article_id": "发送图文",
    "article_view_limited": "打开图文",
}
_CONSOLE: Final[Mapping[str, str]] = {
    "text": "文字",
    "img": "图片",
    "news": "图文",
    "video": "视频",
    "voice": "语音",
}


def does(button: Button) -> str:
    """What a tap on a button does, in a few words."""
    if button.below:
        return f"打开 {len(button.below)} 个子菜单"
    if button.type in CONSOLE_ONLY:
        return f"微信后台的{_CONSOLE[button.type]}按钮（原样保留）"
    if button.kept is not None:
        return f"{button.type or '未知'}（原样保留）"
    if button.type not in TYPES:
        return "还没有动作"
    target = button.pagepath or button.url or button.key or button.media_id or button.article_id
    return f"{TYPES[button.type]}：{target}"
