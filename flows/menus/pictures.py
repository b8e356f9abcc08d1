"""Pictures of reply rules go to WeChat as permanent material, and again when it has lost them."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from flows.album import PictureGone, kept_picture, name_in, picture_named, require_kept
from menus.pictures import (
    TAKEN_FOR,
    accounts_with_pictures,
    forget_media,
    media_ids,
    media_of,
    note_media,
    pictures_waiting,
    take_picture,
)
from menus.rules import ReplyKind, Rule
from wechat import material
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import client

READ_MAX: Final = 10_000
"""How many pictures of an account are looked through for ours; the newest come first."""


def with_media(appid: str, rule: Rule) -> dict[str, Any]:
    """What a rule answers with; a picture that WeChat has already goes by its id. Raises PictureGone.

    The picture stays from here to the end of the transaction.
    """
    path = rule.content.get("picture") if rule.kind is ReplyKind.IMAGE else None
    if not path:
        return dict(rule.content)
    picture = kept_picture(path)
    if picture is None:
        raise PictureGone(fields=["file"])
    require_kept([picture])
    return {"picture": path, "media_id": media_of(appid, path)}


def upload_soon(appid: str) -> None:
    """Have WeChat be given the pictures it has not got yet."""
    if pictures_waiting(appid):
        defer(upload_pictures, appid=appid)


def check_daily(*, now: datetime) -> int:
    """Have WeChat be asked once a day whether it still has them: as a chore."""
    accounts = accounts_with_pictures()
    for appid in accounts:
        defer(check_pictures, key=f"{appid}:{business_on(now)}", appid=appid)
    return len(accounts)


@remote_job("replies.upload")
def upload_pictures(*, appid: str) -> Steps:
    """Upload one after the other; what is refused for good is told beside its rule."""
    while (picture := take_picture(appid, now=clock.now())) is not None:
        jpeg = picture_named(name_in(picture))
        try:
            media_id = yield partial(material.add_image, client(appid).caller, jpeg)
        except PlatformError as error:
            if not error.permanent:
                raise
            note_media(appid, picture, "", fault=f"{error.code} {error.message}".strip())
        else:
            note_media(appid, picture, media_id)
    if pictures_waiting(appid):  # somebody else has them, or had them when he died
        defer(upload_pictures, appid=appid, due_at=clock.now() + TAKEN_FOR)


@remote_job("replies.check")
def check_pictures(*, appid: str) -> Steps:
    """What is not among an account's pictures any more is uploaded again."""
    missing, after, total = media_ids(appid), 0, 1
    while missing and after < min(total, READ_MAX):
        page, total = yield partial(material.images, client(appid).caller, after=after)
        missing -= set(page)
        after += material.PER_CALL
    if missing and after >= total:
        forget_media(appid, missing)
        upload_soon(appid)
