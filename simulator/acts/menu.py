"""Tapping the menu under the chat."""

from collections.abc import Callable

from simulator.acts.frame import Act, act
from simulator.api.customer_service import open_window
from simulator.api.menus import menu_of
from simulator.errors import Refused
from simulator.records import JSON, Menu

_OPENS_WINDOW = ("click", "scancode_push", "scancode_waitmsg")


@act("tap")
def tap(act: Act) -> JSON:
    """Tap the `button` with this name; some kinds take `scanned`, `count` or a place too."""
    contact = act.contact
    if not contact.is_following:
        raise Refused("only followers see the menu")
    menu = menu_of(act.world, act.account, contact)
    if menu is None:
        raise Refused("the account has no menu")
    button = _button(menu, act.text("button"))
    kind = button["type"]
    if kind in _OPENS_WINDOW:
        open_window(act.world, contact, "menu")
    return _TAPS[kind](act, button, menu)


def _button(menu: Menu, name: str) -> JSON:
    leaves: list[JSON] = [leaf for top in menu.buttons for leaf in (top.get("sub_button") or [top])]
    for leaf in leaves:
        if name in (leaf["name"], leaf.get("key")):
            return leaf
    raise Refused(f"no button {name!r}; there are {', '.join(leaf['name'] for leaf in leaves)}")


def _click(act: Act, button: JSON, _menu: Menu) -> JSON:
    return act.event("CLICK", EventKey=button["key"])


def _view(act: Act, button: JSON, menu: Menu) -> JSON:
    event = act.event("VIEW", EventKey=button["url"], MenuId=menu.menu_id)
    return {"opens": "url", "url": button["url"], **event}


def _mini(act: Act, button: JSON, menu: Menu) -> JSON:
    event = act.event("view_miniprogram", EventKey=button["pagepath"], MenuId=menu.menu_id)
    return {"opens": "mini_program", "appid": button["appid"], "page": button["pagepath"], **event}


def _scancode(act: Act, button: JSON, _menu: Menu) -> JSON:
    scanned = {"ScanType": "qrcode", "ScanResult": act.text("scanned")}
    return act.event(button["type"], EventKey=button["key"], ScanCodeInfo=scanned)


def _pictures(act: Act, button: JSON, _menu: Menu) -> JSON:
    count = int(act.arguments.get("count", 1))
    items = [{"PicMd5Sum": act.world.chance(32, "0123456789abcdef")} for _ in range(count)]
    pictures = {"Count": count, "PicList": {"item": items}}
    return act.event(button["type"], EventKey=button["key"], SendPicsInfo=pictures)


def _place(act: Act, button: JSON, _menu: Menu) -> JSON:
    place = {
        "Location_X": str(act.arguments.get("latitude", 23.134521)),
        "Location_Y": str(act.arguments.get("longitude", 113.358803)),
        "Scale": "15",
        "Label": str(act.arguments.get("label", "")),
        "Poiname": "",
    }
    return act.event("location_select", EventKey=button["key"], SendLocationInfo=place)


def _material(act: Act, button: JSON, _menu: Menu) -> JSON:
    """Material is shown by the platform itself; the account hears nothing."""
    line = {"msg_type": button["type"], "content": dict(button)}
    act.world.write(act.person.name, act.account.appid, "account", "menu", **line)
    return {}


def _words(act: Act, button: JSON, _menu: Menu) -> JSON:
    line = {"msg_type": "text", "content": {"content": button["value"]}}
    act.world.write(act.person.name, act.account.appid, "account", "menu", **line)
    return {}


_TAPS: dict[str, Callable[[Act, JSON, Menu], JSON]] = {
    "click": _click,
    "view": _view,
    "miniprogram": _mini,
    "scancode_push": _scancode,
    "scancode_waitmsg": _scancode,
    "pic_sysphoto": _pictures,
    "pic_photo_or_album": _pictures,
    "pic_weixin": _pictures,
    "location_select": _place,
    "media_id": _material,
    "article_id": _material,
    "article_view_limited": _material,
    "view_limited": _material,
    # Only the console makes these; the platform answers them itself.
    "text": _words,
    "img": _material,
    "news": _material,
    "video": _material,
    "voice": _material,
}
