"""Writing to a friend: words, a picture or a link, passed from phone to phone."""

from simulator.acts.frame import Act, act
from simulator.acts.reading import opened
from simulator.api.calls import File
from simulator.api.media import keep
from simulator.errors import Refused
from simulator.records import JSON

_LONGEST_TEXT = 2000


@act("tell")
def tell(act: Act) -> JSON:
    """Send the friend named in `to` some `text`, a picture (`image`, Base64) or a `url` with `title`."""
    friend = act.world.person(act.text("to"))
    if friend.name == act.person.name:
        raise Refused("that is oneself")
    line = _line(act)
    for person, side, peer in (
        (act.person.name, "person", friend.name),
        (friend.name, "friend", act.person.name),
    ):
        act.world.write(person, "", side, "friend", peer=peer, **line)
    return {}


def _line(act: Act) -> JSON:
    if act.arguments.get("image"):
        content = act.file("image")
        opened(content)
        media = keep(act.world, "", "image", File(content, "image/jpeg"))
        return {"msg_type": "image", "content": {"media_id": media.media_id}}
    if act.arguments.get("url"):
        url = act.text("url")
        if not url.startswith(("http://", "https://")):
            raise Refused("the link is not a web address")
        return {
            "msg_type": "link",
            "content": {"url": url, "title": act.arguments.get("title", "")},
        }
    text = act.text("text")
    if len(text) > _LONGEST_TEXT:
        raise Refused("the text is too long")
    return {"msg_type": "text", "content": {"content": text}}
