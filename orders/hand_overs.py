"""Verbs on the hand-over to billing: open it once per order, note what billing says."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, or_, select, update

from orders.models import HandOver, HandOverStatus, SalesOrder
from wx_backend.db import db, upsert
from wx_backend.rounds import take_round

OPEN = (HandOverStatus.WAITING, HandOverStatus.UNKNOWN, HandOverStatus.RECEIVED)
UNDECIDED = (*OPEN, HandOverStatus.DEAD)
TRIES_MAX = 30
_PAUSE_MAX = timedelta(hours=6)


def open_hand_over(*, order_id: int, positions: Sequence[int], now: datetime) -> bool:
    """Write down that these lines go to billing; False when that was done before."""
    values = {
        "order_id": order_id,
        "positions": list(positions),
        "status": HandOverStatus.WAITING,
        "asked_at": now,
    }
    return upsert(HandOver, values, key=("order_id",))


def begin_hand_over(*, order_id: int, positions: Sequence[int], now: datetime) -> bool:
    """Note, before the first call, that it is being made, for the lines that are still wanted.

    True if the call may be made. From now on the lines are fixed: billing may know them. With
    no line wanted any more, and no call ever made, the hand-over is at its end.
    """
    begun = {"status": HandOverStatus.UNKNOWN, "positions": list(positions)}
    ended = {
        "status": HandOverStatus.REFUSED,
        "reason": "cancelled before the hand-over",
        "ended_at": now,
    }
    db.session.execute(
        update(HandOver)
        .where(HandOver.order_id == order_id, HandOver.status == HandOverStatus.WAITING)
        .values(begun if positions else ended)
        .execution_options(synchronize_session="fetch")
    )
    row = hand_over_of(order_id)
    return row is not None and row.status in OPEN


def hand_over_of(order_id: int) -> HandOver | None:
    """The hand-over of an order as it stands now, if it has one."""
    return db.session.scalars(
        select(HandOver)
        .where(HandOver.order_id == order_id)
        .execution_options(populate_existing=True)
    ).one_or_none()


def record_hand_over(
    *, order_id: int, status: HandOverStatus, note: str | None, now: datetime
) -> bool:
    """Note what billing decided; False once it has accepted or refused, which is its last word.

    `note` is the receipt number of an accepted order, else a reason.
    """
    is_accepted = status is HandOverStatus.ACCEPTED
    changed = db.session.execute(
        update(HandOver)
        .where(HandOver.order_id == order_id, HandOver.status.in_(UNDECIDED))
        .values(
            status=status,
            receipt_no=note if is_accepted else None,
            reason=None if is_accepted else note,
            ended_at=None if status in OPEN else now,
        )
        .execution_options(synchronize_session="fetch")
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def note_try(*, order_id: int, reason: str, now: datetime) -> datetime | None:
    """No usable answer came: when to ask again, twice as long each time; None to ask no more.

    After thirty tries, about a week, the hand-over is `dead` until somebody brings it back. The
    caller has locked the order, whose receipt may come at the same moment.
    """
    row = hand_over_of(order_id)
    if row is None or row.status not in OPEN:
        return None
    row.tries += 1
    row.reason = reason
    if row.tries >= TRIES_MAX:
        row.status = HandOverStatus.DEAD
        return None
    row.status = HandOverStatus.UNKNOWN
    return now + min(timedelta(minutes=2 ** min(row.tries, 12)), _PAUSE_MAX)


def bring_back(*, order_id: int, positions: Sequence[int]) -> bool:
    """Have a refused or dead hand-over of a locked order made again; False when it is neither.

    Billing may know a dead one, which goes unchanged; of a refused one it has nothing, and gets
    these lines.
    """
    row = hand_over_of(order_id)
    if row is None or row.status not in {HandOverStatus.REFUSED, HandOverStatus.DEAD}:
        return False
    if row.status == HandOverStatus.REFUSED:
        row.positions = list(positions)
    row.status, row.tries, row.reason, row.ended_at = HandOverStatus.UNKNOWN, 0, None, None
    db.session.flush()
    return True


def hand_overs_of_day(*, since: datetime, until: datetime) -> Sequence[int]:
    """Orders handed over within a span, and those from before it that nobody decided on."""
    return db.session.scalars(
        select(HandOver.order_id)
        .where(
            HandOver.asked_at < until,
            (HandOver.asked_at >= since) | HandOver.status.in_(UNDECIDED),
        )
        .order_by(HandOver.order_id)
    ).all()


def unsettled(orders: Select[int] | None, *, limit: int) -> Sequence[tuple[HandOver, SalesOrder]]:
    """What billing has not accepted, of these orders or of all, the oldest first."""
    query = select(HandOver, SalesOrder).join(SalesOrder, SalesOrder.id == HandOver.order_id)
    if orders is not None:
        query = query.where(HandOver.order_id.in_(orders))
    query = query.where(HandOver.status != HandOverStatus.ACCEPTED).order_by(HandOver.asked_at)
    return [(row, order) for row, order in db.session.execute(query.limit(limit))]


def ages(orders: Select[int] | None, *, now: datetime) -> Mapping[timedelta, int]:
    """How many hand-overs without a decision are older than each of these; the youngest first."""
    bounds = (timedelta(), timedelta(minutes=10), timedelta(hours=1), timedelta(days=1))
    columns = [func.count().filter(HandOver.asked_at <= now - bound) for bound in bounds]
    query = select(*columns).where(HandOver.status.in_(UNDECIDED))
    if orders is not None:
        query = query.where(HandOver.order_id.in_(orders))
    return dict(zip(bounds, db.session.execute(query).one(), strict=True))


def hand_overs_to_chase(
    *, asked_before: datetime, chased_before: datetime, now: datetime, limit: int = 100
) -> Sequence[int]:
    """The next orders handed over before an instant that billing has not decided on.

    Each has its turn; none again before `chased_before` has passed.
    """
    ids = take_round(
        HandOver,
        HandOver.status.in_(OPEN),
        or_(HandOver.chased_at.is_(None), HandOver.chased_at <= chased_before),
        since=HandOver.asked_at,
        before=asked_before,
        now=now,
        limit=limit,
    )
    return db.session.scalars(select(HandOver.order_id).where(HandOver.id.in_(ids))).all()
