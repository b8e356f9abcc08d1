"""The people of an account as a campaign sees them: many at once, page by page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, SelectBase, exists, func, select

from members.models import FollowEvent, FollowKind, Identity, IdentityLink
from members.queries import members_by_phones
from wx_backend.db import db
from wx_backend.sql import among


@dataclass(frozen=True, slots=True)
class Person:
    """One identity; `openid` is None once it was erased."""

    id: int
    member_id: int | None
    openid: str | None
    is_followed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Who of an account is meant: whoever is in every one of `among` and in none of `without`.

    Instants are aware UTC; each narrows it to what happened since then. With `is_follower` only
    those who follow it now.
    """

    appid: str
    among: Sequence[SelectBase] = ()
    without: Sequence[SelectBase] = ()
    followed_since: datetime | None = None
    seen_since: datetime | None = None
    seen_before: datetime | None = None
    is_follower: bool = False


def people(wanted: Wanted, *, after: int, limit: int) -> list[Person]:
    """The next people meant, by id."""
    rows = db.session.execute(
        select(Identity.id, Identity.member_id, Identity.openid, Identity.is_followed)
        .where(Identity.id.in_(_ids(wanted)), Identity.id > after)
        .order_by(Identity.id)
        .limit(limit)
    )
    return [Person(*row) for row in rows]


def last_known(appid: str) -> int:
    """The identity of an account that was known last; 0 before there is one."""
    newest = select(Identity.id).where(Identity.appid == appid).order_by(Identity.id.desc())
    return db.session.scalar(newest.limit(1)) or 0


def fitting(wanted: Wanted, identity_ids: Collection[int]) -> set[int]:
    """Who of some people is meant."""
    return set(
        db.session.scalars(
            select(Identity.id).where(Identity.id.in_(_ids(wanted)), Identity.id.in_(identity_ids))
        )
    )


def identities_of(members: Select[int]) -> Select[int]:
    """The identities of whoever is one of these members or was merged with one, to filter others by."""
    merged = (
        select(Identity.member_id)
        .join(IdentityLink, IdentityLink.identity_id == Identity.id)
        .where(IdentityLink.member_id.in_(members), IdentityLink.undone_at.is_(None))
    )
    return select(Identity.id).where(
        Identity.member_id.in_(members) | Identity.member_id.in_(merged)
    )


def count_people(wanted: Wanted) -> int:
    """How many are meant."""
    return db.session.scalar(select(func.count()).select_from(_ids(wanted).subquery())) or 0


def persons_of(identity_ids: Collection[int]) -> dict[int, Person]:
    """These people as they are now."""
    rows = db.session.execute(
        select(Identity.id, Identity.member_id, Identity.openid, Identity.is_followed).where(
            among(Identity.id, identity_ids)
        )
    )
    return {row[0]: Person(*row) for row in rows}


def known_openids(appid: str, openids: Collection[str]) -> dict[str, int]:
    """The identities of these openids at an account; unknown ones are left out."""
    rows = db.session.execute(
        select(Identity.openid, Identity.id).where(
            Identity.appid == appid, Identity.openid.in_(openids)
        )
    )
    return {openid: identity_id for openid, identity_id in rows if openid is not None}


def known_phones(appid: str, indexes: Collection[bytes]) -> dict[bytes, int | None]:
    """The identities at an account of whoever proved these phones; None for members not known there.

    Phones nobody proved are left out. `indexes` are the vault's digests of them.
    """
    holders = members_by_phones(indexes)
    members = set().union(*holders.values())
    rows = db.session.execute(
        select(Identity.member_id, Identity.id)
        .where(
            Identity.member_id.in_(members),
            Identity.appid == appid,
            Identity.openid.is_not(None),
        )
        .order_by(Identity.is_followed.desc(), Identity.id)
    ).all()
    best: dict[int, tuple[int, int]] = {}
    for rank, (member_id, identity_id) in enumerate(rows):
        best.setdefault(member_id or 0, (rank, identity_id))
    found = {
        index: min((best[each] for each in mine if each in best), default=None)
        for index, mine in holders.items()
    }
    return {index: ranked[1] if ranked else None for index, ranked in found.items()}


def _is_among(chosen: SelectBase) -> ColumnElement[bool]:
    """Asked of each person: `NOT IN` of many is no anti-join, and excludes everybody for one NULL."""
    rows = chosen.subquery()
    return exists().where(rows.c[0] == Identity.id)


def _ids(wanted: Wanted) -> Select[int]:
    query = select(Identity.id).where(Identity.appid == wanted.appid, Identity.openid.is_not(None))
    for chosen in wanted.among:
        query = query.where(Identity.id.in_(chosen))
    for excluded in wanted.without:
        query = query.where(~_is_among(excluded))
    if wanted.is_follower:
        query = query.where(Identity.is_followed.is_(True))
    if wanted.followed_since is not None:
        followed = select(FollowEvent.identity_id).where(
            FollowEvent.kind == FollowKind.FOLLOWED, FollowEvent.event_at >= wanted.followed_since
        )
        query = query.where(Identity.id.in_(followed), Identity.is_followed.is_(True))
    if wanted.seen_since is not None:
        query = query.where(Identity.seen_at >= wanted.seen_since)
    if wanted.seen_before is not None:
        query = query.where(Identity.seen_at < wanted.seen_before)
    return query
