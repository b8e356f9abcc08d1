"""Customer-service messages: free text and pictures, inside the windows a person opens."""

from collections.abc import Callable

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.clock import HOUR, MINUTE
from simulator.errors import ApiError
from simulator.records import JSON, Contact
from simulator.world import World

# trigger: seconds the window stays open, messages it allows
WINDOWS: dict[str, tuple[float, float]] = {
    "message": (48 * HOUR, 5),
    "menu": (MINUTE, 3),
    "follow": (MINUTE, 3),
    "scan": (MINUTE, 3),
    "payment": (48 * HOUR, 1_000_000_000),
}


def open_window(world: World, contact: Contact, trigger: str) -> None:
    """The person did something that allows the account to write to him for a while."""
    seconds, allowed = WINDOWS[trigger]
    contact.windows[trigger] = [world.now() + seconds, allowed]
    world.contacts.save(contact)


@endpoint("POST", "/cgi-bin/message/custom/send", daily=500_000)
def send(call: Call) -> Answer:
    contact = call.contact(call.text("touser", missing=40003))
    kind = call.text("msgtype", missing=40008)
    if kind not in _PAYLOADS:
        raise ApiError(40008)
    payload = call.body.get(kind)
    if not isinstance(payload, dict):
        raise ApiError(44002, kind)
    content = _PAYLOADS[kind](call, payload)
    if call.account.kind == "official" and not contact.is_following:
        raise ApiError(43004)
    _use_window(call, contact)
    _show(call, contact, kind, content)
    return OK


def _show(call: Call, contact: Contact, kind: str, content: JSON) -> None:
    msg_id = str(call.world.msg_id())
    call.world.write(
        contact.person,
        contact.appid,
        "account",
        "customer_service",
        msg_type=kind,
        content=content,
        msg_id=msg_id,
    )
    call.world.witness(
        "message.delivered",
        appid=contact.appid,
        openid=contact.openid,
        person=contact.person,
        message="customer_service",
        msg_type=kind,
        content=content,
        msg_id=msg_id,
    )


@endpoint("POST", "/cgi-bin/message/custom/typing", daily=500_000)
def typing(call: Call) -> Answer:
    call.contact(call.text("touser", missing=40003))
    return OK


def _use_window(call: Call, contact: Contact) -> None:
    """Take one message from the window that closes first; raises 45015 or 45047."""
    live = sorted(w for w in contact.windows.values() if w[0] > call.now)
    if not live:
        raise ApiError(45015)
    usable = [window for window in live if window[1] >= 1]
    if not usable:
        raise ApiError(45047)
    usable[0][1] -= 1
    call.world.contacts.save(contact)


def _text(_call: Call, payload: JSON) -> JSON:
    content = payload.get("content")
    if not isinstance(content, str) or not content:
        raise ApiError(44004, "empty content")
    if len(content.encode()) > 2048:
        raise ApiError(45002, "content size out of limit")
    return {"content": content}


def _media(call: Call, payload: JSON) -> JSON:
    media = call.world.media.find(str(payload.get("media_id", "")))
    if media is None or media.appid != call.account.appid or media.expires_at <= call.now:
        raise ApiError(40007)
    return dict(payload)


def _news(_call: Call, payload: JSON) -> JSON:
    articles = payload.get("articles")
    if not isinstance(articles, list) or len(articles) != 1:
        raise ApiError(45008, "article size out of limit")
    return dict(payload)


def _plain(_call: Call, payload: JSON) -> JSON:
    return dict(payload)


_PAYLOADS: dict[str, Callable[[Call, JSON], JSON]] = {
    "text": _text,
    "image": _media,
    "voice": _media,
    "video": _media,
    "mpnewsarticle": _plain,
    "music": _plain,
    "news": _news,
    "msgmenu": _plain,
    "wxcard": _plain,
    "miniprogrampage": _plain,
    "link": _plain,
}
