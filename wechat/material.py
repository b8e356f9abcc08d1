"""Permanent material: pictures that an account keeps until somebody deletes them in its console."""

from typing import Final

from wechat.caller import Caller, Upload

PER_CALL: Final = 20


def add_image(caller: Caller, jpeg: bytes) -> str:
    """Keep a JPEG for ever; its media id. Made twice it is kept twice, which does no harm."""
    upload = Upload("media", "reply.jpg", jpeg, "image/jpeg")
    path = "/cgi-bin/material/add_material"
    return str(caller.call("POST", path, params={"type": "image"}, body=upload)["media_id"])


def images(caller: Caller, *, after: int) -> tuple[list[str], int]:
    """The media ids of up to twenty pictures, the newest first, and how many there are in all."""
    body = {"type": "image", "offset": after, "count": PER_CALL}
    sent = caller.call("POST", "/cgi-bin/material/batchget_material", body=body)
    ids = [str(item["media_id"]) for item in sent.get("item", ())]
    return ids, int(sent.get("total_count", 0))
