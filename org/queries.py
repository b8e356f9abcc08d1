"""Reading the organisation: the tree, who is who in it, what a rep shows of himself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import aliased

from org.hours import OpeningHours
from org.models import (
    OperatorIdentity,
    OrgNode,
    OrgPath,
    Rep,
    RepBinding,
    RepStatus,
    Tier,
)
from wx_backend.db import db
from wx_backend.errors import NotFound


@dataclass(frozen=True, slots=True)
class RepCard:
    """What a rep shows of himself: in the welcome, on the showroom, on the poster."""

    rep_id: int
    number: str
    name: str
    title: str
    greeting: str
    outlet_id: int
    outlet_name: str
    channel_class: str
    is_active: bool

    @property
    def showroom_path(self) -> str:
        """Where his showroom is on this service."""
        return f"/r/{self.number}"


@dataclass(frozen=True, slots=True)
class Successor:
    """Who takes over: a rep, or without one the pool of an outlet."""

    rep_id: int | None
    outlet_id: int


def node_of(node_id: int) -> OrgNode:
    """One node; NotFound without it."""
    node = db.session.get(OrgNode, node_id)
    if node is None:
        raise NotFound
    return node


def node_by_code(code: str, scope: Select[int] | None = None) -> OrgNode | None:
    """The place of this code, if it is one of the scope's."""
    query = select(OrgNode).where(OrgNode.code == code)
    return db.session.scalar(query if scope is None else query.where(OrgNode.id.in_(scope)))


def under(node_id: int) -> Select[int]:
    """The ids of a node and everything below it, to filter other queries by."""
    return select(OrgPath.descendant_id).where(OrgPath.ancestor_id == node_id)


def alone(node_id: int) -> Select[int]:
    """The id of one node without what is below it, to filter other queries by."""
    return select(OrgNode.id).where(OrgNode.id == node_id)


def nodes_under(node_id: int, *, tier: Tier | None = None) -> list[OrgNode]:
    """The node and everything below it (of one tier), by code."""
    query = select(OrgNode).where(OrgNode.id.in_(under(node_id))).order_by(OrgNode.code)
    if tier is not None:
        query = query.where(OrgNode.tier == tier)
    return list(db.session.scalars(query))


def is_within(node_id: int, scope_id: int) -> bool:
    """Whether a node is `scope_id` or below it."""
    return db.session.get(OrgPath, (scope_id, node_id)) is not None


def ancestors(node_id: int) -> Mapping[Tier, int]:
    """A node and its ancestors by tier, for figures that freeze them."""
    rows = db.session.execute(
        select(OrgNode.tier, OrgNode.id)
        .join(OrgPath, OrgPath.ancestor_id == OrgNode.id)
        .where(OrgPath.descendant_id == node_id)
    )
    return {Tier(tier): ancestor_id for tier, ancestor_id in rows}


def top_node() -> int | None:
    """The root of the tree, the oldest of several; None before there is one."""
    return db.session.scalar(
        select(OrgNode.id).where(OrgNode.parent_id.is_(None)).order_by(OrgNode.id).limit(1)
    )


def lowest_common_node(first_id: int, second_id: int) -> int | None:
    """The lowest node above (or at) both: who decides between them; None in separate trees."""
    other = aliased(OrgPath)
    return db.session.scalar(
        select(OrgPath.ancestor_id)
        .join(other, other.ancestor_id == OrgPath.ancestor_id)
        .where(OrgPath.descendant_id == first_id, other.descendant_id == second_id)
        .order_by(OrgPath.depth)
        .limit(1)
    )


def opening_hours(outlet_id: int) -> OpeningHours | None:
    """When an outlet is open; None where nobody said."""
    stored = node_of(outlet_id).opening_hours
    return OpeningHours.from_json(stored) if stored is not None else None


def rep_by_number(number: str) -> Rep | None:
    return db.session.scalar(select(Rep).where(Rep.number == number))


def rep_card(rep_id: int) -> RepCard:
    """A rep's card, whatever has become of him; NotFound for an unknown rep."""
    row = db.session.execute(
        select(Rep, OrgNode.name).join(OrgNode, OrgNode.id == Rep.outlet_id).where(Rep.id == rep_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    rep, outlet_name = row
    return RepCard(
        rep_id=rep.id,
        number=rep.number,
        name=rep.name,
        title=rep.title,
        greeting=rep.greeting,
        outlet_id=rep.outlet_id,
        outlet_name=outlet_name,
        channel_class=rep.channel_class,
        is_active=rep.status == RepStatus.ACTIVE,
    )


def outlets_of_reps(rep_ids: Collection[int]) -> dict[int, int]:
    """The outlet of each of these reps; who is unknown is missing."""
    rows = db.session.execute(select(Rep.id, Rep.outlet_id).where(Rep.id.in_(rep_ids)))
    return {rep_id: outlet_id for rep_id, outlet_id in rows}  # noqa: C416 - rows are no pairs to dict()


def successor_of(rep_id: int, at: datetime) -> Successor:
    """Who has a rep's customers at an instant: himself, or his heir, or that one's heir ...

    NotFound for an unknown rep.
    """
    return successors_of([rep_id], at)[rep_id]


def successors_of(rep_ids: Collection[int], at: datetime) -> dict[int, Successor]:
    """The same for each of these reps; one question an heir on, for all of them."""
    known = dict[int, _Leaving]()
    missing = set(rep_ids)
    while missing:
        query = select(Rep.id, Rep.outlet_id, Rep.left_at, Rep.heir_id).where(Rep.id.in_(missing))
        found = {row.id: _Leaving(*row) for row in db.session.execute(query)}
        if found.keys() != missing:
            raise NotFound
        known |= found
        heirs = {rep.heir_id for rep in found.values() if rep.has_left(at)}
        missing = {heir_id for heir_id in heirs if heir_id is not None} - known.keys()
    return {rep_id: _successor(rep_id, known, at) for rep_id in rep_ids}


@dataclass(frozen=True, slots=True)
class _Leaving:
    """When a rep left, if he did, and to whom."""

    id: int
    outlet_id: int
    left_at: datetime | None
    heir_id: int | None

    def has_left(self, at: datetime) -> bool:
        return self.left_at is not None and self.left_at <= at


def _successor(rep_id: int, known: Mapping[int, _Leaving], at: datetime) -> Successor:
    rep, seen = known[rep_id], set[int]()
    while rep.has_left(at):
        seen.add(rep.id)
        if rep.heir_id is None or rep.heir_id in seen:
            return Successor(None, rep.outlet_id)
        rep = known[rep.heir_id]
    return Successor(rep.id, rep.outlet_id)


def rep_of_member(*member_ids: int) -> int | None:
    """The active rep a person is bound to now.

    Give every member row that is the person: a binding names the member of its time.
    """
    return db.session.scalar(
        select(Rep.id)
        .join(RepBinding, RepBinding.rep_id == Rep.id)
        .where(
            RepBinding.member_id.in_(member_ids),
            RepBinding.unbound_at.is_(None),
            Rep.status == RepStatus.ACTIVE,
        )
        .order_by(RepBinding.id)
        .limit(1)
    )


def bound_rep(*member_ids: int) -> int | None:
    """The rep a person is bound to now, whether active or not."""
    return db.session.scalar(
        select(RepBinding.rep_id)
        .where(RepBinding.member_id.in_(member_ids), RepBinding.unbound_at.is_(None))
        .order_by(RepBinding.id)
        .limit(1)
    )


def member_of_rep(rep_id: int) -> int | None:
    """The member who is this rep's hands now."""
    return db.session.scalar(
        select(RepBinding.member_id).where(
            RepBinding.rep_id == rep_id, RepBinding.unbound_at.is_(None)
        )
    )


def operator_identity_on(rep_id: int, day: date) -> OperatorIdentity | None:
    """The codes billing knows a rep by on a (Shanghai) day."""
    return db.session.scalar(
        select(OperatorIdentity).where(
            OperatorIdentity.rep_id == rep_id,
            OperatorIdentity.valid_from <= day,
            or_(OperatorIdentity.valid_until.is_(None), OperatorIdentity.valid_until > day),
        )
    )


def channel_class_of(rep_id: int) -> str:
    """The channel class a rep sells in; NotFound for an unknown rep."""
    rep = db.session.get(Rep, rep_id)
    if rep is None:
        raise NotFound
    return rep.channel_class
