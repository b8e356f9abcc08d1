"""A person's address book: several addresses, one of them the default, all sealed.

It is of all the rows that are one person: those that were merged brought their addresses along.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, select, update

from members.models import Member, MemberAddress
from members.phones import normalised
from members.queries import member_ids_of
from members.vault import Vault
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict, NotFound

ADDRESSES_MAX: Final = 20
_PURPOSE: Final = b"member.address"


class BookFull(Conflict):
    code, message = "book_full", f"最多保存 {ADDRESSES_MAX} 个地址，请先删除不用的"


@dataclass(frozen=True, slots=True)
class Address:
    """Who receives, his phone, the region (province, city, district) and the street."""

    name: str
    phone: str
    region: str
    street: str

    @classmethod
    def typed(cls, *, name: str, phone: str, region: str, street: str) -> "Address":
        """As a person typed it, spelled one way. Raises BadPhone."""
        return cls(name.strip(), normalised(phone), " ".join(region.split()), street.strip())


@dataclass(frozen=True, slots=True)
class BookEntry:
    """One address of the book; `number` names it in addresses of pages."""

    number: str
    address: Address
    is_default: bool


def address_place(member_id: int, number: str) -> str:
    """The place a sealed address is bound to."""
    return f"member.address:{member_id}:{number}"


def save_address(
    *, member_id: int, address: Address, is_default: bool, vault: Vault, now: datetime
) -> str:
    """Keep an address; its number, the same for one that is in the book already.

    The first one is the default whatever is asked for. Raises BookFull, NotFound.
    """
    person = _lock_book(member_id)
    number, (text, digest) = secrets.token_hex(8), _spelled(address, vault)
    book = _rows(person)
    kept = next((row for row in book if row.digest == digest), None)
    if kept is None and len(book) >= ADDRESSES_MAX:
        raise BookFull
    values = {
        "member_id": member_id,
        "number": number,
        "sealed": vault.seal(text, place=address_place(member_id, number)),
        "digest": digest,
        "is_default": False,
        "saved_at": now,
    }
    if kept is None:
        upsert(MemberAddress, values, key=("member_id", "digest"))
    else:
        number = kept.number
    if is_default or not book:
        _choose(person, number)
    return number


def change_address(
    *,
    member_id: int,
    number: str,
    address: Address,
    is_default: bool,
    vault: Vault,
) -> str:
    """Write an address anew; its number, that of another one which says the same already.

    It is kept since when it was first: who left it is told by that. Raises NotFound.
    """
    person = _lock_book(member_id)
    book = _rows(person)
    changed = next((row for row in book if row.number == number), None)
    if changed is None:
        raise NotFound("地址不存在")
    text, digest = _spelled(address, vault)
    same = next((row for row in book if row.digest == digest and row is not changed), None)
    if same is not None:
        is_default = is_default or changed is book[0]
        db.session.delete(changed)
        db.session.flush()
    else:
        changed.sealed = vault.seal(text, place=address_place(changed.member_id, number))
        changed.digest = digest
    kept = number if same is None else same.number
    if is_default:
        _choose(person, kept)
    return kept


def make_default(*, member_id: int, number: str) -> None:
    """Have the checkout begin with this address. Raises NotFound."""
    person = _lock_book(member_id)
    if not any(row.number == number for row in _rows(person)):
        raise NotFound("地址不存在")
    _choose(person, number)


def drop_address(*, member_id: int, number: str) -> None:
    """Forget an address; of the others the newest becomes the default if it was. NotFound."""
    person = _lock_book(member_id)
    book = _rows(person)
    dropped = next((row for row in book if row.number == number), None)
    if dropped is None:
        raise NotFound("地址不存在")
    db.session.execute(delete(MemberAddress).where(MemberAddress.id == dropped.id))
    others = [row for row in book if row.number != number]
    if others:
        _choose(person, others[0].number)


def book_of(member_ids: Iterable[int], vault: Vault) -> list[BookEntry]:
    """The addresses of a person, the default first, then the newest.

    Of two defaults, from before a merge, the newer is it.
    """
    rows = _rows(member_ids)
    return [BookEntry(row.number, _opened(row, vault), row is rows[0]) for row in rows]


def has_addresses(member_ids: Iterable[int]) -> bool:
    """Whether any of these members keeps one."""
    kept = select(MemberAddress.id).where(MemberAddress.member_id.in_(set(member_ids)))
    return db.session.scalar(kept.limit(1)) is not None


def _spelled(address: Address, vault: Vault) -> tuple[str, bytes]:
    """An address as it is sealed, and what it is found again by."""
    text = json.dumps(asdict(address), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text, vault.digest(text, purpose=_PURPOSE)


def _opened(row: MemberAddress, vault: Vault) -> Address:
    place = address_place(row.member_id, row.number)
    return Address(**json.loads(vault.open(row.sealed, place=place)))


def _rows(member_ids: Iterable[int]) -> Sequence[MemberAddress]:
    return db.session.scalars(
        select(MemberAddress)
        .where(MemberAddress.member_id.in_(set(member_ids)))
        .order_by(MemberAddress.is_default.desc(), MemberAddress.id.desc())
        .execution_options(populate_existing=True)
    ).all()


def _choose(member_ids: Iterable[int], number: str) -> None:
    """Make one the default; taken from the other first, or the two would meet in the index."""
    for is_default in (False, True):
        which = (MemberAddress.number == number) if is_default else MemberAddress.is_default
        db.session.execute(
            update(MemberAddress)
            .where(MemberAddress.member_id.in_(member_ids), which)
            .values(is_default=is_default)
            .execution_options(synchronize_session=False)
        )


def _lock_book(member_id: int) -> frozenset[int]:
    """Every row that is the person, locked in one order, so that two who change it never cross."""
    person = member_ids_of(member_id)
    for each in sorted(person):
        if locked(select(Member).where(Member.id == each)) is None:
            raise NotFound
    return person
