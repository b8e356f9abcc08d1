"""What follows from a node: a pickup code, a shipping report, a word to the customer."""

from datetime import datetime

from flows.fulfilment.shipping import tell_when_out
from flows.messages import send_notice
from flows.sealed import vault
from fulfilment.models import Chain, Task
from fulfilment.nodes import PICKUPS, Node, Way
from fulfilment.pickup import end_code, make_pickup_code, open_code
from fulfilment.queries import ready_at_counter
from orders.queries import line_by_id, order_by_id
from templates_msg.rules import shortened
from wx_backend.platform import config

LEAVES = frozenset({Node.OPENED, Node.HANDED_OVER, Node.DELIVERED})
READY, REVIEW, SHIPPED, ACTIVATED = "pickup_ready", "review_ask", "order_shipped", "plan_activated"
COURIERED = frozenset({Way.GOODS_COURIER, Way.SIM_COURIER})


def node_reached(chain: Chain, node: Node, *, now: datetime) -> None:
    """Do what belongs to a node that was just done."""
    if node is Node.PACKED and chain.way in PICKUPS:
        renew_code(chain.order_id, now=now)
    if node is Node.HANDED_OVER and chain.way in COURIERED:
        _tell(chain, SHIPPED, key=f"{SHIPPED}:{chain.id}:{chain.round}", now=now)
    if node is Node.OPENED:
        _tell(chain, ACTIVATED, key=f"{ACTIVATED}:{chain.id}:{chain.round}", now=now)
    if node in LEAVES:
        tell_when_out(chain.order_id, now=now)


def renew_code(order_id: int, *, now: datetime) -> None:
    """Have the order's one code fetch what lies ready: it stays where it fetches something, else it moves on.

    Without anything ready it ends. The customer hears once of every line that it fetches.
    """
    ready = [chain for chain, _ in ready_at_counter(order_id)]
    outlets = [chain.outlet_id for chain in ready if chain.outlet_id is not None]
    if not outlets:
        end_code(order_id, now=now)
        return
    code = open_code(order_id)
    outlet_id = code.outlet_id if code is not None and code.outlet_id in outlets else outlets[0]
    make_pickup_code(order_id=order_id, outlet_id=outlet_id, vault=vault(), now=now)
    for chain in ready:
        if chain.outlet_id == outlet_id:
            _tell(chain, READY, key=f"{READY}:{chain.id}:{chain.round}:{outlet_id}", now=now)


def node_opened(chain: Chain, task: Task, *, now: datetime) -> None:
    """Do what belongs to a node whose turn has come: the customer is asked how it was."""
    if task.node == Node.REVIEWED:
        _tell(chain, REVIEW, key=f"{REVIEW}:{chain.id}", now=now)


def _tell(chain: Chain, purpose: str, *, key: str, now: datetime) -> None:
    """Send the account's message for a purpose; accounts without one send none."""
    order, line = order_by_id(chain.order_id), line_by_id(chain.order_line_id)
    if order is not None and line is not None:
        send_notice(
            key=key,
            identity_id=order.identity_id,
            purpose=purpose,
            values={"number": order.number, "goods": shortened(line.name)},
            url=f"{config().service.base_url}/orders/{order.number}",
            now=now,
        )
