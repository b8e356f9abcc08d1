"""Reading about people: identities, the member behind one, everything that is one person."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import aliased

from members.models import Identity, IdentityLink, Member
from wx_backend.db import db
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class VisitorLink:
    """A browser that is known to be an identity's, and how and when we learnt it."""

    visitor_id: int
    identity_id: int
    kind: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class Subjects:
    """Everything a person left touches as."""

    identity_ids: frozenset[int]
    visitors: tuple[VisitorLink, ...]

    @property
    def visitor_ids(self) -> frozenset[int]:
        return frozenset(link.visitor_id for link in self.visitors)


def identity_of(appid: str, openid: str) -> Identity | None:
    """The identity of (appid, openid), if it was ever seen."""
    return db.session.scalar(
        select(Identity).where(Identity.appid == appid, Identity.openid == openid)
    )


def member_of(identity_id: int) -> int | None:
    """The member an identity is; None for one that never joined."""
    return db.session.scalar(select(Identity.member_id).where(Identity.id == identity_id))


def member_by_number(number: str) -> Member | None:
    """The member people know by this number."""
    return db.session.scalar(select(Member).where(Member.number == number))


def members_by_id(member_ids: Collection[int]) -> dict[int, Member]:
    """These members, by id."""
    rows = db.session.scalars(select(Member).where(Member.id.in_(member_ids)))
    return {member.id: member for member in rows}


def is_known_anywhere(member_id: int) -> bool:
    """Whether some account still knows a member: he has an identity that was not erased."""
    alive = select(Identity.id).where(Identity.member_id == member_id, Identity.openid.is_not(None))
    return db.session.scalar(alive.limit(1)) is not None


def subjects_of(member_id: int) -> Subjects:
    """All identities of a member, and the visitors linked to them now (undone links left out)."""
    identity_ids = frozenset(
        db.session.scalars(select(Identity.id).where(Identity.member_id == member_id))
    )
    return Subjects(identity_ids, _visitors(identity_ids))


def subjects_of_identity(identity_id: int) -> Subjects:
    """What the person behind an identity left touches as, member or not yet."""
    return subjects_of_identities([identity_id])[identity_id]


def subjects_of_identities(identity_ids: Collection[int]) -> dict[int, Subjects]:
    """What the person behind each of these identities left touches as, asked for together."""
    mine, theirs = Identity, aliased(Identity)
    rows = db.session.execute(
        select(mine.id, theirs.id)
        .outerjoin(theirs, theirs.member_id == mine.member_id)
        .where(mine.id.in_(identity_ids))
    )
    found: dict[int, set[int]] = {each: {each} for each in identity_ids}
    for identity_id, other_id in rows:
        if other_id is not None:
            found[identity_id].add(other_id)
    links = _visitors(set[int]().union(*found.values()))
    return {
        each: Subjects(
            frozenset(persons), tuple(link for link in links if link.identity_id in persons)
        )
        for each, persons in found.items()
    }


def member_ids_of(member_id: int) -> frozenset[int]:
    """Every member row that is this person: himself and those merged into him.

    Orders and bindings made before a merge still name the member of that time.
    """
    links = (
        select(IdentityLink.member_id)
        .join(Identity, Identity.id == IdentityLink.identity_id)
        .where(
            Identity.member_id == member_id,
            IdentityLink.member_id.is_not(None),
            IdentityLink.undone_at.is_(None),
        )
    )
    found = {linked for linked in db.session.scalars(links) if linked is not None}
    return frozenset(found | {member_id})


def members_of_phone(member_ids: Iterable[int], *, since: datetime) -> set[int]:
    """Who today are the members that proved the same phone as any of `member_ids`.

    A proof from before `since` counts on neither side.
    """
    proven = select(Member.phone_index).where(
        Member.id.in_(member_ids), Member.phone_proven_at > since
    )
    holders = select(Member.id).where(
        Member.phone_index.in_(proven), Member.phone_proven_at > since
    )
    return persons_of(set(db.session.scalars(holders)))


def who_proved(index: bytes, *, since: datetime) -> dict[int, datetime]:
    """Who today are the members that proved this phone after `since`, and when they last did."""
    rows = db.session.execute(
        select(Member.id, Member.phone_proven_at).where(
            Member.phone_index == index, Member.phone_proven_at > since, Member.erased_at.is_(None)
        )
    ).all()
    today = _persons({member_id for member_id, _ in rows})
    found: dict[int, datetime] = {}
    for member_id, proven_at in rows:
        assert proven_at is not None  # noqa: S101 - later than something
        for person in today[member_id]:
            found[person] = max(proven_at, found.get(person, proven_at))
    return found


def phone_holder(member_ids: Iterable[int]) -> Member | None:
    """Of the rows that are one person, the one whose phone was proven last."""
    return db.session.scalar(
        select(Member)
        .where(Member.id.in_(member_ids), Member.phone_proven_at.is_not(None))
        .order_by(Member.phone_proven_at.desc())
        .limit(1)
    )


def members_by_phone(index: bytes) -> set[int]:
    """Who today are the members that proved this phone; `index` is the vault's digest of it."""
    return members_by_phones([index]).get(index, set())


def members_by_phones(indexes: Collection[bytes]) -> dict[bytes, set[int]]:
    """The same for many phones at once; those nobody proved, as a file's, are left out."""
    rows = db.session.execute(
        select(Member.phone_index, Member.id).where(
            Member.phone_index.in_(indexes), Member.phone_proven_at.is_not(None)
        )
    ).all()
    today = _persons({member_id for _, member_id in rows})
    found: dict[bytes, set[int]] = {}
    for index, member_id in rows:
        if index is not None:
            found.setdefault(index, set()).update(today[member_id])
    return found


def persons_of(member_ids: set[int]) -> set[int]:
    """The members these rows count as after merges."""
    return set().union(*_persons(member_ids).values())


def _persons(member_ids: set[int]) -> dict[int, set[int]]:
    """The members each of these rows counts as after merges."""
    today = select(Identity.member_id, IdentityLink.member_id).where(
        Identity.id == IdentityLink.identity_id,
        IdentityLink.member_id.in_(member_ids),
        IdentityLink.undone_at.is_(None),
        Identity.member_id.is_not(None),
    )
    merged: dict[int, set[int]] = {}
    for person, linked in db.session.execute(today):
        if person is not None and linked is not None:
            merged.setdefault(linked, set()).add(person)
    return {member_id: merged.get(member_id, {member_id}) for member_id in member_ids}


def _visitors(identity_ids: Iterable[int]) -> tuple[VisitorLink, ...]:
    links = db.session.scalars(
        select(IdentityLink)
        .where(
            IdentityLink.identity_id.in_(identity_ids),
            IdentityLink.visitor_id.is_not(None),
            IdentityLink.undone_at.is_(None),
        )
        .order_by(IdentityLink.id)
    )
    return tuple(
        VisitorLink(link.visitor_id, link.identity_id, link.kind, link.linked_at)
        for link in links
        if link.visitor_id is not None
    )


def appid_of(identity_id: int) -> str:
    """The account an identity belongs to."""
    return db.session.scalars(select(Identity.appid).where(Identity.id == identity_id)).one()


def identity_by_id(identity_id: int) -> Identity:
    """The identity of this id; NotFound without it."""
    identity = db.session.get(Identity, identity_id)
    if identity is None:
        raise NotFound
    return identity


def identity_at(member_ids: Iterable[int], appid: str) -> int | None:
    """Under which identity a person is known at an account; the one he follows with comes first.

    None that was reported lost: another may hold it.
    """
    return db.session.scalar(
        select(Identity.id)
        .where(
            Identity.member_id.in_(member_ids),
            Identity.appid == appid,
            Identity.openid.is_not(None),
            Identity.lost_at.is_(None),
        )
        .order_by(Identity.is_followed.desc(), Identity.id)
        .limit(1)
    )


def members_of_identities(identity_ids: Iterable[int]) -> dict[int, Member]:
    """The members these identities are, by identity; those that never joined are left out."""
    rows = db.session.execute(
        select(Identity.id, Member)
        .join(Member, Member.id == Identity.member_id)
        .where(Identity.id.in_(set(identity_ids)))
    )
    return {identity_id: member for identity_id, member in rows}  # noqa: C416 - rows are no pairs to dict()
