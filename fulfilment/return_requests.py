"""Verbs on what customers ask to give back: asked, taken back, declined, agreed to.

Whoever changes one has locked its order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import Select, and_, select

from fulfilment.errors import AlreadyAsked, RequestDecided
from fulfilment.models import Chain, ReturnCase
from fulfilment.nodes import Node
from fulfilment.queries import passed_at
from fulfilment.return_models import RequestStatus, ReturnRequest
from wx_backend.clock import SHANGHAI, business_on
from wx_backend.db import db, locked
from wx_backend.errors import NotFound


def write_request(chain: Chain, *, key: str, reason: str, actor: str, now: datetime) -> None:
    """Note that a line shall go back. AlreadyAsked beside one that waits or was agreed to."""
    statuses = (RequestStatus.ASKED, RequestStatus.AGREED)
    if any(_of_round(chain, status) is not None for status in statuses):
        raise AlreadyAsked
    row = ReturnRequest(
        chain_id=chain.id,
        round=chain.round,
        key=key,
        reason=reason,
        asked_by=actor,
        asked_at=now,
    )
    db.session.add(row)
    db.session.flush()


def is_written(chain: Chain, key: str) -> bool:
    """Whether this very wish was noted before, whatever came of it."""
    query = select(ReturnRequest.id).where(
        ReturnRequest.chain_id == chain.id, ReturnRequest.key == key
    )
    return db.session.scalar(query) is not None


def end_request(
    row: ReturnRequest, to: RequestStatus, *, actor: str, now: datetime, answer: str = ""
) -> None:
    """Move a request on from where it waits. RequestDecided when it does not wait any more."""
    if row.status != RequestStatus.ASKED:
        raise RequestDecided
    row.status, row.answer = to, answer
    row.decided_by, row.decided_at = actor, now
    db.session.flush()


def agree_to_waiting(chain: Chain, *, actor: str, now: datetime) -> None:
    """The line goes back: whoever saw to that has agreed to what its customer asked."""
    row = waiting_request(chain)
    if row is not None:
        end_request(row, RequestStatus.AGREED, actor=actor, now=now)


def waiting_request(chain: Chain) -> ReturnRequest | None:
    """What was asked of the chain's present round and waits for an answer."""
    return _of_round(chain, RequestStatus.ASKED)


def agreed_request(chain: Chain) -> ReturnRequest | None:
    """What was asked of the chain's present round and agreed to."""
    return _of_round(chain, RequestStatus.AGREED)


def _of_round(chain: Chain, status: RequestStatus) -> ReturnRequest | None:
    return locked(
        select(ReturnRequest).where(
            ReturnRequest.chain_id == chain.id,
            ReturnRequest.round == chain.round,
            ReturnRequest.status == status,
        )
    )


def request_by_id(request_id: int) -> tuple[ReturnRequest, Chain]:
    """A request, read anew, and the chain it is about. Raises NotFound."""
    found = db.session.execute(
        select(ReturnRequest, Chain)
        .join(Chain, Chain.id == ReturnRequest.chain_id)
        .where(ReturnRequest.id == request_id)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None:
        raise NotFound
    return found[0], found[1]


def going_back(
    chain_ids: Iterable[int],
) -> Mapping[int, tuple[ReturnCase | None, ReturnRequest | None]]:
    """The return of each chain's present round, and what its customer asked last to that end."""
    rows = db.session.execute(
        select(Chain.id, ReturnCase, ReturnRequest)
        .outerjoin(
            ReturnCase, and_(ReturnCase.chain_id == Chain.id, ReturnCase.round == Chain.round)
        )
        .outerjoin(
            ReturnRequest,
            and_(ReturnRequest.chain_id == Chain.id, ReturnRequest.round == Chain.round),
        )
        .where(Chain.id.in_(set(chain_ids)))
        .order_by(ReturnRequest.id)
        .execution_options(populate_existing=True)
    )
    return {chain_id: (case, asked) for chain_id, case, asked in rows}


def requests_waiting(
    order_ids: Select[int] | None, *, limit: int
) -> Sequence[tuple[ReturnRequest, Chain]]:
    """Requests about these orders that wait for an answer, the oldest first; None: all."""
    query = (
        select(ReturnRequest, Chain)
        .join(Chain, Chain.id == ReturnRequest.chain_id)
        .where(ReturnRequest.status == RequestStatus.ASKED)
        .order_by(ReturnRequest.asked_at, ReturnRequest.id)
        .limit(limit)
    )
    if order_ids is not None:
        query = query.where(Chain.order_id.in_(order_ids))
    return [(row, chain) for row, chain in db.session.execute(query)]


def arrived_at(chain: Chain) -> datetime | None:
    """When the customer got what he has of a line; None before that."""
    task = passed_at(chain, Node.DELIVERED)
    return task.done_at if task is not None else None


def return_until(arrived: datetime, *, days: int) -> datetime:
    """The end of the last day on which what arrived may be given back; the next day is the first."""
    last = business_on(arrived) + timedelta(days=days)
    return datetime.combine(last + timedelta(days=1), time(), SHANGHAI)
