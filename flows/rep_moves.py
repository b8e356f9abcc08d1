"""Reps hired and moved by those above them, and what that does to customers, orders and money."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from flows.rep_desk import rep_of_scope
from orders.figures import open_orders_of
from org import invites, reps
from org.models import ChannelClass, OrgNode, Rep, RepStatus, Tier
from org.queries import (
    ancestors,
    channel_class_of,
    member_of_rep,
    node_by_code,
    node_of,
    rep_card,
    under,
)
from org.reps import OperatorCodes
from referral.figures import count_reached
from referral.proofs import policy_in_force
from settlement.debts import bear_debt
from settlement.queries import Income, income_of
from wx_backend.clock import business_on
from wx_backend.errors import BadInput, NotFound

NAME_MAX: Final = 40
TITLE_MAX: Final = 40


@dataclass(frozen=True, slots=True)
class NewRep:
    """Who is hired, where; without codes billing does not take his orders."""

    name: str
    outlet: str
    channel_class: ChannelClass
    title: str = ""
    codes: OperatorCodes | None = None


@dataclass(frozen=True, slots=True)
class Stake:
    """What hangs on a rep today: people reached within the window, orders not done, money in fen."""

    rep: Rep
    outlet: OrgNode
    customers: int
    open_orders: int
    income: Income


@dataclass(frozen=True, slots=True)
class Move:
    """Where a rep would go; `leaves_city` says that his customers stay behind."""

    stake: Stake
    outlet: OrgNode
    leaves_city: bool

    @property
    def must_resume(self) -> bool:
        """Whether he is suspended, so that a number of his own elsewhere would undo it."""
        return self.leaves_city and self.stake.rep.status == RepStatus.DISABLED


def stake_of(number: str, node_id: int, now: datetime) -> Stake:
    """What there is to tell before a rep is moved or leaves; NotFound for foreign ones too."""
    rep = rep_of_scope(number, node_id)
    terms = policy_in_force(now).terms_for(channel_class_of(rep.id), "")
    return Stake(
        rep=rep,
        outlet=node_of(rep.outlet_id),
        customers=count_reached([rep.id], since=now - timedelta(days=terms.window_days)),
        open_orders=open_orders_of(rep.id),
        income=income_of(rep.id),
    )


def hire(new: NewRep, *, node_id: int, now: datetime) -> str:
    """A new rep at an outlet of one's part; his number. Raises BadInput, NotFound, WrongTier."""
    if not 0 < len(new.name) <= NAME_MAX:
        raise BadInput("请填写姓名", fields=["name"])
    rep_id = reps.hire_rep(
        name=new.name,
        outlet_id=_outlet(new.outlet, node_id).id,
        channel_class=new.channel_class,
        title=new.title[:TITLE_MAX],
        now=now,
    )
    if new.codes is not None:
        reps.assign_codes(rep_id=rep_id, codes=new.codes, valid_from=business_on(now))
    return rep_card(rep_id).number


def planned_move(number: str, outlet: str, node_id: int, now: datetime) -> Move:
    """What moving a rep would mean. Raises NotFound, and BadInput for where he is already."""
    stake, target = stake_of(number, node_id, now), _outlet(outlet, node_id)
    if target.id == stake.outlet.id:
        raise BadInput("该员工已在这个网点", fields=["outlet"])
    before, after = ancestors(stake.outlet.id), ancestors(target.id)
    return Move(stake, target, before.get(Tier.CITY) != after.get(Tier.CITY))


def move(*, number: str, outlet: str, node_id: int, now: datetime) -> str:
    """Move a rep; the number he has afterwards.

    Within the city he goes as he is, customers and all. Into another city he begins anew under a
    new number: what he leaves behind (customers, orders, money still held) stays with the old
    number, whose customers the outlet's pool takes over; what it still earns is his. Who is
    suspended does not get there: RepPaused.
    """
    planned = planned_move(number, outlet, node_id, now)
    rep = planned.stake.rep
    if not planned.leaves_city:
        reps.move_rep(rep_id=rep.id, outlet_id=planned.outlet.id)
        return rep.number
    return _begin_anew(rep, planned.outlet.id, now)


def _begin_anew(rep: Rep, outlet_id: int, now: datetime) -> str:
    reps.check_may_begin_anew(rep.id)
    member_id = member_of_rep(rep.id)
    reps.part_with_rep(rep_id=rep.id, now=now)
    bear_debt(rep_id=rep.id, now=now)
    made = reps.hire_rep(
        name=rep.name,
        outlet_id=outlet_id,
        channel_class=ChannelClass(rep.channel_class),
        title=rep.title,
        greeting=rep.greeting,
        now=now,
    )
    if member_id is not None:
        invites.bind_rep(rep_id=made, member_id=member_id, now=now)
    return rep_card(made).number


def _outlet(code: str, node_id: int) -> OrgNode:
    node = node_by_code(code, under(node_id))
    if node is None or node.tier != Tier.OUTLET:
        raise NotFound("没有这个网点")
    return node
