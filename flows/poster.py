"""A rep asks for his poster in the chat: his code is made once, the poster drawn, proved and sent."""

import logging
from collections.abc import Callable, Generator
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from flows.codes import permanent_code
from flows.messages import kind_of_refusal, note_unfollowed
from members.models import Identity
from members.queries import identity_by_id, member_ids_of
from org.queries import RepCard, rep_card, rep_of_member
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.poster import (
    PosterCache,
    PosterValues,
    content_key,
    template_named,
    template_names,
)
from wechat.error_codes import Kind
from wx_backend import clock
from wx_backend.errors import PlatformError
from wx_backend.outbox import Steps, remote_job
from wx_backend.platform import client, config

log = logging.getLogger(__name__)

CACHE_BYTES = 512 * 1024 * 1024
PERSONAL: Final = "personal"
"""The template of a rep who has not chosen another, and how the names of the others begin."""
NOT_BOUND = "您还没有绑定销售人员身份。请向所在网点索取邀请码，在个人终端中绑定后再来领取海报。"


@remote_job("poster.send")
def send_poster(*, identity_id: int, look: str = PERSONAL) -> Steps:
    """Send a person the poster of the rep he is; tell anybody else how to become one."""
    identity = identity_by_id(identity_id)
    rep_id = _rep_of(identity)
    if rep_id is None:
        yield from _told(identity, NOT_BOUND)
        return
    share_id = personal_share(rep_id=rep_id, now=clock.now())
    code = yield from permanent_code(share_id=share_id, appid=identity.appid)
    values = poster_values(rep_card(rep_id), link=code.url or "")
    jpeg = yield lambda: drawn(values, look)
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


def poster_values(card: RepCard, *, link: str, expires_on: date | None = None) -> PosterValues:
    """What stands on a rep's personal poster; `expires_on` where its code does not last for ever."""
    return PosterValues(
        link=link,
        name=card.name,
        title=card.title,
        outlet=card.outlet_name,
        expires_on=expires_on,
    )


@cache
def looks() -> dict[str, str]:
    """The templates a rep can choose from for his poster, by name with their titles."""
    names = (name for name in template_names() if name.partition("-")[0] == PERSONAL)
    return {name: template_named(name).title for name in names}


def drawn(values: PosterValues, template_name: str = PERSONAL) -> bytes:
    """The poster as JPEG, from the cache or drawn now and read back as proof that it scans."""
    from referral.poster.drawing import render  # Pillow: in the worker, never on a page

    template = template_named(template_name)
    return _cache().poster(content_key(template, values), lambda: render(template, values))


def kept(values: PosterValues, template_name: str = PERSONAL) -> bytes | None:
    """The poster as JPEG if it was drawn before; all that a page does."""
    return _cache().find(content_key(template_named(template_name), values))


def _cache() -> PosterCache:
    return PosterCache(config().service.data_dir / "posters", CACHE_BYTES)


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

    Who has left meanwhile gets nothing, and that he left is kept. Nor does who has not written to
    the account for so long that it may not write to him.
    """
    openid, asked_at = identity.openid, clock.now()
    if openid is None:
        return
    try:
        yield lambda: send(openid)
    except PlatformError as error:
        if note_unfollowed(error, identity_id=identity.id, asked_at=asked_at):
            return
        if kind_of_refusal(error) is Kind.receiver:
            log.info("nothing may be sent to a person", extra={"identity_id": identity.id})
            return
        if not error.unknown:
            raise
        log.warning("outcome of a message unknown", extra={"identity_id": identity.id})
