"""Writing to an account: text, pictures, sounds, places, links."""

from simulator.acts.frame import Act, act
from simulator.api.calls import File
from simulator.api.customer_service import open_window
from simulator.api.media import keep
from simulator.errors import Refused
from simulator.records import JSON


@act("say")
def say(act: Act) -> JSON:
    """Send `text`."""
    text = act.text("text")
    return _send(act, "text", {"Content": text}, {"content": text})


@act("send_image")
def send_image(act: Act) -> JSON:
    """Send a picture: `image` (Base64)."""
    media_id = _upload(act, "image", "image/jpeg")
    url = f"{act.world.base_url}/mmbiz/{media_id}"
    return _send(act, "image", {"PicUrl": url, "MediaId": media_id}, {"media_id": media_id})


@act("send_voice")
def send_voice(act: Act) -> JSON:
    """Send a sound: `voice` (Base64)."""
    media_id = _upload(act, "voice", "audio/amr")
    fields = {"Format": "amr", "MediaId": media_id, "MediaId16K": media_id}
    return _send(act, "voice", fields, {"media_id": media_id})


@act("send_video")
def send_video(act: Act) -> JSON:
    """Send a film: `video` (Base64); `short` for a short one."""
    media_id = _upload(act, "video", "video/mp4")
    kind = "shortvideo" if act.arguments.get("short") else "video"
    return _send(act, kind, {"MediaId": media_id, "ThumbMediaId": media_id}, {"media_id": media_id})


@act("send_location")
def send_location(act: Act) -> JSON:
    """Send a place: `latitude`, `longitude`, `label`."""
    latitude, longitude, label = _place(act)
    fields = {"Location_X": latitude, "Location_Y": longitude, "Scale": 15, "Label": label}
    return _send(act, "location", fields, {"label": label})


@act("send_link")
def send_link(act: Act) -> JSON:
    """Send a link: `title`, `description`, `url`."""
    title, url = act.text("title"), act.text("url")
    description = str(act.arguments.get("description", ""))
    fields = {"Title": title, "Description": description, "Url": url}
    return _send(act, "link", fields, {"title": title, "url": url})


@act("enter")
def enter(act: Act) -> JSON:
    """Open the chat of an account that asks for one's position."""
    latitude, longitude, _ = _place(act)
    return act.event("LOCATION", Latitude=latitude, Longitude=longitude, Precision=65.0)


def _send(act: Act, kind: str, fields: JSON, content: JSON) -> JSON:
    contact, world = act.contact, act.world
    if act.account.kind == "official" and not contact.is_following:
        raise Refused("only followers can write to the account")
    msg_id = world.msg_id()
    open_window(world, contact, "message")
    world.write(
        act.person.name,
        contact.appid,
        "person",
        "user",
        msg_type=kind,
        content=content,
        msg_id=str(msg_id),
    )
    return act.push({"MsgType": kind, **fields, "MsgId": msg_id})


def _upload(act: Act, name: str, content_type: str) -> str:
    file = File(act.file(name), content_type)
    return keep(act.world, act.account.appid, name, file).media_id


def _place(act: Act) -> tuple[float, float, str]:
    latitude = float(act.arguments.get("latitude", 23.134521))
    longitude = float(act.arguments.get("longitude", 113.358803))
    return latitude, longitude, str(act.arguments.get("label", ""))
