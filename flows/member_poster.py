"""A customer's own poster: the page he looks at, behind the link of his own share, with whom to ask.

Whoever scans it came by him and by everybody before him: the rep at the root stays.
"""

from datetime import datetime

from catalog.models import Product
from flows.poster import PERSONAL, drawn, kept, poster_values
from flows.rep_poster import ask_slot
from flows.share_kit import about_of
from flows.share_picture import PRODUCT
from flows.sharing import link_of, nearest_of_others, sharer_of
from members.queries import appid_of
from org.queries import RepCard, rep_by_number, rep_card, successor_of
from referral.models import Place, Share, Subject
from referral.operations import Sharing, open_share
from referral.poster import PosterValues
from referral.queries import share_by_id
from wx_backend import clock
from wx_backend.errors import NotFound
from wx_backend.outbox import Steps, defer, remote_job
from wx_backend.platform import account_of


def ask_for_own_poster(
    *,
    identity_id: int,
    member_id: int,
    sharing: tuple[Subject, str],
    parent_id: int | None,
    now: datetime,
) -> int:
    """A person's share of a page by poster, born before its code; have it drawn. The share's id.

    Asking again is the same share, and within half a minute the same drawing.
    """
    sharer, (subject, subject_key) = sharer_of(identity_id, member_id), sharing
    share = open_share(
        sharer=sharer,
        sharing=Sharing(subject=subject, place=Place.POSTER, subject_key=subject_key),
        parent_id=nearest_of_others(parent_id, sharer),
        now=now,
    )
    defer(
        draw_own_poster,
        key=f"{share.id}:{identity_id}:{ask_slot(now)}",
        share_id=share.id,
        identity_id=identity_id,
    )
    return share.id


def own_poster(share_id: int, *, identity_id: int, member_id: int, now: datetime) -> bytes | None:
    """The poster of one's own share as JPEG; None until it is drawn as it is today.

    Raises NotFound for anybody else's share.
    """
    share = share_by_id(share_id)
    is_own = share is not None and share.sharer_key == sharer_of(identity_id, member_id).key
    if share is None or not is_own or share.place != Place.POSTER:
        raise NotFound("海报不存在")
    template, values = _values(share, identity_id, now)
    return kept(values, template)


@remote_job("poster.draw_own")
def draw_own_poster(*, share_id: int, identity_id: int) -> Steps:
    """Draw it and keep the file."""
    share = share_by_id(share_id)
    if share is None:
        raise NotFound("海报不存在")
    template, values = _values(share, identity_id, clock.now())
    yield lambda: drawn(values, template)


def _values(share: Share, identity_id: int, now: datetime) -> tuple[str, PosterValues]:
    """The template, and the words: the product, and the rep to ask or the account itself."""
    about, card, link = about_of(share, now), _adviser(share, now), link_of(share.id)
    if about.product is None:
        if card is not None:
            return PERSONAL, poster_values(card, link=link)
        return PERSONAL, PosterValues(link=link, name=_account(identity_id))
    return PRODUCT, _of_product(about.product, about.price_fen, link, card, _account(identity_id))


def _of_product(
    product: Product, price_fen: int | None, link: str, card: RepCard | None, account: str
) -> PosterValues:
    return PosterValues(
        link=link,
        name=card.name if card else account,
        title=card.title if card else "",
        outlet=card.outlet_name if card else "",
        product=product.name,
        slogan=product.subtitle,
        price_fen=price_fen,
    )


def _adviser(share: Share, now: datetime) -> RepCard | None:
    """Whose showroom it shows, else who has the customers of the rep at the root; nobody who left."""
    shown = rep_by_number(share.subject_key) if share.subject == Subject.SHOWROOM else None
    rep_id = shown.id if shown is not None else share.root_rep_id
    heir_id = successor_of(rep_id, now).rep_id if rep_id is not None else None
    card = rep_card(heir_id) if heir_id is not None else None
    return card if card is not None and card.is_active else None


def _account(identity_id: int) -> str:
    return account_of(appid_of(identity_id)).title
