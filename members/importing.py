"""People whom an older system knew become members, and cease to be while nobody used it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from members.joining import join_member
from members.models import Identity, IdentityLink, LinkKind, Member
from members.phones import normalised
from members.vault import Vault, member_phone
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound


class AlreadyMember(Conflict):
    code, message = "already_member", "该客户已是会员，不重复导入"


class MoreThanImported(Conflict):
    code, message = "more_than_imported", "导入后已有其他资料，保留"


def import_member(*, identity_id: int, name: str, phone: str, vault: Vault, now: datetime) -> int:
    """Make a member of somebody who is none, with what an older system knew; his id.

    Nobody proved the phone: it joins him with nobody. Raises AlreadyMember, BadPhone, NotFound.
    """
    identity = locked(select(Identity).where(Identity.id == identity_id))
    if identity is None:
        raise NotFound
    if identity.member_id is not None:
        raise AlreadyMember
    member_id = join_member(identity_id=identity_id, now=now)
    member = db.session.get_one(Member, member_id)
    if member.phone is None and phone:
        number = normalised(phone)
        member.phone = vault.seal(number, place=member_phone(member_id))
        member.phone_index = vault.index(number)
    member.name = member.name or name
    return member_id


def remove_import(member_id: int) -> None:
    """Undo it; MoreThanImported, or IntegrityError, for a member who has become more than that."""
    links = db.session.scalars(
        select(IdentityLink).where(IdentityLink.member_id == member_id)
    ).all()
    identity = None
    if [link.kind for link in links] == [LinkKind.FIRST_SEEN]:
        identity = locked(select(Identity).where(Identity.id == links[0].identity_id))
    member = locked(select(Member).where(Member.id == member_id))
    is_bare = member is not None and member.phone_proven_at is None and member.erased_at is None
    if identity is None or identity.member_id != member_id or not is_bare:
        raise MoreThanImported
    identity.member_id = None
    db.session.flush()
    db.session.execute(delete(IdentityLink).where(IdentityLink.member_id == member_id))
    db.session.execute(delete(Member).where(Member.id == member_id))


def members_among(appid: str, openids: Collection[str]) -> frozenset[str]:
    """Which of these people of an account are members already."""
    rows = db.session.scalars(
        select(Identity.openid).where(
            Identity.appid == appid,
            Identity.openid.in_(openids),
            Identity.member_id.is_not(None),
        )
    )
    return frozenset(openid for openid in rows if openid is not None)


def account_of_member(member_id: int) -> str | None:
    """The AppID of the account by which a member was met first."""
    return db.session.scalar(
        select(Identity.appid)
        .join(IdentityLink, IdentityLink.identity_id == Identity.id)
        .where(IdentityLink.member_id == member_id)
        .order_by(IdentityLink.id)
        .limit(1)
    )
