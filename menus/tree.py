"""The menu under a chat: at most three buttons with five below each, within the platform's sizes.

The limits are in bytes of UTF-8, as the platform counts them: names 16 (below a button 60), keys
128, addresses 1024.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Protocol

from wx_backend.errors import BadInput

BUTTONS_MAX: Final = 3
BELOW_MAX: Final = 5
NAME_BYTES: Final = 16
NAME_BELOW_BYTES: Final = 60
_BYTES_MAX: Final[Mapping[str, int]] = {"key": 128, "url": 1024}

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


class BadMenu(BadInput):
    """`details` maps each button's place (`1`, `1.2` ...) to its fault."""

    code, message = "bad_menu", "菜单设置有误"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One button; with buttons below it, it only opens them and has no type of its own."""

    name: str
    type: str = ""
    key: str = ""
    url: str = ""
    appid: str = ""
    pagepath: str = ""
    media_id: str = ""
    article_id: str = ""
    below: tuple["Button", ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The button as the platform takes it: only what is said."""
        told = {
            each.name: value
            for each in fields(self)
            if each.name != "below" and (value := getattr(self, each.name))
        }
        if self.below:
            told["sub_button"] = [button.as_json() for button in self.below]
        return told

    @classmethod
    def from_json(cls, sent: Mapping[str, Any]) -> "Button":
        """A button as the platform tells it; what we have no word for is left out."""
        known = {each.name for each in fields(cls)} - {"below"}
        below = tuple(cls.from_json(each) for each in sent.get("sub_button") or ())
        return cls(
            **{name: str(value) for name, value in sent.items() if name in known}, below=below
        )


Menu = Sequence[Button]


class MenuApi(Protocol):
    """What is needed of an account's API; `wechat.client.Client` has it."""

    def create_menu(self, buttons: Sequence[Mapping[str, Any]]) -> None: ...
    def menu(self) -> dict[str, Any] | None: ...


def publish_menu(api: MenuApi, menu: Menu) -> None:
    """Make this the account's menu: one remote call. Raises BadMenu and PlatformError.

    People see it within five minutes of opening the chat.
    """
    check_menu(menu)
    api.create_menu([button.as_json() for button in menu])


def published_menu(api: MenuApi) -> tuple[Button, ...]:
    """The default menu as the platform has it, empty without one: one remote call.

    Raises PlatformError.
    """
    sent = api.menu() or {}
    return tuple(Button.from_json(each) for each in sent.get("menu", {}).get("button", ()))


def check_menu(menu: Menu) -> None:
    """Check a menu against the platform's rules. Raises BadMenu naming every fault."""
    faults = dict(_faults(menu))
    if not 1 <= len(menu) <= BUTTONS_MAX:
        faults["menu"] = f"一级菜单应为1至{BUTTONS_MAX}个"
    if faults:
        raise BadMenu(**faults)


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
    needs = NEEDS.get(button.type)
    if needs is None:
        return "请选择菜单动作"
    if missing := [name for name in needs if not getattr(button, name)]:
        return f"缺少{'、'.join(missing)}"
    for name, limit in _BYTES_MAX.items():
        if len(getattr(button, name).encode()) > limit:
            return f"{name}不能超过{limit}个字节"
    has_scheme = not button.url or button.url.startswith(("https://", "http://"))
    return None if has_scheme else "url应以https://开头"
