"""A WeChat reported lost is let in again: its owner found it, or the claim it was reported by was wrong.

It takes what a claim takes, two persons (`members.claims`). Sessions from before are over all the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from members.claim_models import ClaimKind, ClaimVerdict, MemberClaim
from members.join_requests import no_longer_joined
from members.joining import merge_same_person, undo_link
from members.models import Identity, IdentityLink, LinkKind
from members.queries import member_ids_of, persons_of
from wx_backend.db import db
from wx_backend.errors import Conflict


class NothingToLift(Conflict):
    code, message = "nothing_to_lift", "没有可解除的挂失，或已经解除"


class StillOne(Conflict):
    """A union id, or a phone both agreed on, says so as well."""

    code, message = "still_one", "另有记录表明两个微信是同一位客户，不能分开"


class LaterFirst(Conflict):
    """Another WeChat was joined to them since: by a claim that stands."""

    code, message = "later_first", "该客户之后还有换绑，请先处理较晚的换绑"


def lifts_of(claim: MemberClaim) -> list[ClaimKind]:
    """How what came of a claim can be lifted, as it stands today."""
    if claim.kind != ClaimKind.LOST or claim.verdict != ClaimVerdict.APPROVED:
        return []
    stands: Mapping[ClaimKind, Select[Any]] = {
        ClaimKind.FOUND: _lost_by(claim),
        ClaimKind.WRONG: _joined_by(claim),
    }
    return [kind for kind, rows in stands.items() if db.session.scalars(rows.limit(1)).first()]


def require_lift(claim: MemberClaim, kind: ClaimKind) -> None:
    """Raises NothingToLift."""
    if kind not in lifts_of(claim):
        raise NothingToLift


def lift(claim: MemberClaim, kind: ClaimKind, now: datetime) -> None:
    """Let in what a claim reported lost; of one that was wrong, part what it joined as well.

    The caller holds the turn of those who join people. Raises NothingToLift, StillOne, and LaterFirst
    where a wrong one has a later one built upon it.
    """
    require_lift(claim, kind)
    if kind is ClaimKind.WRONG and _has_later(claim):
        raise LaterFirst
    lost = _lost_by(claim).with_for_update().execution_options(populate_existing=True)
    for identity in db.session.scalars(lost):
        identity.lost_at = None
    db.session.flush()
    if kind is ClaimKind.WRONG:
        _part(claim, now)


def _has_later(claim: MemberClaim) -> bool:
    both = rows_of_both(claim)
    later = select(MemberClaim).where(
        MemberClaim.old_id.in_(both) | MemberClaim.new_id.in_(both),
        MemberClaim.kind == ClaimKind.LOST,
        MemberClaim.verdict == ClaimVerdict.APPROVED,
        MemberClaim.decided_at > claim.decided_at,
    )
    return any(ClaimKind.WRONG in lifts_of(each) for each in db.session.scalars(later).all())


def _part(claim: MemberClaim, now: datetime) -> None:
    """Undo what a claim joined, whom the claiming WeChat let in since, and what came by their union ids.

    While all others were reported lost nobody but that one could agree to be one with somebody else.
    """
    joined, agreed = db.session.scalars(_joined_by(claim)).all(), _agreed_since(claim)
    strangers, voided = {link.identity_id for link in joined}, set[int]()
    owners = _owners(claim)
    if not strangers & owners:  # else the customer was joined to the claiming one, and leaves it
        strangers |= {link.identity_id for link in agreed} - owners
        voided = {link.id for link in agreed}
    strangers = _with_their_unionids(strangers)
    came = select(IdentityLink.id).where(
        IdentityLink.identity_id.in_(strangers) | IdentityLink.id.in_(voided),
        IdentityLink.member_id.in_({link.member_id for link in (*joined, *agreed)}),
        IdentityLink.kind != LinkKind.FIRST_SEEN,
        IdentityLink.linked_at >= claim.decided_at,
        IdentityLink.undone_at.is_(None),
    )
    for link_id in db.session.scalars(came.order_by(IdentityLink.id)).all():
        undo_link(link_id=link_id, now=now)
    db.session.flush()
    for identity_id in sorted(strangers):
        merge_same_person(identity_id=identity_id, now=now)
    no_longer_joined({link.member_id for link in (*joined, *agreed)}, claim.decided_at, now=now)
    old, new = persons_of({claim.old_id}), persons_of({claim.new_id})
    if old & new or _unionids(old) & _unionids(new):
        raise StillOne


def lost_by(claim: MemberClaim) -> Sequence[Identity]:
    """The WeChats a claim reported lost that nobody has let in again."""
    return db.session.scalars(_lost_by(claim)).all()


def alone_until(claim: MemberClaim) -> datetime | None:
    """Until when nobody but the claiming WeChat could be the customer; None where that never ended.

    It ended when one that was reported lost was found, or when somebody came who is one with him still.
    The caller asks once both are parted.
    """
    joined = (
        select(func.min(IdentityLink.linked_at))
        .join(Identity, Identity.id == IdentityLink.identity_id)
        .where(
            IdentityLink.member_id.in_(rows_of_both(claim)),
            IdentityLink.linked_at > claim.decided_at,
            IdentityLink.undone_at.is_(None),
            Identity.member_id.in_(persons_of({claim.old_id})),
        )
    )
    ends = (_found_at(claim), db.session.scalar(joined))
    return min((each for each in ends if each is not None), default=None)


def rows_laid_under(claim: MemberClaim) -> dict[int, datetime]:
    """Under which rows what the customer left since a claim may lie, and from when on.

    His own of that day, and an older one that he was joined into later. The row of somebody younger who
    came later holds only what that one left before.
    """
    since = claim.decided_at or claim.asked_at
    rows = db.session.execute(
        select(IdentityLink.member_id, func.min(IdentityLink.linked_at))
        .where(
            IdentityLink.identity_id.in_(_owners(claim)),
            IdentityLink.member_id.is_not(None),
            _stood_at(since),
        )
        .group_by(IdentityLink.member_id)
    )
    return {row: max(linked_at, since) for row, linked_at in rows if row is not None}


def rows_of_both(claim: MemberClaim) -> set[int]:
    """Every member row that either side of a claim is."""
    both = persons_of({claim.old_id, claim.new_id})
    return set[int]().union(*(member_ids_of(each) for each in both))


def _lost_by(claim: MemberClaim) -> Select[Identity]:
    """What a claim reported lost and nobody has let in again."""
    return (
        select(Identity)
        .where(Identity.lost_at == claim.decided_at, Identity.member_id.in_(rows_of_both(claim)))
        .order_by(Identity.id)
    )


def _joined_by(claim: MemberClaim) -> Select[IdentityLink]:
    """The links a claim made that nobody has undone."""
    return (
        select(IdentityLink)
        .where(
            IdentityLink.member_id.in_(rows_of_both(claim)),
            IdentityLink.kind == LinkKind.PHONE,
            IdentityLink.linked_at == claim.decided_at,
            IdentityLink.undone_at.is_(None),
        )
        .order_by(IdentityLink.id)
    )


def _agreed_since(claim: MemberClaim) -> Sequence[IdentityLink]:
    """Whom a phone has joined to the customer since, while only the claiming WeChat could agree to it."""
    rows = select(IdentityLink).where(
        IdentityLink.member_id.in_(rows_of_both(claim)),
        IdentityLink.kind == LinkKind.PHONE,
        IdentityLink.linked_at > claim.decided_at,
        IdentityLink.undone_at.is_(None),
    )
    if (found_at := _found_at(claim)) is not None:
        rows = rows.where(IdentityLink.linked_at < found_at)
    return db.session.scalars(rows.order_by(IdentityLink.id)).all()


def _owners(claim: MemberClaim) -> set[int]:
    """The WeChats the customer had before a claim."""
    since = claim.decided_at or claim.asked_at
    his = select(IdentityLink.identity_id).where(
        IdentityLink.member_id == claim.old_id, IdentityLink.linked_at < since, _stood_at(since)
    )
    return {*db.session.scalars(his)}


def _stood_at(instant: datetime) -> ColumnElement[bool]:
    """Whether a link, once it was made, had not been undone by an instant."""
    return IdentityLink.undone_at.is_(None) | (IdentityLink.undone_at > instant)


def _found_at(claim: MemberClaim) -> datetime | None:
    """When what a claim reported lost was let in again as found."""
    return db.session.scalar(
        select(func.min(MemberClaim.decided_at)).where(
            MemberClaim.lifts_id == claim.id,
            MemberClaim.kind == ClaimKind.FOUND,
            MemberClaim.verdict == ClaimVerdict.APPROVED,
        )
    )


def _unionids(persons: set[int]) -> set[str | None]:
    """The union ids persons are known by."""
    known = select(Identity.unionid).where(
        Identity.member_id.in_(persons), Identity.unionid.is_not(None)
    )
    return {*db.session.scalars(known)}


def _with_their_unionids(identity_ids: set[int]) -> set[int]:
    """These identities, and those that are the same WeChats at other accounts."""
    unionids = select(Identity.unionid).where(
        Identity.id.in_(identity_ids), Identity.unionid.is_not(None)
    )
    alike = select(Identity.id).where(
        Identity.unionid.in_(unionids), Identity.member_id.is_not(None)
    )
    return identity_ids | {*db.session.scalars(alike)}
