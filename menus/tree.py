"""The menu under a chat: at most three buttons with five below each, within the platform's sizes.

The limits are in bytes of UTF-8, as the platform counts them: names 16 (below a button 60), keys
128, addresses 1024.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import urlsplit

from wx_backend.errors import BadInput

BUTTONS_MAX: Final = 3
BELOW_MAX: Final = 5
NAME_BYTES: Final = 16
NAME_BELOW_BYTES: Final = 60
_BYTES_MAX: Final[Mapping[str, int]] = {"key": 128, "url": 1024}
_APPID: Final = re.compile(r"wx[0-9a-f]{16}")

# What each type of button must say, beside its name.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "click": ("key",),
    "view": ("url",),
    "miniprogram": ("url", "appid", "pagepath"),
    "scancode_push": ("key",),
    "scancode_waitmsg": ("key",),
    "pic_sysphoto": ("key",),
    "pic_photo_or_album": ("key",),
    "pic_weixin": ("key",),
    "location_select": ("key",),
    "media_id": ("media_id",),
    "article_id": ("article_id",),
    "article_view_limited": ("article_id",),
}
# Types that only the account's own console makes: it shows them, the API refuses them.
CONSOLE_ONLY: Final = frozenset({"text", "img", "news", "video", "voice"})


class BadMenu(BadInput):
    """`details` maps each button's place (`1`, `1.2` ...) to its fault."""

    code, message = "bad_menu", "菜单设置有误"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button; with buttons below it, it only opens them and has no type of its own.

    `kept` is a button of the platform that these fields cannot say: it stays as it was told.
    """

    name: str
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    below: tuple["Button", ...] = ()
    kept: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The button as the platform takes it: only what is said."""
        if self.kept is not None:
            return {**self.kept, "name": self.name}
        told = {name: value for name in WORDS if (value := getattr(self, name))}
        if self.below:
            told["sub_button"] = [button.as_json() for button in self.below]
        return told

    @classmethod
    def from_json(cls, sent: Mapping[str, Any]) -> "Button":
        """A button as the platform tells it, in either of its two shapes."""
        name = str(sent.get("name", ""))
        if below := _below(sent):
            return cls(name=name, below=tuple(cls.from_json(each) for each in below))
        told = {key: value for key, value in sent.items() if key != "sub_button"}
        if _is_sayable(told):
            return cls(**told)
        return cls(name=name, type=str(sent.get("type", "")), kept=told)


WORDS: Final = tuple(each.name for each in fields(Button) if each.name not in ("below", "kept"))

Menu = Sequence[Button]


def menu_from(sent: Sequence[Mapping[str, Any]]) -> tuple[Button, ...]:
    """The buttons of one menu as the platform tells them."""
    return tuple(Button.from_json(each) for each in sent)


def as_json(menu: Menu) -> list[dict[str, Any]]:
    """One menu as the platform takes it."""
    return [button.as_json() for button in menu]


def leaves(menu: Menu) -> Iterator[Button]:
    """Every button that does something."""
    for button in menu:
        yield from button.below or (button,)


def faults_of(menu: Menu) -> dict[str, str]:
    """What the platform would refuse, by place; `menu` stands for the whole."""
    faults = dict(_faults(menu))
    if not 1 <= len(menu) <= BUTTONS_MAX:
        faults["menu"] = f"一级菜单应为1至{BUTTONS_MAX}个"
    return faults


def _below(sent: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What is below a button: a list, which another call of the platform wraps in `list`."""
    told = sent.get("sub_button") or ()
    return told.get("list") or () if isinstance(told, Mapping) else told


def _is_sayable(told: Mapping[str, Any]) -> bool:
    is_known = told.get("type", "") in ("", *NEEDS)
    return is_known and all(key in WORDS and isinstance(value, str) for key, value in told.items())


def _faults(menu: Menu) -> Iterator[tuple[str, str]]:
    for first, button in enumerate(menu, 1):
        if fault := _name_fault(button, NAME_BYTES) or _body_fault(button):
            yield f"{first}", fault
        for second, child in enumerate(button.below, 1):
            if fault := _name_fault(child, NAME_BELOW_BYTES) or _child_fault(child):
                yield f"{first}.{second}", fault


def _name_fault(button: Button, limit: int) -> str | None:
    if not button.name.strip():
        return "名称不能为空"
    return None if len(button.name.encode()) <= limit else f"名称不能超过{limit}个字节"


def _body_fault(button: Button) -> str | None:
    if not button.below:
        return _act_fault(button)
    if len(button.below) > BELOW_MAX:
        return f"子菜单最多{BELOW_MAX}个"
    return "有子菜单时不能再设置动作" if button.type else None


def _child_fault(button: Button) -> str | None:
    return "子菜单下不能再有菜单" if button.below else _act_fault(button)


def _act_fault(button: Button) -> str | None:
    if button.kept is not None:
        return _kept_fault(button)
    needs = NEEDS.get(button.type)
    if needs is None:
        return "请选择菜单动作"
    if missing := [name for name in needs if not getattr(button, name)]:
        return f"缺少{'、'.join(missing)}"
    for name, limit in _BYTES_MAX.items():
        if len(getattr(button, name).encode()) > limit:
            return f"{name}不能超过{limit}个字节"
    return _address_fault(button) or _mini_program_fault(button)


def _kept_fault(button: Button) -> str | None:
    """A type we merely do not know is the platform's to judge."""
    if button.type in CONSOLE_ONLY:
        return "这类按钮只能在微信后台设置，接口不接受：请改成其他动作或删除"
    return None


def _address_fault(button: Button) -> str | None:
    if not button.url:
        return None
    if not button.url.startswith(("https://", "http://")):
        return "url应以https://开头"
    return None if domain_of(button.url) else "url中没有域名"


def _mini_program_fault(button: Button) -> str | None:
    if button.type != "miniprogram":
        return None
    if not _APPID.fullmatch(button.appid):
        return "小程序appid应为wx加16位十六进制字符"
    return "小程序路径不能以/开头" if button.pagepath.startswith("/") else None


def domain_of(url: str) -> str:
    """The host an address leads to; empty for one that leads nowhere."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
