"""Temporary media: pictures and sounds that live three days."""

import base64

from simulator.api.calls import Answer, Call, File, endpoint
from simulator.clock import DAY
from simulator.errors import ApiError
from simulator.records import Media
from simulator.world import World

_LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10}
_LIFE = 3 * DAY
FOR_EVER = 1e11


@endpoint("POST", "/cgi-bin/media/upload", daily=100_000)
def upload(call: Call) -> Answer:
    kind = call.query.get("type", "")
    if kind not in _LARGEST:
        raise ApiError(40004)
    if call.file is None or not call.file.content:
        raise ApiError(41005)
    if len(call.file.content) > _LARGEST[kind]:
        raise ApiError(40009)
    media = keep(call.world, call.account.appid, kind, call.file)
    return {"type": kind, "media_id": media.media_id, "created_at": int(call.now)}


@endpoint("GET", "/cgi-bin/media/get", daily=200_000)
def download(call: Call) -> Answer:
    media = call.world.media.find(call.query.get("media_id", ""))
    if media is None or media.appid != call.account.appid or media.expires_at <= call.now:
        raise ApiError(40007)
    return File(base64.b64decode(media.content), media.content_type)


def keep(world: World, appid: str, kind: str, file: File, *, until: float | None = None) -> Media:
    """Store a file under a new media id, for three days unless said otherwise."""
    content = base64.b64encode(file.content).decode()
    media_id = world.chance(64)
    ends = world.now() + _LIFE if until is None else until
    return world.media.save(Media(media_id, appid, kind, file.content_type, content, ends))
