"""The very beginning: the first place of the organisation, and who may make everything else."""

import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from org.models import OrgNode, Role, Staff, Tier
from org.operations import create_node
from org.queries import node_of
from org.second_factor import drop_factor
from org.staff import change_password, create_staff
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound
from wx_backend.leases import take

_ONE_AT_A_TIME: Final = timedelta(minutes=1)


class AlreadySetUp(Conflict):
    code, message = "already_set_up", "系统已经初始化，不能再次执行"


def set_up(*, code: str, name: str, login: str, staff_name: str, now: datetime) -> str:
    """Make the group and its first administrator; his password, shown now or never.

    He must change it when he first signs in. Raises AlreadySetUp as soon as there is any place
    or anybody, also while another one is at it.
    """
    if take("first-setup", secrets.token_hex(8), now=now, length=_ONE_AT_A_TIME) is None:
        raise AlreadySetUp
    for table in (OrgNode, Staff):
        if db.session.scalar(select(table.id).limit(1)) is not None:
            raise AlreadySetUp
    group = create_node(tier=Tier.GROUP, code=code, name=name)
    return add_administrator(login=login, name=staff_name, node_id=group)


def add_administrator(*, login: str, name: str, node_id: int) -> str:
    """An administrator made by whoever owns the machine; his password, to be changed at once.

    Raises LoginTaken and NotFound.
    """
    node_of(node_id)
    password = one_time_password()
    create_staff(
        login=login,
        name=name,
        password=password,
        role=Role.ADMINISTRATOR,
        node_id=node_id,
        by_id=None,
    )
    _to_be_changed(login)
    return password


def let_in_again(*, login: str, now: datetime) -> tuple[int, str]:
    """A new password for who lost his, or his phone, and his id: locks, sessions and second factor end.

    For whoever owns the machine; it gives no rights back to who was disabled. Raises NotFound.
    """
    staff = _to_be_changed(login)
    password = one_time_password()
    change_password(staff_id=staff.id, password=password, now=now)
    staff.must_change_password = True
    drop_factor(staff_id=staff.id)
    return staff.id, password


def one_time_password() -> str:
    """Something nobody can guess and somebody can type."""
    return secrets.token_urlsafe(12)


def _to_be_changed(login: str) -> Staff:
    staff = locked(select(Staff).where(Staff.login == login))
    if staff is None:
        raise NotFound("没有这个登录名")
    staff.must_change_password = True
    return staff
