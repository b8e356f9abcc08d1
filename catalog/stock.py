"""Verbs on promised stock: reserve, release, take, put back; never more promised than there is.

Every change is one conditional UPDATE of the stock row plus one history row. A reservation moves
once from each state, so whoever moves it is the one who changes the stock. Reservations are
locked before stock rows; callers with several variants go by ascending sku id.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from catalog.availability import is_counted
from catalog.models import (
    DEFAULT_PLACE,
    MoveKind,
    Reservation,
    ReservationStatus,
    Sku,
    Stock,
    StockMove,
    StockPlace,
)
from wx_backend.db import db, inserted, locked, upsert
from wx_backend.errors import Conflict


class SoldOut(Conflict):
    """There are fewer free units than asked for."""

    code, message = "sold_out", "库存不足，请减少数量或选择其他规格"


def reserve(
    *,
    key: str,
    sku_id: int,
    quantity: int,
    expires_at: datetime,
    now: datetime,
    outlet_id: int | None = None,
) -> Reservation | None:
    """Promise units under `key`, once per key; SoldOut when too few are free.

    What is fetched at an outlet comes from its own shelf where enough lies there, else from the
    central store, never from both. None for a variant whose stock is not counted.
    """
    for stock_id in _stocks(sku_id, outlet_id):
        with db.session.begin_nested() as savepoint:
            held = inserted(
                Reservation,
                {
                    "key": key,
                    "stock_id": stock_id,
                    "quantity": quantity,
                    "status": ReservationStatus.HELD,
                    "made_at": now,
                    "expires_at": expires_at,
                },
                key=("key",),
            )
            if held is None:
                return _reserved(key)
            if _promise(held, now):
                return held
            savepoint.rollback()
    if is_counted(sku_id):
        raise SoldOut(sku=_sku_number(sku_id))
    return None


def release(*, key: str, now: datetime) -> bool:
    """Give promised units back to everybody; False when they were not held any more."""
    held = _move(key, ReservationStatus.HELD, ReservationStatus.RELEASED, now)
    if held is None:
        return False
    _free(held, now)
    return True


def take(*, key: str, now: datetime) -> bool:
    """The promised units are sold; False when they were released meanwhile and are gone.

    Released units are taken all the same while free ones are left. True again for a repeat, and
    for a variant whose stock is not counted.
    """
    held = _move(key, ReservationStatus.HELD, ReservationStatus.TAKEN, now)
    if held is not None:
        return _changed_for(
            held, MoveKind.TAKEN, now, on_hand=-held.quantity, reserved=-held.quantity
        )
    with db.session.begin_nested() as savepoint:
        late = _move(key, ReservationStatus.RELEASED, ReservationStatus.TAKEN, now)
        if late is None:
            return _is_taken_or_uncounted(key)
        if _changed_for(late, MoveKind.TAKEN, now, on_hand=-late.quantity):
            return True
        savepoint.rollback()
    return False


def put_back(*, key: str, now: datetime) -> bool:
    """Sold units have come back to the shelf; False when they had not been taken."""
    taken = _move(key, ReservationStatus.TAKEN, ReservationStatus.RETURNED, now)
    return taken is not None and _changed_for(taken, MoveKind.RETURNED, now, on_hand=taken.quantity)


def book_at(*, key: str, outlet_id: int, now: datetime) -> bool:
    """Sold units come from this outlet's shelf after all: booked there, and back where they were.

    False when they are booked there already, or too few lie there: then nothing changes.
    """
    taken = locked(
        select(Reservation).where(
            Reservation.key == key, Reservation.status == ReservationStatus.TAKEN
        )
    )
    here = _same_sku_at(taken.stock_id, outlet_id) if taken is not None else None
    if taken is None or here is None or here == taken.stock_id:
        return False
    history: dict[str, Any] = {"actor": "system", "now": now, "reservation_id": taken.id}
    if not _change(here, MoveKind.TAKEN, on_hand=-taken.quantity, **history):
        return False
    _change(taken.stock_id, MoveKind.RETURNED, on_hand=taken.quantity, **history)
    taken.stock_id = here
    db.session.flush()
    return True


def release_expired(*, now: datetime, limit: int = 100) -> int:
    """Release up to `limit` reservations past their time; how many it were."""
    keys = db.session.scalars(
        select(Reservation.key)
        .where(Reservation.status == ReservationStatus.HELD, Reservation.expires_at <= now)
        .order_by(Reservation.stock_id, Reservation.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return sum(release(key=key, now=now) for key in keys)


def place_of_outlet(*, outlet_id: int, name: str) -> int:
    """The place where an outlet keeps its stock; the first use makes it."""
    row = {"name": name, "outlet_id": outlet_id}
    upsert(StockPlace, row, key=("outlet_id",))
    return db.session.scalars(select(StockPlace.id).where(StockPlace.outlet_id == outlet_id)).one()


def _reserved(key: str) -> Reservation:
    """What is kept under a key; SQLite gives an id that was rolled back again, so read anew."""
    query = select(Reservation).where(Reservation.key == key)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _promise(held: Reservation, now: datetime) -> bool:
    return _changed_for(held, MoveKind.RESERVED, now, reserved=held.quantity)


def _free(held: Reservation, now: datetime) -> None:
    _changed_for(held, MoveKind.RELEASED, now, reserved=-held.quantity)


def _changed_for(
    reservation: Reservation, kind: MoveKind, now: datetime, *, on_hand: int = 0, reserved: int = 0
) -> bool:
    return _change(
        reservation.stock_id,
        kind,
        on_hand=on_hand,
        reserved=reserved,
        actor="system",
        now=now,
        reservation_id=reservation.id,
    )


def _change(
    stock_id: int, kind: MoveKind, *, on_hand: int = 0, reserved: int = 0, **history: Any
) -> bool:
    """Change one stock row if what is promised stays covered, and write the history row."""
    if not change_units(stock_id, on_hand, reserved):
        return False
    moved_at = history.pop("now")
    db.session.add(
        StockMove(
            stock_id=stock_id,
            kind=kind,
            on_hand_change=on_hand,
            reserved_change=reserved,
            moved_at=moved_at,
            **history,
        )
    )
    return True


def change_units(stock_id: int, on_hand: int, reserved: int) -> bool:
    """Change one stock row; False when that would leave less than what is promised."""
    changed = db.session.execute(
        update(Stock)
        .where(
            Stock.id == stock_id,
            Stock.reserved + reserved >= 0,
            Stock.on_hand + on_hand >= Stock.reserved + reserved,
        )
        .values(on_hand=Stock.on_hand + on_hand, reserved=Stock.reserved + reserved)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]  # a CursorResult


def _move(
    key: str, source: ReservationStatus, target: ReservationStatus, now: datetime
) -> Reservation | None:
    """Move a reservation if it is in `source`; the row, or None when it is not."""
    return db.session.scalars(
        update(Reservation)
        .where(Reservation.key == key, Reservation.status == source)
        .values(status=target, ended_at=now)
        .returning(Reservation)
        .execution_options(synchronize_session=False, populate_existing=True)
    ).one_or_none()


def _is_taken_or_uncounted(key: str) -> bool:
    status = db.session.scalar(select(Reservation.status).where(Reservation.key == key))
    return status in {None, ReservationStatus.TAKEN, ReservationStatus.RETURNED}


def _stocks(sku_id: int, outlet_id: int | None) -> Sequence[int]:
    """The stock rows a promise may be of: an outlet's own before the central store's."""
    central = Stock.place_id == DEFAULT_PLACE
    at = central if outlet_id is None else or_(central, StockPlace.outlet_id == outlet_id)
    return db.session.scalars(
        select(Stock.id)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .where(Stock.sku_id == sku_id, at)
        .order_by(central)
    ).all()


def _same_sku_at(stock_id: int, outlet_id: int) -> int | None:
    """The stock row of the same variant on an outlet's shelf."""
    sku_id = select(Stock.sku_id).where(Stock.id == stock_id).scalar_subquery()
    return db.session.scalar(
        select(Stock.id)
        .join(StockPlace, StockPlace.id == Stock.place_id)
        .where(Stock.sku_id == sku_id, StockPlace.outlet_id == outlet_id)
    )


def _sku_number(sku_id: int) -> str | None:
    return db.session.scalar(select(Sku.number).where(Sku.id == sku_id))
