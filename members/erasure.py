"""Forgetting people: what goes, and what stays under a number that names nobody.

Leaving the account erases the profile of that identity and keeps the openid, without which a
return could not be recognised. A closed account or a request to be forgotten erases the openid
as well. Touches, orders and receipts keep pointing at the identity's and the member's id.
"""

import secrets
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from members.claim_models import MemberClaim
from members.models import (
    Consent,
    Identity,
    IdentityLink,
    Member,
    MemberAddress,
    PhoneCode,
    Visitor,
)
from members.queries import member_ids_of
from members.tags.operations import forget_tags
from wx_backend.db import db, locked
from wx_backend.errors import NotFound


def erase_profile(*, identity_id: int, until: datetime) -> None:
    """Forget what was learnt about an identity up to `until`, the moment it left the account.

    Whoever has come back since keeps what he has agreed to since.
    """
    db.session.execute(
        delete(Consent).where(Consent.identity_id == identity_id, Consent.event_at <= until)
    )
    forget_tags(identity_id, until=until)
    db.session.execute(
        update(Identity)
        .where(Identity.id == identity_id, Identity.is_followed.is_(False))
        .values(unionid=None, subscribe_scene=None)
    )


def erase_identity(*, identity_id: int) -> None:
    """Forget who an identity was, for good: it can be neither written to nor recognised again.

    Its browsers are forgotten with it. Raises NotFound.
    """
    identity = locked(select(Identity).where(Identity.id == identity_id))
    if identity is None:
        raise NotFound
    identity.openid = identity.unionid = identity.subscribe_scene = None
    identity.is_followed = False
    db.session.execute(delete(Consent).where(Consent.identity_id == identity_id))
    forget_tags(identity_id)
    visitors = db.session.scalars(
        select(Visitor)
        .join(IdentityLink, IdentityLink.visitor_id == Visitor.id)
        .where(IdentityLink.identity_id == identity_id)
        .order_by(Visitor.id)
        .with_for_update()
    )
    for visitor in visitors:
        visitor.digest = secrets.token_bytes(32)


def erase_phone(*, member_id: int, until: datetime) -> None:
    """Forget a person's phone unless he proved it after `until`, in every row merged into him."""
    members = member_ids_of(member_id)
    for member in _locked(members):
        if member.phone_proven_at is None or member.phone_proven_at <= until:
            member.phone = member.phone_index = member.phone_proven_at = None
    sent = (PhoneCode.member_id.in_(members), PhoneCode.sent_at <= until)
    db.session.execute(delete(PhoneCode).where(*sent))


def erase_addresses(*, member_id: int, until: datetime) -> None:
    """Forget what stood in a person's address book at `until`, in every row merged into him."""
    members = member_ids_of(member_id)
    _locked(members)
    kept = (MemberAddress.member_id.in_(members), MemberAddress.saved_at <= until)
    db.session.execute(delete(MemberAddress).where(*kept))


def erase_member(*, member_id: int, now: datetime) -> None:
    """Forget a person: all his identities, name, phone and addresses, in every row merged into him.

    What staff wrote when he had lost his WeChat goes too.

    Raises NotFound; erasing twice changes nothing.
    """
    identity_ids = db.session.scalars(
        select(Identity.id).where(Identity.member_id == member_id).order_by(Identity.id)
    ).all()
    members = member_ids_of(member_id)
    for identity_id in identity_ids:
        erase_identity(identity_id=identity_id)
    for member in _locked(members):
        member.name = ""
        member.phone = member.phone_index = member.phone_proven_at = None
        member.erased_at = member.erased_at or now
    his = or_(MemberClaim.old_id.in_(members), MemberClaim.new_id.in_(members))
    db.session.execute(update(MemberClaim).where(his).values(reason="", note=""))
    for table in (MemberAddress, PhoneCode):
        db.session.execute(delete(table).where(table.member_id.in_(members)))


def _locked(member_ids: Collection[int]) -> list[Member]:
    """The rows that are one person, locked in the order everybody locks them. Raises NotFound."""
    rows = [locked(select(Member).where(Member.id == each)) for each in sorted(member_ids)]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        raise NotFound
    return found
