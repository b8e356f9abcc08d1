"""The tree changes: nodes are made, moved and closed, and the closure follows.

Tiers keep their order on every path (group above province above city above outlet), which also
makes a cycle impossible. Changes to the tree wait for each other: they lock its roots.
"""

from datetime import date
from typing import Final

from sqlalchemy import and_, delete, exists, insert, literal, or_, select

from org.hours import OpeningHours
from org.models import OrgNode, OrgPath, Rep, RepStatus, Staff, Tier
from org.queries import is_within, node_of, under
from wx_backend.db import db
from wx_backend.errors import Conflict

_RANK: Final = {tier: rank for rank, tier in enumerate(Tier)}


class WrongTier(Conflict):
    code, message = "wrong_tier", "上级单位的层级不正确"


class WouldBeCycle(Conflict):
    code, message = "would_be_cycle", "不能移动到自己的下级"


class NodeInUse(Conflict):
    code, message = "node_in_use", "该单位下还有未关闭的单位、在职人员或启用的账号"


class CodeTaken(Conflict):
    code, message = "code_taken", "编码已被使用"


def create_node(
    *,
    tier: Tier,
    code: str,
    name: str,
    parent_id: int | None = None,
    address: str | None = None,
    hours: OpeningHours | None = None,
) -> int:
    """A new place in the tree; its id. `hours` and `address` are an outlet's.

    Raises WrongTier unless the parent is of a higher tier (only the group has none), CodeTaken,
    and NotFound for an unknown parent.
    """
    _lock_tree()
    if (tier is Tier.GROUP) != (parent_id is None):
        raise WrongTier
    if parent_id is not None:
        _check_order(tier, node_of(parent_id))
    if db.session.scalar(select(OrgNode.id).where(OrgNode.code == code)) is not None:
        raise CodeTaken(fields=["code"])
    node = OrgNode(
        tier=tier,
        code=code,
        name=name,
        parent_id=parent_id,
        address=address,
        opening_hours=hours.as_json() if hours else None,
    )
    db.session.add(node)
    db.session.flush()
    db.session.add(OrgPath(ancestor_id=node.id, descendant_id=node.id, depth=0))
    db.session.flush()
    if parent_id is not None:
        _hang(node.id, parent_id)
    return node.id


def describe_node(
    *, node_id: int, name: str, address: str | None = None, phone: str | None = None
) -> None:
    """What a place is called, and where and how it is reached. Raises NotFound."""
    node = node_of(node_id)
    node.name, node.address, node.phone = name, address, phone


def remove_node(node_id: int) -> None:
    """Undo the making of a place that nothing refers to; IntegrityError when something does."""
    _lock_tree()
    db.session.execute(delete(OrgPath).where(OrgPath.descendant_id == node_id))
    db.session.execute(delete(OrgNode).where(OrgNode.id == node_id))


def move_node(*, node_id: int, parent_id: int) -> None:
    """Hang a node with everything below it under another parent.

    Rights follow at once; figures of past days keep the ancestors they were frozen with. Raises
    WouldBeCycle, WrongTier and NotFound.
    """
    _lock_tree()
    node, parent = node_of(node_id), node_of(parent_id)
    if is_within(parent_id, node_id):
        raise WouldBeCycle
    _check_order(Tier(node.tier), parent)
    inside = under(node_id)
    db.session.execute(
        delete(OrgPath)
        .where(OrgPath.descendant_id.in_(inside), OrgPath.ancestor_id.not_in(inside))
        .execution_options(synchronize_session=False)
    )
    node.parent_id = parent_id
    db.session.flush()
    _hang(node_id, parent_id)
    db.session.expire_all()


def close_node(*, node_id: int, on: date) -> None:
    """Close a place from a day on. NodeInUse while anything open or anyone active is below it.

    Of console users too: their rights hang on the place.
    """
    _lock_tree()
    node = node_of(node_id)
    below = select(OrgNode.id).where(
        OrgNode.id.in_(under(node_id)), OrgNode.id != node_id, OrgNode.closed_on.is_(None)
    )
    staffed = or_(
        exists().where(Rep.outlet_id == node_id, Rep.status != RepStatus.LEFT),
        exists().where(Staff.node_id == node_id, Staff.is_active),
    )
    if db.session.scalar(below.limit(1)) is not None or db.session.scalar(select(staffed)):
        raise NodeInUse
    node.closed_on = node.closed_on or on


def set_opening_hours(*, outlet_id: int, hours: OpeningHours) -> None:
    """Replace an outlet's opening hours. WrongTier for anything but an outlet."""
    node = node_of(outlet_id)
    if node.tier != Tier.OUTLET:
        raise WrongTier
    node.opening_hours = hours.as_json()


def _lock_tree() -> None:
    db.session.execute(
        select(OrgNode.id).where(OrgNode.parent_id.is_(None)).order_by(OrgNode.id).with_for_update()
    ).all()


def _check_order(tier: Tier, parent: OrgNode) -> None:
    if _RANK[Tier(parent.tier)] >= _RANK[tier] or parent.closed_on is not None:
        raise WrongTier


def _hang(node_id: int, parent_id: int) -> None:
    """Add the paths from the parent and all above it to the node and all below it."""
    above, below = OrgPath.__table__.alias("above"), OrgPath.__table__.alias("below")
    every_pair = above.join(
        below, and_(above.c.descendant_id == parent_id, below.c.ancestor_id == node_id)
    )
    depth = above.c.depth + below.c.depth + literal(1)
    paths = select(above.c.ancestor_id, below.c.descendant_id, depth).select_from(every_pair)
    db.session.execute(
        insert(OrgPath).from_select(["ancestor_id", "descendant_id", "depth"], paths)
    )
