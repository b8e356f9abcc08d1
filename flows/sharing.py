"""Somebody passes a page on: his own share, born before its link is handed out."""

from collections.abc import Iterable
from datetime import datetime

from customers.operations import see_page
from members.queries import member_ids_of
from org.queries import rep_of_member
from referral.models import Place, Subject
from referral.operations import Sharer, Sharing, open_share
from referral.queries import share_path
from referral.signing import sign_share
from wx_backend.platform import config

PLACES = (Place.CHAT, Place.MOMENTS)


def share_links(
    *,
    identity_id: int,
    member_id: int,
    sharing: tuple[Subject, str],
    parent_id: int | None,
    now: datetime,
) -> dict[Place, str]:
    """The links a signed-in viewer shares a page by, one per place.

    A rep shares by his job and begins with himself; a customer carries on whoever brought him.
    Every page asks for them as soon as it is open, so this is also the page he looked at last.
    """
    sharer = sharer_of(identity_id, member_id)
    subject, subject_key = sharing
    see_page(identity_id=identity_id, subject=subject, subject_key=subject_key, now=now)
    parent_id = nearest_of_others(parent_id, sharer)
    links = {}
    for place in PLACES:
        share = open_share(
            sharer=sharer,
            sharing=Sharing(subject=subject, place=place, subject_key=subject_key),
            parent_id=parent_id,
            now=now,
        )
        links[place] = link_of(share.id)
    return links


def passed_on(
    share_id: int | None, path: str, places: Iterable[Place] = PLACES
) -> dict[Place, str]:
    """The links of an anonymous viewer: the share he came by, else the page's own address."""
    link = link_of(share_id) if share_id is not None else config().service.base_url + path
    return dict.fromkeys(places, link)


def link_of(share_id: int) -> str:
    """The address of a share, with its token."""
    return f"{config().service.base_url}/s/{sign_share(share_id)}"


def sharer_of(identity_id: int, member_id: int) -> Sharer:
    """Who a person shares as: the rep he is now, else himself."""
    rep_id = rep_of_member(*member_ids_of(member_id))
    return Sharer(identity_id=identity_id) if rep_id is None else Sharer(rep_id=rep_id)


def nearest_of_others(share_id: int | None, sharer: Sharer) -> int | None:
    """The nearest share on the path that is somebody else's: one's own link again is no new hop."""
    if share_id is None:
        return None
    others = (s.id for s in reversed(share_path(share_id)) if s.sharer_key != sharer.key)
    return next(others, None)
