"""Console users as those above them see them: who is there, where, and since when out."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, Select, func, or_, select

from org.models import OrgNode, Role, Staff
from wx_backend.db import db

PAGE = 20


@dataclass(frozen=True, slots=True)
class StaffFilter:
    """Which console users are meant: those placed in `scope`, with a text in login or name."""

    scope: Select[int]
    text: str = ""
    role: Role | None = None


def staff_found(
    wanted: StaffFilter, *, after: int = 0, limit: int = PAGE
) -> Sequence[Row[Staff, OrgNode]]:
    """The console users meant with their places, by login; `after` skips that many."""
    query = _found(wanted).order_by(Staff.login).offset(after).limit(limit)
    return db.session.execute(query).all()


def count_staff(wanted: StaffFilter) -> int:
    """How many console users are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def staff_within(staff_id: int, scope: Select[int]) -> Row[Staff, OrgNode] | None:
    """A console user with his place, if that is in the scope."""
    query = _found(StaffFilter(scope)).where(Staff.id == staff_id)
    return db.session.execute(query).one_or_none()


def place_of_staff(staff_id: int) -> int | None:
    """The node a console user stands at."""
    return db.session.scalar(select(Staff.node_id).where(Staff.id == staff_id))


def _found(wanted: StaffFilter) -> Select[Staff, OrgNode]:
    query = (
        select(Staff, OrgNode)
        .join(OrgNode, OrgNode.id == Staff.node_id)
        .where(Staff.node_id.in_(wanted.scope))
    )
    if wanted.text:
        in_login = Staff.login.startswith(wanted.text, autoescape=True)
        query = query.where(or_(in_login, Staff.name.contains(wanted.text, autoescape=True)))
    if wanted.role is not None:
        query = query.where(Staff.role == wanted.role)
    return query
