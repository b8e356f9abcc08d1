"""The second factor of a console user: an authenticator's time steps, and codes for a lost phone.

What a code is worth is for `flows.staff_door` to say, which can open the sealed secret; here each
step and each recovery code is used up, once, whoever comes twice or at once.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import scrypt
from typing import Final

from sqlalchemy import delete, func, select, update

from org.models import RecoveryCode, StaffFactor
from wx_backend.db import db, locked, upsert
from wx_backend.errors import Conflict
from wx_backend.numbers import CROCKFORD

RECOVERY_CODES: Final = 10
CODE_CHARACTERS: Final = 12
# As people read a code out: no letter that looks like a digit, no difference of case.
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


class FactorInUse(Conflict):
    code, message = "factor_in_use", "两步验证已启用，如需更换请先停用"


def factor_of(staff_id: int) -> StaffFactor | None:
    """The authenticator of a console user, as far as he set one up."""
    return db.session.scalar(
        select(StaffFactor)
        .where(StaffFactor.staff_id == staff_id)
        .execution_options(populate_existing=True)
    )


def has_factor(staff_id: int) -> bool:
    """Whether a console user must show a second factor."""
    factor = factor_of(staff_id)
    return factor is not None and factor.confirmed_at is not None


def propose_factor(*, staff_id: int, secret: bytes) -> None:
    """Keep a new (sealed) secret until its owner shows that his phone has it. Raises FactorInUse."""
    factor = locked(select(StaffFactor).where(StaffFactor.staff_id == staff_id))
    if factor is None:
        values = {"staff_id": staff_id, "secret": secret, "last_step": 0}
        if upsert(StaffFactor, values, key=("staff_id",)):
            return
        factor = locked(select(StaffFactor).where(StaffFactor.staff_id == staff_id))
    if factor is None or factor.confirmed_at is not None:
        raise FactorInUse
    factor.secret, factor.last_step = secret, 0


def confirm_factor(*, staff_id: int, step: int, now: datetime) -> Sequence[str]:
    """The factor counts from now on; the recovery codes, shown now or never. Raises FactorInUse."""
    confirmed = db.session.execute(
        update(StaffFactor)
        .where(StaffFactor.staff_id == staff_id, StaffFactor.confirmed_at.is_(None))
        .values(confirmed_at=now, last_step=step)
        .returning(StaffFactor.staff_id)
    ).one_or_none()
    if confirmed is None:
        raise FactorInUse
    return new_recovery_codes(staff_id=staff_id)


def new_recovery_codes(*, staff_id: int) -> Sequence[str]:
    """Fresh recovery codes, like `7KQ2-M9XC-40TB`; the ones before them stop working."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    codes = [
        "".join(secrets.choice(CROCKFORD) for _ in range(CODE_CHARACTERS))
        for _ in range(RECOVERY_CODES)
    ]
    db.session.add_all(
        RecoveryCode(staff_id=staff_id, digest=_digest(staff_id, code)) for code in codes
    )
    db.session.flush()
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in codes]


def use_step(*, staff_id: int, step: int) -> bool:
    """Use up a time step; False for one that was used, or lies before one that was."""
    used = db.session.execute(
        update(StaffFactor)
        .where(
            StaffFactor.staff_id == staff_id,
            StaffFactor.confirmed_at.is_not(None),
            StaffFactor.last_step < step,
        )
        .values(last_step=step)
        .returning(StaffFactor.staff_id)
    )
    return used.one_or_none() is not None


def use_recovery_code(*, staff_id: int, code: str, now: datetime) -> bool:
    """Use up a recovery code; False for a wrong one and for one that was used."""
    used = db.session.execute(
        update(RecoveryCode)
        .where(
            RecoveryCode.staff_id == staff_id,
            RecoveryCode.digest == _digest(staff_id, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
        .returning(RecoveryCode.id)
    )
    return used.one_or_none() is not None


def codes_left(staff_id: int) -> int:
    """How many recovery codes are still good."""
    left = select(func.count()).where(
        RecoveryCode.staff_id == staff_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(left) or 0


def drop_factor(*, staff_id: int) -> bool:
    """From now on the password is enough; False when it was before."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    dropped = db.session.execute(
        delete(StaffFactor)
        .where(StaffFactor.staff_id == staff_id)
        .returning(StaffFactor.confirmed_at)
    ).one_or_none()
    return dropped is not None and dropped.confirmed_at is not None


def _digest(staff_id: int, code: str) -> bytes:
    plain = code[:32].upper().translate(_READ_AS)
    return scrypt(plain.encode(), salt=f"recovery:{staff_id}".encode(), n=2**13, r=8, p=1, dklen=32)
