"""Console users made and changed by those above them, each within his own part of the tree."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from insights.briefings import end_briefing
from org import first_setup
from org import staff as operations
from org.first_setup import one_time_password
from org.models import OrgNode, Role, Staff, StaffSession
from org.queries import node_by_code, under
from org.second_factor import drop_factor, has_factor
from org.sessions import living_sessions
from org.staff import GRANTS
from org.staff_roster import staff_within
from wx_backend.errors import BadInput, NotFound

_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,39}")
NAME_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class Governor:
    """Who acts: a console user, his role, and the node that bounds what he reaches."""

    staff_id: int
    role: Role
    node_id: int

    @property
    def may_grant(self) -> Sequence[Role]:
        """The roles he can give somewhere below him."""
        return [role for role in Role if role in GRANTS[self.role]]


@dataclass(frozen=True, slots=True)
class StaffFile:
    """Everything the page of one console user shows; `is_mine` says that the viewer may change him."""

    staff: Staff
    node: OrgNode
    sessions: Sequence[StaffSession]
    has_factor: bool
    is_mine: bool


def staff_file(staff_id: int, by: Governor, now: datetime) -> StaffFile:
    """A console user of one's subtree; NotFound for foreign as for missing ones."""
    staff, node = _within(staff_id, by)
    return StaffFile(
        staff=staff,
        node=node,
        sessions=living_sessions(staff_id, now),
        has_factor=has_factor(staff_id),
        is_mine=operations.governs(by.staff_id, staff),
    )


def employ(*, login: str, name: str, role: Role, place: str, by: Governor) -> tuple[int, str]:
    """A new console user at the place of this code: his id and his password, shown once.

    Raises BadInput for a login or name of the wrong form, NotFound for a place outside of the
    own part, Forbidden for a role that is not one's to give, LoginTaken.
    """
    if not _LOGIN.fullmatch(login):
        raise BadInput("登录名为2至40位小写字母、数字、点、横线或下划线", fields=["login"])
    if not 0 < len(name) <= NAME_MAX:
        raise BadInput("请填写姓名", fields=["name"])
    password = one_time_password()
    staff_id = operations.create_staff(
        login=login,
        name=name,
        password=password,
        role=role,
        node_id=_place(place, by),
        by_id=by.staff_id,
    )
    return staff_id, password


def transfer(*, staff_id: int, role: Role, place: str, by: Governor) -> None:
    """Another role or place, from his next request on. Refusals as above."""
    _within(staff_id, by)
    operations.change_role(
        staff_id=staff_id, role=role, node_id=_place(place, by), by_id=by.staff_id
    )


def disable(*, staff_id: int, by: Governor, now: datetime) -> None:
    """Every right gone, every session ended, and no WeChat shows his figures any more."""
    _within(staff_id, by)
    operations.disable_staff(staff_id=staff_id, by_id=by.staff_id, now=now)
    end_briefing(staff_ids=[staff_id])


def enable(*, staff_id: int, by: Governor) -> None:
    """His rights back; he signs in again."""
    _within(staff_id, by)
    operations.enable_staff(staff_id=staff_id, by_id=by.staff_id)


def reset(*, staff_id: int, by: Governor, now: datetime) -> str:
    """A new password, shown once; his sessions, second factor and briefing end, as for a lost phone."""
    _within(staff_id, by)
    password = one_time_password()
    operations.reset_password(staff_id=staff_id, password=password, by_id=by.staff_id, now=now)
    drop_factor(staff_id=staff_id)
    end_briefing(staff_ids=[staff_id])
    return password


def let_in_again(*, login: str, now: datetime) -> str:
    """The same for whoever owns the machine, by login. Raises NotFound."""
    staff_id, password = first_setup.let_in_again(login=login, now=now)
    end_briefing(staff_ids=[staff_id])
    return password


def change_own_password(*, staff_id: int, password: str, now: datetime) -> None:
    """One's own new password, after the old one was checked. Raises WeakPassword.

    Who fears that somebody else came in is rid of him: every session ends, and so does reading the
    figures on a WeChat.
    """
    operations.change_password(staff_id=staff_id, password=password, now=now)
    end_briefing(staff_ids=[staff_id])


def _within(staff_id: int, by: Governor) -> tuple[Staff, OrgNode]:
    found = staff_within(staff_id, under(by.node_id))
    if found is None:
        raise NotFound("账号不存在")
    return found.Staff, found.OrgNode


def _place(code: str, by: Governor) -> int:
    """A place of one's part by its code; foreign and missing are the same."""
    node = node_by_code(code, under(by.node_id))
    if node is None or node.closed_on is not None:
        raise NotFound("没有这个单位，或已关闭")
    return node.id
