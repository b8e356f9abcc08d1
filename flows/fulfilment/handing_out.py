"""What follows from a node: a pickup code, a shipping report, a word to the customer."""

from datetime import datetime

from flows.fulfilment.shipping import tell_when_out
from flows.messages import send_notice
from flows.sealed import vault
from fulfilment.models import Chain, Task
from fulfilment.nodes import Node, Way
from fulfilment.pickup import make_pickup_code
from orders.queries import line_by_id, order_by_id
from templates_msg.rules import shortened
from wx_backend.platform import config

PICKUPS = frozenset({Way.GOODS_PICKUP, Way.SIM_PICKUP})
LEAVES = frozenset({Node.OPENED, Node.HANDED_OVER, Node.DELIVERED})
READY, REVIEW, SHIPPED, ACTIVATED = "pickup_ready", "review_ask", "order_shipped", "plan_activated"
COURIERED = frozenset({Way.GOODS_COURIER, Way.SIM_COURIER})


def node_reached(chain: Chain, node: Node, *, now: datetime) -> None:
    """Do what belongs to a node that was just done."""
    if node is Node.PACKED and chain.way in PICKUPS and chain.outlet_id is not None:
        make_pickup_code(order_id=chain.order_id, outlet_id=chain.outlet_id, vault=vault(), now=now)
        _tell(chain, READY, key=f"{READY}:{chain.id}:{chain.round}:{chain.outlet_id}", now=now)
    if node is Node.HANDED_OVER and chain.way in COURIERED:
        _tell(chain, SHIPPED, key=f"{SHIPPED}:{chain.id}:{chain.round}", now=now)
    if node is Node.OPENED:
        _tell(chain, ACTIVATED, key=f"{ACTIVATED}:{chain.id}:{chain.round}", now=now)
    if node in LEAVES:
        tell_when_out(chain.order_id, now=now)


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
