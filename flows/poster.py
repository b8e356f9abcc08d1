"""A rep asks for his poster in the chat: his code is made once, the poster drawn, proved and sent."""

import logging
from collections.abc import Callable, Generator
from datetime import datetime
from typing import Any

from flows.codes import permanent_code
from flows.messages import note_unfollowed
from members.models import Identity
from members.queries import identity_by_id, member_ids_of
from org.queries import RepCard, rep_card, rep_of_member
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.poster import PosterCache, PosterValues, content_key, template_named
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
    share_id = personal_share(rep_id=rep_id, now=clock.now())
    code = yield from permanent_code(share_id=share_id, appid=identity.appid)
    values = poster_values(rep_card(rep_id), link=code.url or "")
    jpeg = yield lambda: drawn(values)
    api = client(identity.appid)
    media = yield lambda: api.upload_media("image", "poster.jpg", jpeg, "image/jpeg")
    yield from _sent(lambda openid: api.send_image(openid, media.media_id), identity)


def personal_share(*, rep_id: int, now: datetime) -> int:
    """The share behind a rep's personal poster: his showroom."""
    return open_share(
        sharer=Sharer(rep_id=rep_id),
        sharing=Sharing(subject=Subject.SHOWROOM, place=Place.POSTER),
        now=now,
    ).id


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
    """Send once: of an answer that never came nobody knows whether the message did.

    Who has left meanwhile gets nothing, and that he left is kept.
    """
    openid, asked_at = identity.openid, clock.now()
    if openid is None:
        return
    try:
        yield lambda: send(openid)
    except PlatformError as error:
        if note_unfollowed(error, identity_id=identity.id, asked_at=asked_at):
            return
        if not error.unknown:
            raise
        log.warning("outcome of a message unknown", extra={"identity_id": identity.id})
