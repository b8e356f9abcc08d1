"""Scanning codes, following and leaving an account."""

from simulator.acts.frame import Act, act
from simulator.acts.reading import read_picture
from simulator.api import qrcodes
from simulator.api.customer_service import open_window
from simulator.api.miniprogram import MINI_URL, launch_of
from simulator.errors import Refused
from simulator.records import JSON, Code


@act("follow")
def follow(act: Act) -> JSON:
    """Follow by `ticket` or `url` of a code, or by searching for the account."""
    code = _code(act)
    if code:
        act.arguments["appid"] = code.appid
    if act.contact.is_following:
        raise Refused("follows already")
    return _subscribe(act, code)


@act("unfollow")
def unfollow(act: Act) -> JSON:
    contact = act.contact
    if not contact.is_following:
        raise Refused("does not follow")
    contact.is_following = False
    contact.windows.clear()
    contact.tags.clear()
    act.world.contacts.save(contact)
    return act.event("unsubscribe", EventKey="")


@act("block")
def block(act: Act) -> JSON:
    """Go on following, but refuse the account's messages (`on`: true or false)."""
    contact = act.contact
    contact.is_blocking = bool(act.arguments.get("on", True))
    act.world.contacts.save(contact)
    return {}


@act("scan")
def scan(act: Act) -> JSON:
    """Point the camera at `image` (Base64), `ticket` or `url`, and do what then happens.

    An account's code leads to the chat (SCAN) or, with `follow` (the default), to following; a
    web address is only returned: opening it is another act.
    """
    if "ticket" in act.arguments:
        return _scan_code(act, _code(act))
    text = _seen(act)
    if qrcodes.is_code_url(text):
        return _scan_code(act, qrcodes.by_url(act.world, text))
    if text.startswith(MINI_URL):
        mini = act.world.mini_codes.find(text.removeprefix(MINI_URL))
        if mini is None:
            raise Refused("the mini-program code is unknown")
        return {"opens": "mini_program", **launch_of(mini)}
    if text.startswith("weixin://wxpay/"):
        return {"opens": "payment", "code_url": text}
    if text.startswith(("http://", "https://")):
        return {"opens": "url", "url": text}
    return {"opens": "text", "text": text}


def _seen(act: Act) -> str:
    if "image" not in act.arguments:
        return act.text("url")
    return read_picture(act.file("image"))


def _scan_code(act: Act, code: Code | None) -> JSON:
    if code is None:
        raise Refused("the code has expired or never existed")
    act.arguments["appid"] = code.appid
    if not act.contact.is_following:
        if not act.arguments.get("follow", True):
            return {"opens": "profile", "appid": code.appid}
        return {"opens": "chat", "appid": code.appid, **_subscribe(act, code)}
    open_window(act.world, act.contact, "scan")
    event = act.event("SCAN", EventKey=code.scene, Ticket=code.ticket)
    return {"opens": "chat", "appid": code.appid, **event}


def _code(act: Act) -> Code | None:
    if "ticket" in act.arguments:
        code = qrcodes.by_ticket(act.world, act.text("ticket"))
    elif "url" in act.arguments:
        code = qrcodes.by_url(act.world, act.text("url"))
    else:
        return None
    if code is None:
        raise Refused("the code has expired or never existed")
    return code


def _subscribe(act: Act, code: Code | None) -> JSON:
    contact = act.contact
    contact.is_following = True
    contact.followed_at = int(act.world.now())
    contact.follow_scene = "ADD_SCENE_QR_CODE" if code else "ADD_SCENE_SEARCH"
    is_number = code is not None and not code.is_text
    contact.qr_scene = int(code.scene) if code and is_number else 0
    contact.qr_scene_str = code.scene if code and code.is_text else ""
    act.world.contacts.save(contact)
    open_window(act.world, contact, "follow")
    if code is None:
        return act.event("subscribe", EventKey="")
    return act.event("subscribe", EventKey=f"qrscene_{code.scene}", Ticket=code.ticket)
