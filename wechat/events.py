"""From the fields of a push to its class, its scene and the key that tells repeats apart."""

from collections.abc import Mapping
from hashlib import blake2b
from struct import Struct
from typing import Any, Final

from wechat import pushes, xml
from wechat.pushes import Event, Push, Scan, Subscribe, Unknown
from wechat.reading import read
from wx_backend import strict
from wx_backend.strict import Malformed

__all__ = ["EVENTS", "MESSAGES", "Malformed", "dedupe_key", "fields", "parse", "scene"]

MESSAGES: Final[dict[str, type[Push]]] = {
    "text": pushes.Text,
    "image": pushes.Image,
    "voice": pushes.Voice,
    "video": pushes.Video,
    "shortvideo": pushes.Video,
    "location": pushes.Location,
    "link": pushes.Link,
    "miniprogrampage": pushes.MiniProgramPage,
}

EVENTS: Final[dict[str, type[Event]]] = {
    "subscribe": Subscribe,
    "unsubscribe": pushes.Unsubscribe,
    "SCAN": Scan,
    "scan": Scan,  # seen in the wild beside the documented spelling
    "LOCATION": pushes.ReportedLocation,
    "CLICK": pushes.Click,
    "VIEW": pushes.View,
    "view_miniprogram": pushes.View,
    "scancode_push": pushes.MenuScan,
    "scancode_waitmsg": pushes.MenuScan,
    "pic_sysphoto": pushes.MenuPictures,
    "pic_photo_or_album": pushes.MenuPictures,
    "pic_weixin": pushes.MenuPictures,
    "location_select": pushes.MenuLocation,
    "TEMPLATESENDJOBFINISH": pushes.TemplateResult,
    "MASSSENDJOBFINISH": pushes.MassResult,
    "subscribe_msg_popup_event": pushes.SubscriptionChoices,
    "subscribe_msg_change_event": pushes.SubscriptionChoices,
    "subscribe_msg_sent_event": pushes.SubscriptionSent,
    "user_info_modified": pushes.ProfileCleaned,
    "user_authorization_revoke": pushes.DataWithdrawn,
    "user_authorization_cancellation": pushes.DataWithdrawn,
    "qualification_verify_success": pushes.AccountVerification,
    "qualification_verify_fail": pushes.AccountVerification,
    "naming_verify_success": pushes.AccountVerification,
    "naming_verify_fail": pushes.AccountVerification,
    "annual_renew": pushes.AccountVerification,
    "verify_expired": pushes.AccountVerification,
    "kf_create_session": pushes.CustomerServiceSession,
    "kf_close_session": pushes.CustomerServiceSession,
    "kf_switch_session": pushes.CustomerServiceSession,
    "user_enter_tempsession": pushes.EnteredCustomerService,
    "trade_manage_remind_access_api": pushes.ShippingNotice,
    "trade_manage_remind_shipping": pushes.ShippingNotice,
    "trade_manage_order_settlement": pushes.ShippingNotice,
    "wxa_trade_controlled": pushes.ShippingNotice,
    "wxa_punish_event": pushes.Punished,
}

# In XML the subscription events wrap their list in an element of their own, in JSON they do not.
_WRAPPERS: Final = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}
_SCENE_PREFIX: Final = "qrscene_"
_KEY_VERSION: Final = b"\x01"
_KEYED: Final = ("FromUserName", "CreateTime", "MsgType", "Event", "EventKey")
_LENGTH: Final = Struct("!I").pack
_COVERED: Final = frozenset({"ToUserName", *_KEYED})


def fields(plain: bytes) -> Mapping[str, Any]:
    """The fields of a decrypted push, whether it is XML or JSON. Raises Malformed."""
    if plain.lstrip()[:1] == b"{":
        return strict.fields(plain)
    return xml.parse(plain)


def parse(sent: Mapping[str, Any]) -> Push:
    """The push these fields are: `Unknown` for a type nobody told us about.

    Raises Malformed when a known type lacks a field or has one of another kind.
    """
    msg_type = sent.get("MsgType")
    if msg_type != "event":
        kind = MESSAGES.get(msg_type) if isinstance(msg_type, str) else None
        return read(kind, sent) if kind else read(Unknown, sent, fields=sent)
    name = sent.get("Event")
    event = EVENTS.get(name) if isinstance(name, str) else None
    if event is None:
        return read(Unknown, sent, fields=sent)
    return read(event, _unwrapped(sent) if name in _WRAPPERS else sent)


def scene(push: Push) -> str | None:
    """The scene of the code that was scanned, if the push tells of a scan."""
    if isinstance(push, Scan):
        return push.event_key or None
    if isinstance(push, Subscribe) and push.event_key.startswith(_SCENE_PREFIX):
        return push.event_key.removeprefix(_SCENE_PREFIX) or None
    return None


def dedupe_key(appid: str, sent: Mapping[str, Any]) -> bytes:
    """16 bytes that are equal for a repeat of a push and differ for anything else.

    Version 1 covers appid, sender, time, types, EventKey and the push's own id (MsgId, MsgID or
    Ticket). A push without an id is told apart by all its other fields: two order reminders or
    notice results for one person can bear the same second. The same push in XML and in JSON
    has the same key.
    """
    own_id = sent.get("MsgId") or sent.get("MsgID") or sent.get("Ticket")
    told = [sent.get(name) for name in _KEYED]
    parts = ["" if part is None else str(part) for part in (appid, *told, own_id or _rest(sent))]
    framed = [b"%b%b" % (_LENGTH(len(part)), part) for part in map(str.encode, parts)]
    return blake2b(b"".join((_KEY_VERSION, *framed)), digest_size=16).digest()


def _rest(sent: Mapping[str, Any]) -> str:
    """Everything else a push says, spelled alike for XML and JSON."""
    told = _unwrapped(sent).items()
    others = {name: _plain(value) for name, value in told if name not in _COVERED}
    return strict.dumps(others).decode() if others else ""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return _plain(value[0]) if len(value) == 1 else [_plain(each) for each in value]
    return "" if value is None else str(value)


def _unwrapped(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    wrapper = _WRAPPERS.get(str(sent.get("Event")))
    inner = sent.get(wrapper) if wrapper else None
    if not isinstance(inner, Mapping):
        return sent
    return {**{name: value for name, value in sent.items() if name != wrapper}, **inner}
