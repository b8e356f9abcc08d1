"""A rep looks at his poster: drawn by a worker once, kept as a file, shown when it is there."""

from datetime import datetime
from typing import Final

from flows.codes import permanent_code
from flows.poster import (
    PERSONAL,
    drawn,
    kept,
    looks,
    personal_share,
    poster_values,
    send_poster,
)
from org.queries import rep_card
from referral.figures import poster_share
from referral.models import CodeKind
from referral.queries import code_of_share
from wx_backend import clock
from wx_backend.errors import NotFound
from wx_backend.outbox import Steps, defer, remote_job

ASK_EVERY_SECONDS: Final = 30


def look_named(name: str) -> str:
    """One of the looks a rep can choose; the first one for an empty name. Raises NotFound."""
    if not name:
        return PERSONAL
    if name not in looks():
        raise NotFound("没有这个海报模板")
    return name


def finished_poster(rep_id: int, appid: str, look: str = PERSONAL) -> bytes | None:
    """The rep's poster at an account as JPEG; None until it is drawn as he is today."""
    share_id = poster_share(rep_id)
    if share_id is None:
        return None
    code = code_of_share(share_id=share_id, kind=CodeKind.OA_PERMANENT, appid=appid)
    if code is None or not code.url:
        return None
    return kept(poster_values(rep_card(rep_id), link=code.url), look)


def ask_for_poster(*, rep_id: int, appid: str, now: datetime, look: str = PERSONAL) -> None:
    """Have the poster drawn; asking again within half a minute is the same wish."""
    key = f"{rep_id}:{appid}:{look}:{ask_slot(now)}"
    defer(draw_poster, key=key, rep_id=rep_id, appid=appid, look=look)


def ask_to_send(*, rep_id: int, identity_id: int, now: datetime, look: str) -> None:
    """Have the poster sent into the rep's chat with the account, once in half a minute."""
    key = f"{rep_id}:{look}:{ask_slot(now)}"
    defer(send_poster, key=key, identity_id=identity_id, look=look)


def ask_slot(now: datetime) -> int:
    """The half minute within which asking again is the same wish."""
    return int(now.timestamp()) // ASK_EVERY_SECONDS


@remote_job("poster.draw")
def draw_poster(*, rep_id: int, appid: str, look: str = PERSONAL) -> Steps:
    """Make the code at the platform if need be, draw, and keep the file."""
    share_id = personal_share(rep_id=rep_id, now=clock.now())
    code = yield from permanent_code(share_id=share_id, appid=appid)
    values = poster_values(rep_card(rep_id), link=code.url or "")
    yield lambda: drawn(values, look)
