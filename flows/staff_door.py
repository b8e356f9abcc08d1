"""How console users come in with a second factor: the authenticator on their phone, or a code on paper."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flows.sealed import vault
from org.second_factor import (
    confirm_factor,
    factor_of,
    propose_factor,
    use_recovery_code,
    use_step,
)
from org.sessions import Origin
from org.staff import Checked, may_try, sign_in
from wx_backend.errors import BadInput, NotFound

ISSUER: Final = "平台管理"
STEP_SECONDS: Final = 30
# A phone's clock may be off: the code of one step before and one after is taken too.
_AROUND: Final = (-1, 0, 1)


class WrongCode(BadInput):
    code, message = "wrong_code", "动态验证码不正确或已过期，请核对手机时间后再试"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a phone is told to make codes: the secret to type, and an address to scan."""

    secret: str
    address: str


def enrol(*, staff_id: int, login: str) -> Enrolment:
    """A new secret for a phone; it counts once a code made of it was shown. Raises FactorInUse."""
    import pyotp

    secret = pyotp.random_base32()
    propose_factor(staff_id=staff_id, secret=vault().seal(secret, place=factor_place(staff_id)))
    return _enrolment(secret, login)


def enrolment(*, staff_id: int, login: str) -> Enrolment:
    """The secret that waits to be confirmed. Raises NotFound."""
    factor = factor_of(staff_id)
    if factor is None or factor.confirmed_at is not None:
        raise NotFound
    return _enrolment(vault().open(factor.secret, place=factor_place(staff_id)), login)


def confirm(*, staff_id: int, code: str, now: datetime) -> Sequence[str]:
    """The phone shows its first code: the recovery codes. Raises WrongCode and FactorInUse."""
    step = _step_of(staff_id, code, now)
    if step is None:
        raise WrongCode
    return confirm_factor(staff_id=staff_id, step=step, now=now)


def enter(*, staff_id: int, code: str, now: datetime, origin: Origin) -> str | None:
    """The second step of signing in, after a right password: a session's token, None when refused.

    A wrong code counts as a failure like a wrong password, and locks like one. Commit whatever
    the outcome.
    """
    if not may_try(staff_id=staff_id, now=now):
        return None
    is_right = _use(staff_id, code, now)
    return sign_in(checked=Checked(staff_id, is_right), now=now, origin=origin)


def factor_place(staff_id: int) -> str:
    """The place of an authenticator's secret."""
    return f"staff_factor.secret:{staff_id}"


def _use(staff_id: int, code: str, now: datetime) -> bool:
    step = _step_of(staff_id, code, now)
    if step is not None:
        return use_step(staff_id=staff_id, step=step)
    return use_recovery_code(staff_id=staff_id, code=code, now=now)


def _step_of(staff_id: int, code: str, now: datetime) -> int | None:
    """The time step a code belongs to; None when it is none of the current ones."""
    import pyotp

    factor, typed = factor_of(staff_id), code.replace(" ", "")
    if factor is None or len(typed) != 6 or not (typed.isascii() and typed.isdigit()):
        return None
    codes = pyotp.TOTP(vault().open(factor.secret, place=factor_place(staff_id)))
    current = int(now.timestamp()) // STEP_SECONDS
    steps = (current + around for around in _AROUND)
    return next((s for s in steps if hmac.compare_digest(codes.generate_otp(s), typed)), None)


def _enrolment(secret: str, login: str) -> Enrolment:
    import pyotp

    address = pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)
    return Enrolment(" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)), address)
