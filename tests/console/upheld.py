"""A dispute that can be upheld: Bob had come by a colleague of Alice's, which was learnt after he paid."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from flows import reassigning
from flows.attribution import LEARNT_LATE
from flows.reassigning import By
from orders.models import OrderLine
from org.queries import rep_card
from referral.disputes import open_dispute
from referral.models import Dispute, Touch
from referral.reassignment_models import Reassignment, ReassignmentVerdict
from referral.values import TouchKind
from tests.console.world import World, share, touch
from tests.org.cast import hire
from wx_backend import clock
from wx_backend.db import db, retried, transaction

REASON = "聊天记录显示客户由其先行接待"
ASKER, SECOND = "staff:901", "staff:902"


@dataclass(frozen=True, slots=True)
class Upheld:
    """The dispute about Alice's line, and Sue, who sells beside her."""

    dispute_id: int
    line_id: int
    alice_id: int
    sue_id: int
    sue_number: str


def dispute_of(world: World) -> Upheld:
    """Sue of the outlet beside Alice's met Bob a minute before he ordered."""
    sue_id = hire(world.tree.corner, "苏")
    touch(world.bob, share(sue_id), kind=TouchKind.LINK_OPENED, ago=timedelta(minutes=1))
    with transaction() as session:
        late = session.scalars(select(Touch.id).order_by(Touch.id.desc())).first()
        of_it = OrderLine.order_id == world.southern.id
        line_id = session.scalars(select(OrderLine.id).where(of_it)).one()
        key = f"touch:{late}"
        open_dispute(
            order_line_id=line_id, key=key, touch_id=late, reason=LEARNT_LATE, now=clock.now()
        )
        of_it = Dispute.order_line_id == line_id
        dispute_id = session.scalars(select(Dispute.id).where(of_it)).one()
    return Upheld(dispute_id, line_id, world.alice_id, sue_id, rep_card(sue_id).number)


def asked_for(upheld: Upheld, node_id: int) -> int:
    """One person of a place asks that the line be Sue's; the id."""
    retried(
        lambda: reassigning.ask(
            upheld.dispute_id,
            number=upheld.sue_number,
            reason=REASON,
            by=By(ASKER, node_id),
            now=clock.now(),
        )
    )
    db.session.rollback()
    waits = Reassignment.verdict.is_(None)
    return db.session.scalars(select(Reassignment.id).where(waits)).one()


def agree(reassignment_id: int, node_id: int, actor: str = SECOND) -> None:
    """Another one of a place agrees, in the transaction that goes on."""
    reassigning.decide(
        reassignment_id,
        verdict=ReassignmentVerdict.APPROVED,
        note="",
        by=By(actor, node_id),
        now=clock.now(),
    )
