"""What follows from a node: a pickup code, a shipping report, a word to the customer."""

from datetime import datetime

from flows.sealed import vault
from fulfilment.models import Chain
from fulfilment.nodes import Node, Way
from fulfilment.pickup import make_pickup_code

PICKUPS = frozenset({Way.GOODS_PICKUP, Way.SIM_PICKUP})


def node_reached(chain: Chain, node: Node, *, now: datetime) -> None:
    """Do what belongs to a node that was just done."""
    if node is Node.PACKED and chain.way in PICKUPS and chain.outlet_id is not None:
        make_pickup_code(order_id=chain.order_id, outlet_id=chain.outlet_id, vault=vault(), now=now)
