"""Who is whom: identities join members, members prove to be one person, and any of it is undone.

A link is a dated row; the newest open link of an identity names its member. Merging two members
adds links to the older of them and rewrites nothing: orders keep the member they were placed by,
and undoing the link brings back what was before.
"""

from datetime import datetime

from sqlalchemy import exists, select

from members.models import Identity, IdentityLink, LinkKind, Member
from wx_backend import clock
from wx_backend.clock import business_on
from wx_backend.db import db, locked
from wx_backend.errors import NotFound
from wx_backend.numbers import MEMBER, new_number
from wx_backend.outbox import defer, job


def join_member(*, identity_id: int, now: datetime) -> int:
    """The member behind an identity, made when there is none, merged when proven the same.

    Call it at every sign-in: what the platform tells later (a union id) is used then.
    Raises NotFound for an identity that does not exist.
    """
    identity = locked_identity(identity_id)
    if identity.member_id is None:
        member = Member(number=new_number(MEMBER, on=business_on(now)), created_at=now)
        db.session.add(member)
        db.session.flush()
        _link(identity, member.id, LinkKind.FIRST_SEEN, now)
        _look_again(identity_id)
    return merge_same_person(identity_id=identity_id, now=now)


def merge_same_person(*, identity_id: int, now: datetime) -> int:
    """Join the identity's member with all who bear its union id; the oldest stays.

    A link that was undone is never made again by itself, and a WeChat that was reported lost joins
    nobody. Returns the member of the identity.
    """
    identity = db.session.get(Identity, identity_id, populate_existing=True)
    if identity is None or identity.member_id is None:
        raise NotFound
    person = _members_of_unionid(identity.unionid) | {identity.member_id}
    if len(person) > 1:
        join_members(person, into=min(person), kind=LinkKind.UNIONID, now=now)
    db.session.flush()
    return identity.member_id


@job("member.merge")
def merge(*, identity_id: int) -> None:
    """Look again once everything is committed: two who join at one moment do not see each other."""
    merge_same_person(identity_id=identity_id, now=clock.now())


def undo_link(*, link_id: int, now: datetime) -> None:
    """Take back one link; the identity is whoever the newest link still open says.

    Raises NotFound; undoing twice changes nothing.
    """
    link = locked(select(IdentityLink).where(IdentityLink.id == link_id))
    if link is None:
        raise NotFound
    if link.undone_at is not None:
        return
    link.undone_at = now
    db.session.flush()
    if link.member_id is not None:
        identity = locked_identity(link.identity_id)
        identity.member_id = db.session.scalar(
            select(IdentityLink.member_id)
            .where(
                IdentityLink.identity_id == link.identity_id,
                IdentityLink.member_id.is_not(None),
                IdentityLink.undone_at.is_(None),
            )
            .order_by(IdentityLink.linked_at.desc(), IdentityLink.id.desc())
            .limit(1)
        )


def _look_again(identity_id: int) -> None:
    defer(merge, identity_id=identity_id)


def locked_identity(identity_id: int) -> Identity:
    """The identity of this id, locked and read freshly. Raises NotFound."""
    identity = locked(select(Identity).where(Identity.id == identity_id))
    if identity is None:
        raise NotFound
    return identity


def _members_of_unionid(unionid: str | None) -> set[int]:
    """Who bears a union id; nobody where the WeChat it is of was reported lost."""
    if unionid is None:
        return set()
    bearers = db.session.execute(
        select(Identity.member_id, Identity.lost_at).where(Identity.unionid == unionid)
    ).all()
    if any(lost_at is not None for _, lost_at in bearers):
        return set()
    return {member_id for member_id, _ in bearers if member_id is not None}


def join_members(person: set[int], *, into: int, kind: LinkKind, now: datetime) -> None:
    """Link the identities of all to one member; locked in id order, so that mergers never cross."""
    undone = exists().where(
        IdentityLink.identity_id == Identity.id,
        IdentityLink.member_id == into,
        IdentityLink.undone_at.is_not(None),
    )
    identities = db.session.scalars(
        select(Identity)
        .where(Identity.member_id.in_(person - {into}), ~undone)
        .order_by(Identity.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for identity in identities:
        _link(identity, into, kind, now)


def _link(identity: Identity, member_id: int, kind: LinkKind, now: datetime) -> None:
    identity.member_id = member_id
    db.session.add(
        IdentityLink(identity_id=identity.id, member_id=member_id, kind=kind, linked_at=now)
    )
