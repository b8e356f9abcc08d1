"""Posting to Moments: words, a picture or a link, for everybody to see."""

import base64

from simulator.acts.frame import Act, act
from simulator.acts.reading import squeezed
from simulator.errors import Refused
from simulator.phone_records import Moment
from simulator.records import JSON

_LONGEST_TEXT = 2000


@act("post")
def post(act: Act) -> JSON:
    """Post `text`, and a picture (`image`, Base64) or a link (`url`, with `title`), to Moments."""
    said = {name: str(act.arguments.get(name) or "") for name in ("text", "url", "title")}
    if len(said["text"]) > _LONGEST_TEXT:
        raise Refused("the text is too long")
    if said["url"] and not said["url"].startswith(("http://", "https://")):
        raise Refused("the link is not a web address")
    picture = ""
    if act.arguments.get("image"):
        picture = base64.b64encode(squeezed(act.file("image"))).decode()
    if not (said["text"] or said["url"] or picture):
        raise Refused("nothing to post")
    number = act.world.serial("moment")
    act.world.moments.save(
        Moment(number, act.person.name, act.world.now(), picture=picture, **said)
    )
    return {"moment": number}
