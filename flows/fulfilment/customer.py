"""What the customer does with his own order: sign for it, and say how it was."""

from datetime import datetime

from flows.fulfilment.progress import lock, note_done
from fulfilment.errors import NotYet
from fulfilment.models import Chain, Task
from fulfilment.moves import LIVE
from fulfilment.nodes import Node, Proof
from fulfilment.packing import note_evidence
from fulfilment.queries import chain_of_line, chains_of_order, has_passed, passed_at, task_at
from fulfilment.reviews import add_review
from orders.moves import locked_order
from orders.queries import line_by_id
from wx_backend.errors import NotFound


def sign_for(*, order_id: int, actor: str, now: datetime) -> int:
    """The customer has received what was sent; how many lines. NotYet when nothing was.

    Signing also says that the carrier delivered, should his record be late. What is fetched at
    a counter is signed for by its code, not here.
    """
    locked_order(order_id)
    signed = sum(_sign(chain, actor, now) for chain in chains_of_order(order_id))
    if not signed:
        raise NotYet(node=Node.SIGNED)
    return signed


def can_sign(chain: Chain) -> bool:
    """Whether a line is on its way to the customer or has reached him."""
    return _to_sign(chain) is not None


def review_line(
    *, order_id: int, line_id: int, stars: int, text: str, actor: str, now: datetime
) -> None:
    """The customer says how a line was served, once it has reached him.

    Raises NotFound for a line of another order, NotYet, AlreadyReviewed, BadInput.
    """
    chain = chain_of_line(line_id)
    if chain is None or chain.order_id != order_id:
        raise NotFound
    lock(chain)
    if not can_review(chain):
        raise NotYet(node=Node.REVIEWED)
    line = line_by_id(line_id)
    assert line is not None  # noqa: S101 - a foreign key says so
    add_review(chain, product_id=line.product_id, stars=stars, text=text, now=now)
    note_done(chain, Node.REVIEWED, actor=actor, cause="review", now=now)


def can_review(chain: Chain) -> bool:
    """Whether a line has come so far; a review is welcome after its time is over, too."""
    return passed_at(chain, Node.REVIEWED) is not None


def _sign(chain: Chain, actor: str, now: datetime) -> bool:
    if _to_sign(chain) is None:
        return False
    note_done(chain, Node.DELIVERED, actor=actor, cause="customer signed", now=now)
    task = task_at(chain, Node.SIGNED)
    if task is not None:
        note_evidence(task, Proof.SIGNATURE, actor, actor=actor, now=now)
    return note_done(chain, Node.SIGNED, actor=actor, cause="customer signed", now=now)


def _to_sign(chain: Chain) -> Task | None:
    """The open node a signature would close: with the carrier, or delivered."""
    if not has_passed(chain, Node.HANDED_OVER):
        return None
    tasks = (task_at(chain, node) for node in (Node.DELIVERED, Node.SIGNED))
    return next((task for task in tasks if task is not None and task.status in LIVE), None)
