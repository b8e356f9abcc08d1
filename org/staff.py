"""Console users: who may make whom, passwords, locking out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Final

from sqlalchemy import case, literal, or_, select, update
from werkzeug.security import check_password_hash, generate_password_hash

from org.models import Role, Staff
from org.queries import is_within, node_of
from org.sessions import NOWHERE, Origin, end_sessions, start_session
from wx_backend.db import Instant, db, locked
from wx_backend.errors import BadInput, Conflict, Forbidden, NotFound

PASSWORD_MIN: Final = 10
PASSWORD_MAX: Final = 128
FAILURES_MAX: Final = 5
LOCKED_FOR: Final = timedelta(minutes=15)

# Whom a role may make and change: nobody gives what he does not have himself. That a manager may
# do whatever these may is held against the table of routes by a test.
GRANTS: Final[Mapping[Role, frozenset[Role]]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.MANAGER: frozenset({Role.MANAGER, Role.MARKETER, Role.CLERK}),
    Role.MARKETER: frozenset(),
    Role.FINANCE: frozenset(),
    Role.CLERK: frozenset(),
}


class WeakPassword(BadInput):
    code, message = "weak_password", f"密码长度应为{PASSWORD_MIN}至{PASSWORD_MAX}个字符"


class LoginTaken(Conflict):
    code, message = "login_taken", "登录名已被使用"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a login and password turned out to be; `staff_id` is None for an unknown login."""

    staff_id: int | None
    is_right: bool


def create_staff(
    *, login: str, name: str, password: str, role: Role, node_id: int, by_id: int | None
) -> int:
    """A new console user; `by_id` is who makes him, None only for a command on the server.

    Whose password another person chose must change it first of all. Raises Forbidden unless the
    maker outranks the role and is above the node, LoginTaken, WeakPassword, NotFound.
    """
    node_of(node_id)
    if by_id is not None:
        _check_outranks(by_id, role, node_id)
    if db.session.scalar(select(Staff.id).where(Staff.login == login)) is not None:
        raise LoginTaken(fields=["login"])
    staff = Staff(
        login=login,
        name=name,
        password_hash=_hashed(password),
        role=role,
        node_id=node_id,
        must_change_password=by_id is not None,
    )
    db.session.add(staff)
    db.session.flush()
    return staff.id


def change_role(*, staff_id: int, role: Role, node_id: int, by_id: int) -> None:
    """Give a console user another role or place; it holds from his next request on.

    Forbidden unless the changer outranks both what he was and what he becomes.
    """
    staff = _governed(staff_id, by_id)
    _check_outranks(by_id, role, node_id)
    staff.role, staff.node_id = role, node_id


def disable_staff(*, staff_id: int, by_id: int, now: datetime) -> None:
    """Take all rights away, at once: every session ends."""
    _governed(staff_id, by_id).is_active = False
    end_sessions(staff_id=staff_id, now=now)


def enable_staff(*, staff_id: int, by_id: int) -> None:
    """Give a disabled user his rights back."""
    staff = _governed(staff_id, by_id)
    staff.is_active, staff.failed_logins, staff.locked_until = True, 0, None


def reset_password(*, staff_id: int, password: str, by_id: int, now: datetime) -> None:
    """Set somebody else's password, who must be outranked; his sessions end, and he must change it."""
    staff = _governed(staff_id, by_id)
    _set_password(staff, password, now)
    staff.must_change_password = True


def change_password(*, staff_id: int, password: str, now: datetime) -> None:
    """Set one's own password, after the old one was checked; every session ends."""
    staff = locked(select(Staff).where(Staff.id == staff_id))
    if staff is None:
        raise NotFound
    _set_password(staff, password, now)
    staff.must_change_password = False


def check_password(*, login: str, password: str) -> Checked:
    """Whether login and password fit. Slow on purpose: call it outside of any transaction.

    It takes as long for an unknown login as for a known one. Says nothing of locks: see sign_in.
    """
    row = db.session.execute(
        select(Staff.id, Staff.password_hash).where(Staff.login == login)
    ).one_or_none()
    staff_id, password_hash = row if row else (None, _nobodys_hash())
    db.session.rollback()
    is_right = check_password_hash(password_hash, password[: PASSWORD_MAX + 1])
    return Checked(staff_id, is_right and staff_id is not None)


def sign_in(*, checked: Checked, now: datetime, origin: Origin = NOWHERE) -> str | None:
    """Start a session after a password check: its token; None when refused.

    Five failures lock the account for fifteen minutes, counted in the database, so that of many
    guesses at once only the first five can tell anything. Commit whatever the outcome: a failure
    is to be remembered.
    """
    if checked.staff_id is None or not confirm_password(checked=checked, now=now):
        return None
    return start_session(staff_id=checked.staff_id, now=now, origin=origin)


def confirm_password(*, checked: Checked, now: datetime) -> bool:
    """Whether somebody has shown his password, or another factor: nobody has who is locked or disabled.

    A failure counts and locks like one at signing in. Commit whatever the outcome.
    """
    is_free = or_(Staff.locked_until.is_(None), Staff.locked_until <= now)
    mine = update(Staff).where(Staff.id == checked.staff_id, Staff.is_active, is_free)
    if not checked.is_right:
        db.session.execute(mine.values(_failure(now)))
        return False
    entered = db.session.execute(
        mine.values(failed_logins=0, locked_until=None).returning(Staff.id)
    ).one_or_none()
    return entered is not None


def may_try(*, staff_id: int, now: datetime) -> bool:
    """Whether somebody may try to sign in now, neither disabled nor locked; others wait for him."""
    staff = locked(select(Staff).where(Staff.id == staff_id))
    return (
        staff is not None
        and staff.is_active
        and (staff.locked_until is None or staff.locked_until <= now)
    )


def outranks(by: Staff, role: Role, node_id: int) -> bool:
    """Whether `by` may make or change somebody of this role at this node.

    It takes a role that grants it, at the node or above it; strictly above it for the same role:
    nobody makes or unmakes his own equal, so the highest administrator stays.
    """
    if not by.is_active or not is_within(node_id, by.node_id):
        return False
    mine = Role(by.role)
    return role in GRANTS[mine] and (role is not mine or node_id != by.node_id)


def governs(by_id: int, staff: Staff) -> bool:
    """Whether a console user may change another one, as of now."""
    by = db.session.get(Staff, by_id)
    return by is not None and outranks(by, Role(staff.role), staff.node_id)


def _failure(now: datetime) -> dict[str, object]:
    """One failure more; the first after a lock that has run out starts a new count."""
    count = case((Staff.locked_until.is_not(None), 1), else_=Staff.failed_logins + 1)
    return {
        "failed_logins": count,
        "locked_until": case((count >= FAILURES_MAX, literal(now + LOCKED_FOR, Instant()))),
    }


def _governed(staff_id: int, by_id: int) -> Staff:
    staff = locked(select(Staff).where(Staff.id == staff_id))
    if staff is None:
        raise NotFound
    _check_outranks(by_id, Role(staff.role), staff.node_id)
    return staff


def _check_outranks(by_id: int, role: Role, node_id: int) -> None:
    by = db.session.get(Staff, by_id, populate_existing=True)
    if by is None or not outranks(by, role, node_id):
        raise Forbidden


def _set_password(staff: Staff, password: str, now: datetime) -> None:
    staff.password_hash = _hashed(password)
    staff.failed_logins, staff.locked_until = 0, None
    end_sessions(staff_id=staff.id, now=now)


def _hashed(password: str) -> str:
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        raise WeakPassword
    return generate_password_hash(password, method="scrypt")


@cache
def _nobodys_hash() -> str:
    return generate_password_hash("nobody's password", method="scrypt")
