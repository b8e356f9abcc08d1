"""A rep asks for his poster in the chat: his code is made once, the poster drawn, proved and sent."""

import logging
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

from members.models import Identity
from members.queries import identity_by_id, member_ids_of
from org.queries import RepCard, rep_card, rep_of_member
from referral.models import Code, CodeKind, Place, Subject
from referral.operations import (
    CodeMade,
    Sharer,
    Sharing,
    note_code_made,
    open_share,
    plan_scene_code,
)
from referral.poster import PosterCache, PosterValues, content_key, template_named
from referral.signing import sign_share
from wechat.answers import QrCode
from wx_backend import clock
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, remote_job
from wx_backend.platform import client, config

log = logging.getLogger(__name__)

CACHE_BYTES = 512 * 1024 * 1024
TEMPLATE = "personal"
NOT_BOUND = "您还没有绑定销售人员身份。请向所在网点索取邀请码，在个人终端中绑定后再来领取海报。"


@remote_job("poster.send")
def send_poster(*, identity_id: int) -> Steps:
    """Send a person the poster of the rep he is; tell anybody else how to become one."""
    identity = identity_by_id(identity_id)
    rep_id = _rep_of(identity)
    if rep_id is None:
        yield from _told(identity, NOT_BOUND)
        return
    code = yield from personal_code(rep_id=rep_id, appid=identity.appid)
    values = poster_values(rep_card(rep_id), link=code.url or "")
    jpeg = yield lambda: drawn(values)
    api = client(identity.appid)
    media = yield lambda: api.upload_media("image", "poster.jpg", jpeg, "image/jpeg")
    yield from _sent(lambda openid: api.send_image(openid, media.media_id), identity)


def personal_code(*, rep_id: int, appid: str) -> Generator[Callable[[], Any], Any, Code]:
    """The permanent code of a rep's showroom at one account, made at the platform the first time.

    Its scene is the share's token, so that a scan proves by itself whose code it was.
    """
    code = _planned_code(rep_id, appid, clock.now())
    if code.ticket is None:
        scene, code_id = code.scene or "", code.id
        made: QrCode = yield lambda: client(appid).create_qr(scene, expire_seconds=None)
        code = note_code_made(code_id=code_id, made=CodeMade(ticket=made.ticket, url=made.url))
    return code


def _planned_code(rep_id: int, appid: str, now: datetime) -> Code:
    share = open_share(
        sharer=Sharer(rep_id=rep_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.POSTER),
        now=now,
    )
    return plan_scene_code(
        kind=CodeKind.OA_PERMANENT,
        appid=appid,
        scene=sign_share(share.id),
        share_id=share.id,
        now=now,
    )


def poster_values(card: RepCard, *, link: str) -> PosterValues:
    """What stands on a rep's personal poster."""
    return PosterValues(link=link, name=card.name, title=card.title, outlet=card.outlet_name)


def drawn(values: PosterValues) -> bytes:
    """The poster as JPEG, from the cache or drawn now and read back as proof that it scans."""
    from referral.poster.drawing import render  # Pillow: in the worker, never on a page

    template = template_named(TEMPLATE)
    cache = PosterCache(config().service.data_dir / "posters", CACHE_BYTES)
    return cache.poster(content_key(template, values), lambda: render(template, values))


def _rep_of(identity: Identity) -> int | None:
    if identity.member_id is None:
        return None
    return rep_of_member(*member_ids_of(identity.member_id))


def _told(identity: Identity, text: str) -> Generator[Callable[[], Any], Any, None]:
    api = client(identity.appid)
    yield from _sent(lambda openid: api.send_text(openid, text), identity)


def _sent(
    send: Callable[[str], None], identity: Identity
) -> Generator[Callable[[], Any], Any, None]:
    """Send once: of an answer that never came nobody knows whether the message did."""
    openid = identity.openid
    if openid is None:
        return
    try:
        yield lambda: send(openid)
    except PlatformError as error:
        if not error.unknown:
            raise
        log.warning("outcome of a message unknown", extra={"identity_id": identity.id})
