"""What the chain needs done every so often: nodes that end by themselves, overdue ones."""

from datetime import datetime

from flows.fulfilment.progress import archive, lock, note_done
from flows.messages import send_notice
from fulfilment.escalations import LADDER, climb, tasks_to_climb
from fulfilment.models import Chain, Task
from fulfilment.nodes import NAMES, Node
from fulfilment.queries import tasks_left_alone
from members.queries import appid_of, identity_at, member_ids_of
from orders.models import SalesOrder
from orders.queries import order_by_id
from org.models import Tier
from org.queries import alone, ancestors, member_of_rep
from org.roster import active_reps
from templates_msg.rules import shortened
from wx_backend.clock import SHANGHAI
from wx_backend.platform import config

TO_RESPONSIBLE = "task_overdue"


def close_by_itself(*, now: datetime) -> int:
    """Sign for, stop waiting for a review of, and archive what its time has come for; how many."""
    closed = 0
    for chain, task in tasks_left_alone(now=now):
        lock(chain)
        node = Node(task.node)
        if node is Node.ARCHIVED:
            archive(chain, now=now)
            closed += 1
        else:
            closed += note_done(chain, node, actor="system", cause="time is over", now=now)
    return closed


def escalate_overdue(*, now: datetime) -> int:
    """Show each overdue node to the next tier above, once per tier; how many steps that were."""
    steps = 0
    for rung in LADDER:
        for chain, task in tasks_to_climb(rung, now=now):
            node_id = _responsible(chain, rung.tier)
            if climb(task, rung, node_id=node_id, now=now):
                steps += 1
                if node_id is not None:
                    _tell(chain, task, rung.tier, node_id, now)
    return steps


def _responsible(chain: Chain, tier: Tier) -> int | None:
    """The place of a tier that answers for a chain; None where the tree has none."""
    home = chain.outlet_id or chain.pool_id
    return ancestors(home).get(tier) if home is not None else None


def _tell(chain: Chain, task: Task, tier: Tier, node_id: int, now: datetime) -> None:
    """Tell the people of a place who can be reached where the customer is."""
    order = order_by_id(chain.order_id)
    if order is None:
        return
    appid = appid_of(order.identity_id)
    for rep in active_reps(alone(node_id)):
        member_id = member_of_rep(rep.id)
        identity_id = identity_at(member_ids_of(member_id), appid) if member_id else None
        if identity_id is not None:
            send_notice(
                key=f"{TO_RESPONSIBLE}:{task.id}:{tier}:{rep.id}",
                identity_id=identity_id,
                purpose=TO_RESPONSIBLE,
                values=_values(order, task),
                url=f"{config().service.base_url}/terminal/",
                now=now,
            )


def _values(order: SalesOrder, task: Task) -> dict[str, str]:
    return {
        "number": order.number,
        "step": shortened(NAMES[Node(task.node)]),
        "due_at": f"{task.due_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
    }
