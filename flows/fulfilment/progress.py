"""A node is done: the order's own line moves with it, and the next nodes open."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from flows.delivery import move_line_on
from flows.fulfilment.handing_out import node_opened, node_reached
from fulfilment.models import Chain, ChainStatus
from fulfilment.nodes import Condition, Node
from fulfilment.operations import advance, finish_node, set_chain_status
from orders.models import Fulfilment, OrderLine, RealName
from orders.moves import locked_order
from orders.queries import line_by_id
from orders.rules import LINE_MOVES
from wx_backend.db import db
from wx_backend.errors import NotFound

_PROVEN: Final = frozenset({RealName.NOT_NEEDED, RealName.PASSED})

LINE_STATES: Final[Mapping[Node, Fulfilment]] = {
    Node.HANDED_OVER: Fulfilment.SENT,
    Node.SIGNED: Fulfilment.RECEIVED,
}
"""How far the order's line has come by a node; billing alone says that it is activated."""


def note_done(chain: Chain, node: Node, *, actor: str, cause: str, now: datetime) -> bool:
    """Record that a node of a locked order's chain is done; False when it was before."""
    if not finish_node(chain, node, actor=actor, cause=cause, now=now):
        return False
    to = LINE_STATES.get(node)
    line = line_of(chain)
    if to is not None and to in LINE_MOVES[Fulfilment(line.fulfilment)]:
        move_line_on(line_id=line.id, to=to, actor=actor, cause=cause, now=now)
    go_on(chain, now=now)
    node_reached(chain, node, now=now)
    return True


def go_on(chain: Chain, *, now: datetime) -> None:
    """Open the nodes whose turn has come."""
    for task in advance(chain, met=conditions_of(line_of(chain)), now=now):
        node_opened(chain, task, now=now)


def archive(chain: Chain, *, now: datetime) -> None:
    """The file of a line is closed and kept."""
    if note_done(chain, Node.ARCHIVED, actor="system", cause="archive", now=now):
        set_chain_status(chain, ChainStatus.ARCHIVED, source=ChainStatus.RUNNING, now=now)


def conditions_of(line: OrderLine) -> frozenset[Condition]:
    """What holds of a line outside of its chain."""
    is_proven = line.real_name_state in _PROVEN
    return frozenset({Condition.REAL_NAME}) if is_proven else frozenset()


def line_of(chain: Chain) -> OrderLine:
    """The order line of a chain, as it is under the order's lock."""
    line = line_by_id(chain.order_line_id)
    if line is None:
        raise NotFound
    db.session.refresh(line)
    return line


def lock(chain: Chain) -> Chain:
    """Lock the order of a chain, and read the chain again under that lock."""
    locked_order(chain.order_id)
    db.session.refresh(chain)
    return chain
