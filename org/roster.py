"""Who works where, for the people above them: reps of a subtree, their codes, names by id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, or_, select

from org.models import (
    ChannelClass,
    Invite,
    OperatorIdentity,
    OrgNode,
    Rep,
    RepBinding,
    RepStatus,
    Staff,
    Tier,
)
from org.queries import under
from wx_backend.db import db

PAGE = 20


@dataclass(frozen=True, slots=True)
class RepFilter:
    """Which reps are meant: those of the places in `scope`, with a text in name or number."""

    scope: Select[int]
    text: str = ""
    status: RepStatus | None = None


def rep_ids(scope: Select[int]) -> Select[int]:
    """The ids of the reps of a scope, those who left included, to filter others by."""
    return select(Rep.id).where(Rep.outlet_id.in_(scope))


def rep_id_within(number: str, scope: Select[int]) -> Select[int]:
    """The id of the rep of this number, if he is one of the scope's, to filter others by."""
    return select(Rep.id).where(Rep.number == number, Rep.outlet_id.in_(scope))


def reps_found(wanted: RepFilter, *, after: int = 0, limit: int = PAGE) -> Sequence[Rep]:
    """The reps meant, by number; `after` skips that many."""
    query = _found(wanted).order_by(Rep.number).offset(after).limit(limit)
    return db.session.scalars(query).all()


def count_reps(wanted: RepFilter) -> int:
    """How many reps are meant."""
    return db.session.scalar(select(func.count()).select_from(_found(wanted).subquery())) or 0


def reps_meant(wanted: RepFilter) -> Select[int]:
    """The ids of the reps meant, to filter others by."""
    return _found(wanted).with_only_columns(Rep.id)


def reps_of_channel(channel: ChannelClass) -> Select[int]:
    """The ids of everybody who sells in a channel class, to filter others by."""
    return select(Rep.id).where(Rep.channel_class == channel)


def rep_within(number: str, scope: Select[int]) -> Rep | None:
    """The rep of this number, if he is one of the scope's."""
    return db.session.scalar(select(Rep).where(Rep.number == number, Rep.outlet_id.in_(scope)))


def active_reps(scope: Select[int]) -> Sequence[Rep]:
    """Everybody of a scope who may sell, by name."""
    return db.session.scalars(
        select(Rep)
        .where(Rep.outlet_id.in_(scope), Rep.status == RepStatus.ACTIVE)
        .order_by(Rep.name, Rep.id)
    ).all()


def is_rep_within(rep_id: int, scope: Select[int]) -> bool:
    """Whether a rep's outlet lies in a scope now."""
    query = select(Rep.id).where(Rep.id == rep_id, Rep.outlet_id.in_(scope))
    return db.session.scalar(query) is not None


def where_active_reps_work(scope: Select[int]) -> dict[int, int]:
    """The outlet of everybody of a scope who may sell, by rep."""
    rows = db.session.execute(
        select(Rep.id, Rep.outlet_id).where(
            Rep.outlet_id.in_(scope), Rep.status == RepStatus.ACTIVE
        )
    )
    return {rep_id: outlet_id for rep_id, outlet_id in rows}  # noqa: C416 - rows are no pairs to dict()


def reps_hands() -> Select[int]:
    """The members that are some active rep now, to filter others by; a binding names that of its time."""
    return (
        select(RepBinding.member_id)
        .join(Rep, Rep.id == RepBinding.rep_id)
        .where(RepBinding.unbound_at.is_(None), Rep.status == RepStatus.ACTIVE)
    )


def codes_of(rep_id: int) -> Sequence[OperatorIdentity]:
    """The codes billing knows a rep by, the newest span first."""
    return db.session.scalars(
        select(OperatorIdentity)
        .where(OperatorIdentity.rep_id == rep_id)
        .order_by(OperatorIdentity.valid_from.desc())
    ).all()


def binding_of(rep_id: int) -> RepBinding | None:
    """The open binding of a rep."""
    return db.session.scalar(
        select(RepBinding).where(RepBinding.rep_id == rep_id, RepBinding.unbound_at.is_(None))
    )


def open_invite(rep_id: int, now: datetime) -> Invite | None:
    """The invitation that could be used now; its code is not kept."""
    return db.session.scalar(
        select(Invite).where(
            Invite.rep_id == rep_id, Invite.used_at.is_(None), Invite.expires_at > now
        )
    )


def reps_by_id(ids: Iterable[int]) -> dict[int, Rep]:
    """These reps, whatever has become of them, by id."""
    return {rep.id: rep for rep in db.session.scalars(select(Rep).where(Rep.id.in_(set(ids))))}


def names_of_reps(ids: Iterable[int], scope: Select[int] | None = None) -> dict[int, str]:
    """What these reps are called; of those of a scope only, if it is given."""
    if not (wanted := set(ids)):
        return {}
    query = select(Rep.id, Rep.name).where(Rep.id.in_(wanted))
    rows = db.session.execute(query if scope is None else query.where(Rep.outlet_id.in_(scope)))
    return {rep_id: name for rep_id, name in rows}  # noqa: C416 - rows are no pairs to dict()


def names_of_nodes(ids: Iterable[int]) -> dict[int, str]:
    """What these places are called."""
    if not (wanted := set(ids)):
        return {}
    rows = db.session.execute(select(OrgNode.id, OrgNode.name).where(OrgNode.id.in_(wanted)))
    return {node_id: name for node_id, name in rows}  # noqa: C416 - the same


def outlets_and_channels(ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """Where these reps work and in which channel class they sell, by id."""
    rows = db.session.execute(
        select(Rep.id, Rep.outlet_id, Rep.channel_class).where(Rep.id.in_(set(ids)))
    )
    return {rep_id: (outlet_id, channel) for rep_id, outlet_id, channel in rows}


def holds_everything(node_id: int) -> bool:
    """Whether every outlet there is lies at or below a node: nothing foreign can be shown to it."""
    foreign = select(OrgNode.id).where(
        OrgNode.tier == Tier.OUTLET, OrgNode.id.not_in(under(node_id))
    )
    return db.session.scalar(foreign.limit(1)) is None


def staff_names() -> dict[int, str]:
    """What everybody who ever used the console is called, by id."""
    return {row.id: row.name for row in db.session.execute(select(Staff.id, Staff.name))}


def heirs_line(rep_id: int) -> frozenset[int]:
    """A rep and everybody who left his customers to him, directly or through others."""
    found = {rep_id}
    latest = {rep_id}
    while latest:
        left = select(Rep.id).where(Rep.heir_id.in_(latest), Rep.status == RepStatus.LEFT)
        latest = set(db.session.scalars(left)) - found
        found |= latest
    return frozenset(found)


def _found(wanted: RepFilter) -> Select[Rep]:
    query = select(Rep).where(Rep.outlet_id.in_(wanted.scope))
    if wanted.text:
        in_name = Rep.name.contains(wanted.text, autoescape=True)
        query = query.where(or_(in_name, Rep.number.startswith(wanted.text, autoescape=True)))
    if wanted.status is not None:
        query = query.where(Rep.status == wanted.status)
    return query
