"""The picture of a rep's share: drawn by a worker under the share's own code, kept as a file."""

from datetime import datetime
from typing import Final

from flows.codes import is_good, temporary_code
from flows.poster import PERSONAL, drawn, kept, poster_values
from flows.rep_poster import ask_slot
from flows.share_kit import IN_WECHAT, about_of, own_share
from flows.sharing import link_of
from org.queries import rep_card
from referral.models import CodeKind, Share
from referral.poster import PosterValues
from referral.queries import code_of_share
from wx_backend import clock
from wx_backend.outbox import Steps, defer, remote_job

PRODUCT: Final = "product"


def finished_picture(share_id: int, *, rep_id: int, appid: str, now: datetime) -> bytes | None:
    """The picture of one of the rep's own shares as JPEG; None until it is drawn.

    Raises NotFound for anybody else's share.
    """
    share = own_share(share_id, rep_id)
    if not _takes_code(share, now):
        return _kept(share, link_of(share.id), None, now)
    code = code_of_share(share_id=share.id, kind=CodeKind.OA_TEMPORARY, appid=appid)
    if code is None or not is_good(code, now):
        return None
    return _kept(share, code.url or "", code.expires_at, now)


def ask_for_picture(share_id: int, *, rep_id: int, appid: str, now: datetime) -> None:
    """Have the picture drawn; asking again within half a minute is the same wish."""
    own_share(share_id, rep_id)
    key = f"{share_id}:{appid}:{ask_slot(now)}"
    defer(draw_picture, key=key, share_id=share_id, rep_id=rep_id, appid=appid)


@remote_job("share.draw")
def draw_picture(*, share_id: int, rep_id: int, appid: str) -> Steps:
    """Make the code at the platform if it takes one, draw, and keep the file."""
    link, ends = link_of(share_id), None
    if _takes_code(own_share(share_id, rep_id), clock.now()):
        code = yield from temporary_code(share_id=share_id, appid=appid)
        link, ends = code.url or "", code.expires_at
    template, values = _values(own_share(share_id, rep_id), link, ends, clock.now())
    yield lambda: drawn(values, template)


def _takes_code(share: Share, now: datetime) -> bool:
    """Whether the picture carries a code to follow by, or the link.

    Inside WeChat a code brings the customer to the account and from there to the showroom; goods
    are bought at once, and outside of WeChat only a link opens.
    """
    return share.place in IN_WECHAT and about_of(share, now).product is None


def _kept(share: Share, link: str, ends: datetime | None, now: datetime) -> bytes | None:
    template, values = _values(share, link, ends, now)
    return kept(values, template)


def _values(
    share: Share, link: str, ends: datetime | None, now: datetime
) -> tuple[str, PosterValues]:
    """The template and the words of a share's picture."""
    about, card = about_of(share, now), rep_card(share.rep_id or 0)
    ends_on = clock.business_on(ends) if ends is not None else None
    if about.product is None:
        return PERSONAL, poster_values(card, link=link, expires_on=ends_on)
    return PRODUCT, PosterValues(
        link=link,
        name=card.name,
        title=card.title,
        outlet=card.outlet_name,
        product=about.name,
        slogan=about.product.subtitle,
        price_fen=about.price_fen,
    )
