"""Somebody opens a link: what it leads to, what is counted, and when the opening becomes a touch.

A bare GET only counts a sighting: pages are fetched by previews, prefetches and hidden frames
too. The opening is kept in the browser's signed session and becomes a touch by a same-origin
POST of the page, by a completed sign-in, or at the checkout.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2s

from campaigns.queries import landing_of
from catalog.offers import is_on_sale
from catalog.queries import product_by_number
from flows.attribution import customer_of
from members.visitors import new_visitor, visitor_of
from org.queries import rep_by_number, rep_card, successor_of
from referral.models import Place, Share, Subject
from referral.operations import (
    Contact,
    Sharer,
    Sharing,
    count_forged,
    count_sighting,
    open_share,
    record_touch,
)
from referral.queries import link_target, share_by_id
from referral.signing import signed_share
from referral.token import ForgedToken
from referral.values import Certainty, TouchKind

HOME = "/"
MINE = "/mine"
"""Leads on to the showroom of whose customer the viewer is, once that is known."""
SLOT_SECONDS = 1800
FORGED = "链接无效，已为您打开商城首页"
OVER = "链接已过期，已为您打开商城首页"


class Sight(StrEnum):
    """How a link was fetched; only a view can become a touch."""

    VIEW = "view"
    HEAD = "head"
    PREFETCH = "prefetch"
    PREVIEW = "preview"


@dataclass(frozen=True, slots=True)
class Opened:
    """A share that this browser opened, and how sure we are that it was this one."""

    share_id: int
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a link leads; without `opened` nobody can be credited for it."""

    path: str
    opened: Opened | None = None
    message: str = ""


def open_token(
    text: str, *, sight: Sight, identity_id: int | None = None, now: datetime
) -> Landing:
    """A share link was fetched. A token that is not ours is counted and opens the front page."""
    try:
        share_id = signed_share(text)
    except ForgedToken as forged:
        return _forged(forged.reason, text, now)
    share = share_by_id(share_id)
    if share is None:
        return _forged("unknown_share", text, now)
    landing = _landing(share, Certainty.SIGNED, sight, now)
    if landing.opened is None or identity_id is None:
        return landing
    opened = owned(landing.opened, identity_id=identity_id, now=now)
    return landing if opened == landing.opened else Landing(_page_of(opened, now), opened)


def open_slug(slug: str, *, sight: Sight, now: datetime) -> Landing:
    """A short link was fetched, which an older system gave out unsigned."""
    target = link_target(slug, now=now)
    if target is None:
        return _forged("unknown_slug", slug, now)
    share = share_by_id(target.share_id)
    if target.is_over or share is None:
        return Landing(HOME, message=OVER)
    return _landing(share, Certainty.LEGACY, sight, now)


def page_of(share: Share, now: datetime) -> str:
    """The page a share shows: its product, else the showroom of whoever has the rep's customers."""
    shown_product = _product_of(share)
    if shown_product:
        product = product_by_number(shown_product)
        if product is not None and is_on_sale(product, now):
            return f"/p/{product.number}"
    shown = rep_by_number(share.subject_key) if share.subject == Subject.SHOWROOM else None
    rep_id = shown.id if shown else share.root_rep_id
    if rep_id is None:
        return MINE if share.is_push else HOME
    return showroom_path(rep_id, now)


def _product_of(share: Share) -> str | None:
    """The number of the product a share shows, itself or by its campaign."""
    if share.subject == Subject.CAMPAIGN:
        return landing_of(share.subject_key)
    return share.subject_key if share.subject == Subject.PRODUCT else None


def owned(opened: Opened, *, identity_id: int, now: datetime) -> Opened:
    """Of a campaign's link that is the same for everybody, the one of the person's own rep.

    Whoever nobody brought keeps the outlet's; every other link is what it is.
    """
    share = share_by_id(opened.share_id)
    if share is None or not share.is_push or share.root_rep_id is not None:
        return opened
    rep_id = customer_of(identity_id, now=now)
    if rep_id is None:
        return opened
    sharing = Sharing(subject=Subject.CAMPAIGN, place=Place.PUSH, subject_key=share.subject_key)
    mine = open_share(sharer=Sharer(rep_id=rep_id), sharing=sharing, now=now)
    return Opened(mine.id, opened.certainty)


def my_page(identity_id: int | None, now: datetime) -> str:
    """The showroom of whose customer somebody is; the front page where that is nobody's."""
    if identity_id is None:
        return HOME
    rep_id = customer_of(identity_id, now=now)
    return HOME if rep_id is None else showroom_path(rep_id, now)


def _page_of(opened: Opened, now: datetime) -> str:
    share = share_by_id(opened.share_id)
    return page_of(share, now) if share is not None else HOME


def showroom_path(rep_id: int, now: datetime) -> str:
    """The showroom of whoever has this rep's customers; the front page if none may sell now."""
    heir_id = successor_of(rep_id, now).rep_id
    card = rep_card(heir_id) if heir_id is not None else None
    return card.showroom_path if card is not None and card.is_active else HOME


def note_opening(
    opened: Opened, *, identity_id: int | None, visitor_cookie: str, now: datetime
) -> str | None:
    """The opened page answered for itself: a touch of the person, else of the browser.

    Returns the cookie of a browser that was new, else None. Repeats within the same half hour
    are one touch.
    """
    visitor_id, cookie = None, None
    if identity_id is None:
        visitor_id = visitor_of(visitor_cookie)
        if visitor_id is None:
            visitor_id, cookie = new_visitor(now=now)
    touch_link(opened, identity_id=identity_id, visitor_id=visitor_id, now=now)
    return cookie


def touch_link(
    opened: Opened,
    *,
    identity_id: int | None = None,
    visitor_id: int | None = None,
    kind: TouchKind = TouchKind.LINK_OPENED,
    now: datetime,
) -> bool:
    """Record that this person, or this browser, opened the share; False for a repeat."""
    who = f"identity:{identity_id}" if identity_id is not None else f"visitor:{visitor_id}"
    return record_touch(
        Contact(
            key=_key(kind, who, opened.share_id, now),
            kind=kind,
            certainty=opened.certainty,
            event_at=now,
            known_at=now,
            identity_id=identity_id,
            visitor_id=visitor_id,
            share_id=opened.share_id,
        )
    )


def _key(kind: TouchKind, who: str, share_id: int, now: datetime) -> bytes:
    slot = int(now.timestamp()) // SLOT_SECONDS
    return blake2s(f"{kind}:{who}:{share_id}:{slot}".encode(), digest_size=16).digest()


def _landing(share: Share, certainty: Certainty, sight: Sight, now: datetime) -> Landing:
    count_sighting(share_id=share.id, kind=sight, now=now)
    opened = Opened(share.id, certainty) if sight is Sight.VIEW else None
    return Landing(page_of(share, now), opened)


def _forged(reason: str, sample: str, now: datetime) -> Landing:
    count_forged(source="link", reason=reason, sample=sample, now=now)
    return Landing(HOME, message=FORGED)
