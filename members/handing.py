"""An address or a proven phone becomes another member's: who left it had been taken for somebody else."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from members.addresses import address_place
from members.models import Member, MemberAddress
from members.queries import member_ids_of
from members.vault import Vault, member_phone
from wx_backend.db import db


def lock_members(member_ids: Collection[int]) -> None:
    """Whoever changes what these members keep waits, in the order everybody locks them."""
    rows = select(Member).where(Member.id.in_(member_ids)).order_by(Member.id)
    db.session.scalars(rows.with_for_update().execution_options(populate_existing=True)).all()


def addresses_after(member_id: int, instant: datetime) -> Sequence[MemberAddress]:
    """What came into the book of this member after an instant, the oldest first."""
    return db.session.scalars(
        select(MemberAddress)
        .where(MemberAddress.member_id == member_id, MemberAddress.saved_at > instant)
        .order_by(MemberAddress.id)
        .execution_options(populate_existing=True)
    ).all()


def phone_after(member_id: int, instant: datetime) -> Member | None:
    """This member, if his phone was proven after an instant."""
    return db.session.scalar(
        select(Member).where(Member.id == member_id, Member.phone_proven_at > instant)
    )


def hand_address(row: MemberAddress, *, member_id: int, vault: Vault) -> None:
    """Have an address be in this member's book; one that he has there already is kept once."""
    book = select(MemberAddress).where(MemberAddress.member_id.in_(member_ids_of(member_id)))
    others = db.session.scalars(book).all()
    if any(each.digest == row.digest for each in others):
        db.session.delete(row)
    else:
        text = vault.open(row.sealed, place=address_place(row.member_id, row.number))
        row.is_default = row.is_default and not any(each.is_default for each in others)
        row.member_id = member_id
        row.sealed = vault.seal(text, place=address_place(member_id, row.number))
    db.session.flush()


def hand_phone(row: Member, *, member_id: int, vault: Vault) -> None:
    """Have the phone that a member row bears be another's; whose row it is has none proven any more."""
    other = db.session.get_one(Member, member_id)
    if row.phone is not None and other.erased_at is None:
        number = vault.open(row.phone, place=member_phone(row.id))
        other.phone = vault.seal(number, place=member_phone(member_id))
        other.phone_index, other.phone_proven_at = row.phone_index, row.phone_proven_at
    row.phone = row.phone_index = row.phone_proven_at = None
    db.session.flush()
