"""One-time codes: six digits by text message, by which a member proves that he holds a phone."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, func, or_, select, update

from members.models import Member, PhoneCode
from members.vault import Vault
from wx_backend.db import db, locked, take_turns
from wx_backend.errors import NotFound, TooMany

VALID_FOR: Final = timedelta(minutes=5)
TRIES_MAX: Final = 5
SPACING: Final = timedelta(seconds=60)
A_DAY: Final = timedelta(days=1)
SENT_A_DAY: Final = 10
_PURPOSE: Final = b"phone.code"


class Outcome(StrEnum):
    """What became of a guess."""

    RIGHT = "right"
    WRONG = "wrong"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Sent:
    """A code to be sent: the row that knows its digest, and the digits, which nobody keeps."""

    code_id: int
    digits: str


def new_code(*, member_id: int, phone: str, vault: Vault, now: datetime) -> Sent:
    """A code for a phone (eleven digits); what this member had sent to it before is void.

    Raises TooMany within a minute of the last one, or after ten a day, of a phone or a member.
    """
    if locked(select(Member).where(Member.id == member_id)) is None:
        raise NotFound
    index = vault.index(phone)
    take_turns(index)  # a phone is counted for all members, of whom each locks only himself
    theirs = or_(PhoneCode.phone_index == index, PhoneCode.member_id == member_id)
    _check_rate(theirs, now)
    db.session.execute(
        update(PhoneCode)
        .where(
            PhoneCode.member_id == member_id,
            PhoneCode.phone_index == index,
            PhoneCode.used_at.is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    digits, nonce = f"{secrets.randbelow(10**6):06d}", secrets.token_bytes(16)
    row = PhoneCode(
        member_id=member_id,
        phone_index=index,
        nonce=nonce,
        digest=_digest(vault, nonce, member_id, phone, digits),
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    db.session.add(row)
    db.session.flush()
    return Sent(row.id, digits)


def void_code(*, code_id: int, now: datetime) -> None:
    """It could not be sent: nobody shall guess it."""
    db.session.execute(update(PhoneCode).where(PhoneCode.id == code_id).values(used_at=now))


def use_code(*, member_id: int, phone: str, digits: str, vault: Vault, now: datetime) -> Outcome:
    """Hold a guess against the newest code of this member for this phone; right once only.

    Every guess counts, so commit whatever comes out: after five the code is over.
    """
    row = locked(
        select(PhoneCode)
        .where(PhoneCode.member_id == member_id, PhoneCode.phone_index == vault.index(phone))
        .order_by(PhoneCode.id.desc())
        .limit(1)
    )
    if row is None or row.used_at is not None or row.expires_at <= now or row.tries >= TRIES_MAX:
        return Outcome.OVER
    row.tries += 1
    expected = _digest(vault, row.nonce, member_id, phone, digits)
    if not secrets.compare_digest(expected, row.digest):
        return Outcome.OVER if row.tries >= TRIES_MAX else Outcome.WRONG
    row.used_at = now
    return Outcome.RIGHT


def _check_rate(theirs: ColumnElement[bool], now: datetime) -> None:
    count, last = db.session.execute(
        select(func.count(), func.max(PhoneCode.sent_at)).where(
            theirs, PhoneCode.sent_at > now - A_DAY
        )
    ).one()
    if last is not None and last + SPACING > now:
        raise TooMany(retry_after=max(1, int((last + SPACING - now).total_seconds())))
    if count >= SENT_A_DAY:
        raise TooMany(retry_after=int(A_DAY.total_seconds()))


def _digest(vault: Vault, nonce: bytes, member_id: int, phone: str, digits: str) -> bytes:
    return vault.digest(f"{nonce.hex()}:{member_id}:{phone}:{digits}", purpose=_PURPOSE)
