"""The tree as people walk through it: a place, the way to it, what hangs below it, who is there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import aliased

from org.models import OrgNode, OrgPath, Rep, RepStatus, Staff, Tier
from org.queries import under
from wx_backend.db import db


@dataclass(frozen=True, slots=True)
class Manned:
    """How many people are at a place: reps who have not left, console users who may come in."""

    reps: int = 0
    staff: int = 0

    def __add__(self, other: "Manned") -> "Manned":
        return Manned(self.reps + other.reps, self.staff + other.staff)


@dataclass(frozen=True, slots=True)
class PlaceFilter:
    """Which places are meant: those at and below a node, by a text in name or code, or by parent."""

    node_id: int
    text: str = ""
    parent_id: int | None = None


def places_found(wanted: PlaceFilter, *, after: int = 0, limit: int) -> Sequence[OrgNode]:
    """The places meant, by code; `after` skips that many."""
    query = _found(wanted).order_by(OrgNode.code).offset(after).limit(limit)
    return db.session.scalars(query).all()


def count_places(wanted: PlaceFilter) -> int:
    """How many places are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def open_outlets(
    node_id: int, *, after: int = 0, limit: int
) -> Sequence[tuple[OrgNode, OrgNode | None]]:
    """The open outlets below a place, each with its city, if it is in one; those in none come first.

    By city and code; `after` skips that many.
    """
    city, path = aliased(OrgNode), aliased(OrgPath)
    in_city = and_(city.id == path.ancestor_id, city.tier == Tier.CITY)
    cities = (
        select(path.descendant_id.label("outlet_id"), city.id.label("city_id"))
        .join(city, in_city)
        .subquery()
    )
    rows = db.session.execute(
        select(OrgNode, city)
        .outerjoin(cities, cities.c.outlet_id == OrgNode.id)
        .outerjoin(city, city.id == cities.c.city_id)
        .where(
            OrgNode.id.in_(under(node_id)),
            OrgNode.tier == Tier.OUTLET,
            OrgNode.closed_on.is_(None),
            city.closed_on.is_(None),
        )
        .order_by(func.coalesce(city.code, ""), OrgNode.code)
        .offset(after)
        .limit(limit)
    )
    return [(outlet, above) for outlet, above in rows]


def way_to(node_id: int, top_id: int) -> Sequence[OrgNode]:
    """The places from `top_id` down to a node, the node itself left out."""
    return db.session.scalars(
        select(OrgNode)
        .join(OrgPath, OrgPath.ancestor_id == OrgNode.id)
        .where(OrgPath.descendant_id == node_id, OrgPath.depth > 0, OrgNode.id.in_(under(top_id)))
        .order_by(OrgPath.depth.desc())
    ).all()


def open_places(node_id: int, tiers: Iterable[Tier]) -> Sequence[OrgNode]:
    """The open places of these tiers at and below a node, by code."""
    return db.session.scalars(
        select(OrgNode)
        .where(
            OrgNode.id.in_(under(node_id)),
            OrgNode.tier.in_(set(tiers)),
            OrgNode.closed_on.is_(None),
        )
        .order_by(OrgNode.code)
    ).all()


def manned(node_ids: Iterable[int]) -> Mapping[int, Manned]:
    """Who is at or below each of these places."""
    wanted = set(node_ids)
    reps = _counted(wanted, Rep.outlet_id, Rep.status != RepStatus.LEFT)
    staff = _counted(wanted, Staff.node_id, Staff.is_active)
    return {each: Manned(reps.get(each, 0), staff.get(each, 0)) for each in wanted}


def _counted(wanted: set[int], place: object, is_there: object) -> dict[int, int]:
    rows = db.session.execute(
        select(OrgPath.ancestor_id, func.count())
        .join_from(OrgPath, place.class_, place == OrgPath.descendant_id)  # type: ignore[attr-defined]  # a column
        .where(OrgPath.ancestor_id.in_(wanted), is_there)  # type: ignore[arg-type]  # a condition
        .group_by(OrgPath.ancestor_id)
    )
    return {node_id: count for node_id, count in rows}  # noqa: C416 - rows are no pairs to dict()


def _found(wanted: PlaceFilter) -> Select[OrgNode]:
    query = select(OrgNode).where(OrgNode.id.in_(under(wanted.node_id)))
    if wanted.parent_id is not None:
        query = query.where(OrgNode.parent_id == wanted.parent_id)
    if wanted.text:
        in_name = OrgNode.name.contains(wanted.text, autoescape=True)
        query = query.where(or_(in_name, OrgNode.code.startswith(wanted.text, autoescape=True)))
    return query
