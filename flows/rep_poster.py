"""A rep looks at his poster: drawn by a worker once, kept as a file, shown when it is there."""

from datetime import datetime
from typing import Final

from flows.codes import permanent_code
from flows.poster import CACHE_BYTES, TEMPLATE, drawn, personal_share, poster_values
from org.queries import rep_card
from referral.figures import poster_share
from referral.models import CodeKind
from referral.poster import PosterCache, content_key, template_named
from referral.queries import code_of_share
from wx_backend import clock
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import config

ASK_EVERY_SECONDS: Final = 30


def finished_poster(rep_id: int, appid: str) -> bytes | None:
    """The rep's poster at an account as JPEG; None until it is drawn as he is today."""
    share_id = poster_share(rep_id)
    if share_id is None:
        return None
    code = code_of_share(share_id=share_id, kind=CodeKind.OA_PERMANENT, appid=appid)
    if code is None or not code.url:
        return None
    values = poster_values(rep_card(rep_id), link=code.url)
    cache = PosterCache(config().service.data_dir / "posters", CACHE_BYTES)
    return cache.find(content_key(template_named(TEMPLATE), values))


def ask_for_poster(*, rep_id: int, appid: str, now: datetime) -> None:
    """Have the poster drawn; asking again within half a minute is the same wish."""
    slot = int(now.timestamp()) // ASK_EVERY_SECONDS
    defer(draw_poster, key=f"{rep_id}:{appid}:{slot}", rep_id=rep_id, appid=appid)


@remote_job("poster.draw")
def draw_poster(*, rep_id: int, appid: str) -> Steps:
    """Make the code at the platform if need be, draw, and keep the file."""
    share_id = personal_share(rep_id=rep_id, now=clock.now())
    code = yield from permanent_code(share_id=share_id, appid=appid)
    values = poster_values(rep_card(rep_id), link=code.url or "")
    yield lambda: drawn(values)
