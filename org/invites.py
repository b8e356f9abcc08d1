"""How a WeChat person becomes a rep's hands: a code given by hand, used once, bound both ways."""

import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import scrypt
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from org.models import Invite, Rep, RepBinding, RepStatus
from org.reps import RepHasLeft
from wx_backend.db import db, locked
from wx_backend.errors import AppError, Conflict, NotFound
from wx_backend.numbers import CROCKFORD

CODE_CHARACTERS: Final = 8
LIFETIME: Final = timedelta(days=7)
TRIES_MAX: Final = 5
PER_DAY_MAX: Final = 10

# As people read a code out: no letter that looks like a digit, no difference of case.
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class TooManyInvites(AppError):
    status, code, message = 429, "too_many_invites", "今天生成的邀请码太多，请明天再试"


class AlreadyBound(Conflict):
    code, message = "already_bound", "该员工或该微信已经绑定过"


class InviteOutcome(StrEnum):
    """What came of trying a code. A refusal is a value, so that the try stays counted."""

    BOUND = "bound"
    WRONG = "wrong"
    EXHAUSTED = "exhausted"


def create_invite(*, rep_id: int, now: datetime) -> str:
    """A new code for a rep, like `7KQ2-M9XC`; the ones before it stop working.

    It is shown now or never: only a slow digest is kept, since 40 bits are few. Raises
    TooManyInvites (ten a day), RepHasLeft for a rep who is not active, NotFound.
    """
    rep = locked(select(Rep).where(Rep.id == rep_id))
    if rep is None:
        raise NotFound
    if rep.status != RepStatus.ACTIVE:
        raise RepHasLeft
    recent = select(func.count()).where(
        Invite.rep_id == rep_id, Invite.created_at > now - timedelta(days=1)
    )
    if (db.session.scalar(recent) or 0) >= PER_DAY_MAX:
        raise TooManyInvites
    db.session.execute(
        update(Invite)
        .where(Invite.rep_id == rep_id, Invite.used_at.is_(None), Invite.expires_at > now)
        .values(expires_at=now)
    )
    code = "".join(secrets.choice(CROCKFORD) for _ in range(CODE_CHARACTERS))
    db.session.add(
        Invite(
            rep_id=rep_id, digest=_digest(rep_id, code), created_at=now, expires_at=now + LIFETIME
        )
    )
    db.session.flush()
    return f"{code[:4]}-{code[4:]}"


def use_invite(*, rep_id: int, code: str, now: datetime) -> InviteOutcome:
    """Use up the code of a rep's invitation; BOUND says that the caller may bind by it.

    A wrong code costs one of five tries, however many arrive at once; then the invitation is
    dead. Commit whatever the outcome.
    """
    invite = locked(
        select(Invite).where(
            Invite.rep_id == rep_id, Invite.used_at.is_(None), Invite.expires_at > now
        )
    )
    if invite is None or invite.failed_tries >= TRIES_MAX:
        return InviteOutcome.EXHAUSTED
    if not secrets.compare_digest(invite.digest, _digest(rep_id, code)):
        invite.failed_tries += 1
        return InviteOutcome.WRONG
    invite.used_at = now
    return InviteOutcome.BOUND


def bind_rep(*, rep_id: int, member_id: int, now: datetime) -> None:
    """State that a member is a rep; repeating it changes nothing.

    Raises AlreadyBound while either has another open binding, RepHasLeft and NotFound.
    """
    rep = locked(select(Rep).where(Rep.id == rep_id))
    if rep is None:
        raise NotFound
    if rep.status != RepStatus.ACTIVE:
        raise RepHasLeft
    held = db.session.scalar(
        select(RepBinding.member_id).where(
            RepBinding.rep_id == rep_id, RepBinding.unbound_at.is_(None)
        )
    )
    if held == member_id:
        return
    try:
        with db.session.begin_nested():
            db.session.add(RepBinding(rep_id=rep_id, member_id=member_id, bound_at=now))
    except IntegrityError as error:
        raise AlreadyBound from error


def unbind_rep(*, rep_id: int, now: datetime) -> bool:
    """End a rep's open binding; False when there was none."""
    binding = locked(
        select(RepBinding).where(RepBinding.rep_id == rep_id, RepBinding.unbound_at.is_(None))
    )
    if binding is None:
        return False
    binding.unbound_at = now
    return True


def _digest(rep_id: int, code: str) -> bytes:
    plain = code[:32].upper().translate(_READ_AS)
    return scrypt(plain.encode(), salt=f"invite:{rep_id}".encode(), n=2**13, r=8, p=1, dklen=32)
