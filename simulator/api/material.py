"""Permanent material: pictures that stay until somebody deletes them."""

from simulator.api.calls import OK, Answer, Call, endpoint
from simulator.api.media import FOR_EVER, keep
from simulator.errors import ApiError
from simulator.records import Media

_MOST = 100_000
_LARGEST = 10 << 20
_PER_CALL = 20
_TYPES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM")


@endpoint("POST", "/cgi-bin/material/add_material", daily=1000)
def add(call: Call) -> Answer:
    if call.query.get("type") != "image":
        raise ApiError(40004)
    if call.file is None or not call.file.content:
        raise ApiError(41005)
    if len(call.file.content) > _LARGEST:
        raise ApiError(40009)
    if not call.file.content.startswith(_TYPES):
        raise ApiError(40137)
    if len(_mine(call)) >= _MOST:
        raise ApiError(45001)
    media = keep(call.world, call.account.appid, "image", call.file, until=FOR_EVER)
    return {"media_id": media.media_id, "url": f"http://mmbiz.qpic.cn/{media.media_id}"}


@endpoint("POST", "/cgi-bin/material/batchget_material", daily=1000)
def listed(call: Call) -> Answer:
    offset, count = call.body.get("offset"), call.body.get("count")
    if call.body.get("type") != "image" or not isinstance(offset, int):
        raise ApiError(40007)
    if not isinstance(count, int) or not 1 <= count <= _PER_CALL:
        raise ApiError(40007)
    mine = _mine(call)[::-1]
    page = mine[offset : offset + count]
    items = [{"media_id": each.media_id, "name": "", "update_time": 0} for each in page]
    return {"total_count": len(mine), "item_count": len(items), "item": items}


@endpoint("POST", "/cgi-bin/material/del_material", daily=1000)
def delete(call: Call) -> Answer:
    media_id = call.text("media_id", missing=40007)
    if media_id not in {each.media_id for each in _mine(call)}:
        raise ApiError(40007)
    call.world.media.drop(media_id)
    return OK


def _mine(call: Call) -> list[Media]:
    appid = call.account.appid
    return [
        each for each in call.world.media if each.appid == appid and each.expires_at == FOR_EVER
    ]
