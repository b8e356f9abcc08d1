"""Who was erased stays erased, also in what is restored from a backup of before: a list, and its being done again.

A number alone could have gone to somebody else since the backup was made: a line names the moment
its row was made as well.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from sqlalchemy import select

from flows.following import forget_identity, forget_member
from members.models import Identity, Member
from wx_backend.db import db, locked, retried, streamed
from wx_backend.strict import Malformed, whole_number

IDENTITY, MEMBER = "identity", "member"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
MOST: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Erased:
    """A row whose person is forgotten: which table, its id, and when it was made, in microseconds."""

    kind: str
    id: int
    made_us: int

    def __str__(self) -> str:
        return f"{self.kind} {self.id} {self.made_us}"


def erased() -> Iterator[Erased]:
    """Everybody who was erased for good; `deploy/backup/backup.sh` writes the same list."""
    gone = select(Identity.id, Identity.created_at).where(Identity.openid.is_(None))
    for number, made_at in streamed(gone.order_by(Identity.id)):
        yield Erased(IDENTITY, number, _us(made_at))
    gone = select(Member.id, Member.created_at).where(Member.erased_at.is_not(None))
    for number, made_at in streamed(gone.order_by(Member.id)):
        yield Erased(MEMBER, number, _us(made_at))


def read_list(lines: Iterable[str]) -> list[Erased]:
    """A list as it was written. Raises Malformed, and then nobody is to be erased by it."""
    return [_read(line) for line in lines if line.strip()]


def erase_again(each: Erased, *, now: datetime) -> bool:
    """Erase one of a list if he is here again, in a transaction of its own; whether he was."""
    return retried(partial(_erase, each, now))


def _erase(each: Erased, now: datetime) -> bool:
    if each.kind == IDENTITY:
        identity = locked(select(Identity).where(Identity.id == each.id))
        if identity is None or identity.openid is None:
            return False
        if _us(identity.created_at) != each.made_us:
            return False
        forget_identity(identity_id=each.id, for_good=True)
        return True
    member = db.session.get(Member, each.id)
    if member is None or member.erased_at is not None or _us(member.created_at) != each.made_us:
        return False
    forget_member(member_id=each.id, now=now)
    return True


def _read(line: str) -> Erased:
    kind, *numbers = line.split()
    if kind not in {IDENTITY, MEMBER} or len(numbers) != 2:
        raise Malformed("no line of a list of erased people")
    number, made_us = (whole_number(each, low=0, high=MOST) for each in numbers)
    return Erased(kind, number, made_us)


def _us(at: datetime) -> int:
    return (at - EPOCH) // MICROSECOND
