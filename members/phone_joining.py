"""Persons and phones: who proves one phone is one customer, until he is to have rights in the shop.

A link by a phone is a link like any other (`members.joining`): dated, and undone by dating it again.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from members.join_requests import agree, propose, refuse
from members.joining import join_members, locked_identity, merge_same_person, undo_link
from members.models import Identity, IdentityLink, LinkKind, Member
from members.phones import normalised
from members.queries import member_ids_of, members_of_phone, persons_of
from members.vault import Vault, member_phone
from wx_backend.db import db, locked, take_turns
from wx_backend.errors import Conflict, NotFound

PROOF_COUNTS_FOR: Final = timedelta(days=90)
"""Operators hand a number out again some 90 days after it was given up: an older proof may be of
whoever had it before."""
Ask = Callable[[frozenset[int]], bool]
_PHONES: Final = b"members.phones"  # who joins by one and who gets rights look at each other


class MemberErased(Conflict):
    code, message = "member_erased", "该用户的资料已按要求删除"


def prove_phone(*, member_id: int, phone: str, vault: Vault, now: datetime) -> None:
    """Note a number its owner proved to hold; `join_by_phone` says who else he is by it.

    `phone` is any usual spelling of a mainland mobile number. Raises BadPhone, NotFound, and
    MemberErased for a member whose data was erased.
    """
    number = normalised(phone)
    take_phone_turns()
    _lock_identities(member_id)
    member = locked(select(Member).where(Member.id == member_id))
    if member is None:
        raise NotFound
    if member.erased_at is not None:
        raise MemberErased
    member.phone = vault.seal(number, place=member_phone(member_id))
    member.phone_index = vault.index(number)
    member.phone_proven_at = now
    db.session.flush()


def join_by_phone(*, member_id: int, has_rights: Ask, has_things: Ask, now: datetime) -> None:
    """Join a person with all who proved his phone within 90 days; the oldest stays.

    A phone can be somebody else's by now, or its code told to a stranger. So whoever has rights in
    the shop is joined with nobody by it, and whoever has something to see is asked before
    (`members.join_requests`). Both are asked about with every row of a person.
    """
    take_phone_turns()
    today = persons_of({member_id})
    person = member_id if member_id in today else min(today)
    alike = members_of_phone(member_ids_of(person), since=now - PROOF_COUNTS_FOR) | {person}
    free = {each for each in alike if not has_rights(member_ids_of(each))}
    if person not in free:
        return
    bare = {each for each in free if not has_things(member_ids_of(each))}
    if person in bare:
        join_members(bare, into=min(bare), kind=LinkKind.PHONE, now=now)
        db.session.flush()
        person, free = min(bare), free - bare
    for other in free - {person}:
        propose(person, other, agreed=bare, since=now - PROOF_COUNTS_FOR, now=now)


def answer_join(
    join_id: int,
    *,
    member_id: int,
    agrees: bool,
    has_rights: Ask,
    has_things: Ask,
    now: datetime,
) -> bool:
    """One of two who proved one phone agrees to be one customer, or says no; whether they are now.

    Raises NotFound and JoinOver.
    """
    take_phone_turns()
    if not agrees:
        refuse(join_id, member_id=member_id, now=now)
        return False
    since = now - PROOF_COUNTS_FOR
    return agree(
        join_id,
        member_id=member_id,
        since=since,
        has_rights=has_rights,
        has_things=has_things,
        now=now,
    )


def part_from_phones(*, identity_id: int, now: datetime) -> int:
    """Undo what a phone has joined to an identity's person; the member he is afterwards.

    For whoever is about to have rights in the shop: those are for no WeChat that came by a phone.
    What a union id says stays. Raises NotFound for an identity that never joined.
    """
    take_phone_turns()
    person = locked_identity(identity_id).member_id
    if person is None:
        raise NotFound
    identities = db.session.scalars(select(Identity).where(Identity.member_id == person)).all()
    links = _open_links(each.id for each in identities)
    came_by_phone = _came_by_phone(identities, links, person)
    for link in links:
        if link.identity_id in came_by_phone and link.kind != LinkKind.FIRST_SEEN:
            undo_link(link_id=link.id, now=now)
    for each in sorted(came_by_phone):
        merge_same_person(identity_id=each, now=now)
    return locked_identity(identity_id).member_id or person


def take_phone_turns() -> None:
    """Whoever joins people by a phone, or gives them rights, does so one after another."""
    take_turns(_PHONES)


def _open_links(identity_ids: Iterable[int]) -> Sequence[IdentityLink]:
    return db.session.scalars(
        select(IdentityLink)
        .where(
            IdentityLink.identity_id.in_(set(identity_ids)),
            IdentityLink.member_id.is_not(None),
            IdentityLink.undone_at.is_(None),
        )
        .order_by(IdentityLink.id)
    ).all()


def _came_by_phone(
    identities: Sequence[Identity], links: Sequence[IdentityLink], person: int
) -> set[int]:
    """Which identities a phone brought to a person, with those that share their union ids.

    Not those that share one with the person himself: him they are anyway.
    """
    own = {
        link.identity_id
        for link in links
        if link.kind == LinkKind.FIRST_SEEN and link.member_id == person
    }
    by_phone = {link.identity_id for link in links if link.kind == LinkKind.PHONE}
    his = {each.unionid for each in identities if each.id in own and each.unionid}
    brought = {each.unionid for each in identities if each.id in by_phone and each.unionid}
    return {
        each.id
        for each in identities
        if each.id not in own
        and each.unionid not in his
        and (each.id in by_phone or each.unionid in brought)
    }


def _lock_identities(member_id: int) -> None:
    """Before the member, as everybody locks them."""
    of_member = select(Identity.id).where(Identity.member_id == member_id).order_by(Identity.id)
    for identity_id in db.session.scalars(of_member).all():
        locked_identity(identity_id)
