"""Personal data under the newest key: every sealed value there is, batch by batch, as often as run.

A value is exchanged only while it is still the one that was read, so an erasure or a change in
between stands. What has been done stays done: an interrupted run goes on where values are stale.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import load_only

from campaigns.models import ListEntry
from customers.models import CustomerCard, CustomerNote
from customers.operations import note_place, remark_place
from flows.campaign.importing import list_place
from flows.sealed import order_address, order_place, sealed_address, vault
from flows.staff_door import factor_place
from fulfilment.models import PickupCode
from fulfilment.pickup import pickup_place
from members.addresses import address_place
from members.models import Member, MemberAddress
from members.vault import member_phone
from orders.models import OrderLine, SalesOrder
from orders.queries import order_by_id
from org.models import StaffFactor
from wx_backend.db import db, retried
from wx_backend.errors import NotFound

BATCH: Final = 200

Place = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Sealed:
    """The sealed columns of a table, each with the place its values are bound to."""

    table: Any
    places: Mapping[str, Place]


def _of_order(field: str) -> Place:
    return lambda order: order_place(order.member_id, order.client_key, field)


def _of_line(field: str) -> Place:
    def place(line: OrderLine) -> str:
        order = order_by_id(line.order_id)
        if order is None:
            raise NotFound
        return order_place(order.member_id, order.client_key, field, line.position)

    return place


SEALED: Final = (
    Sealed(Member, {"phone": lambda member: member_phone(member.id)}),
    Sealed(MemberAddress, {"sealed": lambda row: address_place(row.member_id, row.number)}),
    Sealed(
        SalesOrder,
        {
            "contact_name": _of_order("contact_name"),
            "contact_phone": _of_order("contact_phone"),
            "sealed_address": _of_order("address"),
        },
    ),
    Sealed(
        OrderLine,
        {"user_name": _of_line("user_name"), "user_phone": _of_line("user_phone")},
    ),
    Sealed(CustomerCard, {"remark": lambda card: remark_place(card.rep_id, card.identity_id)}),
    Sealed(CustomerNote, {"sealed": lambda note: note_place(note.rep_id, note.client_key)}),
    Sealed(StaffFactor, {"secret": lambda factor: factor_place(factor.staff_id)}),
    Sealed(PickupCode, {"sealed": lambda code: pickup_place(code.order_id)}),
    Sealed(ListEntry, {"sealed": lambda line: list_place(line.campaign_id, line.position)}),
)


def sealed_elsewhere(rows: Iterable[Any], change: Callable[[], None]) -> None:
    """Change what the places of locked rows are made of; their values are sealed anew for the new ones.

    Raises CannotOpen for a value that does not belong where it stands.
    """
    places = {each.table: each.places for each in SEALED}
    opened = [
        (row, column, place, vault().open(value, place=place(row)))
        for row in rows
        for column, place in places[type(row)].items()
        if (value := getattr(row, column)) is not None
    ]
    change()
    for row, column, place, text in opened:
        setattr(row, column, vault().seal(text, place=place(row)))


def rows_to_look_at() -> int:
    """How many rows may hold sealed values."""
    return sum(_rows(each.table) for each in SEALED)


def orders_to_look_at() -> int:
    """How many rows may hold sealed addresses; newer tables need not be there any more."""
    return _rows(SalesOrder)


def reseal() -> Iterator[tuple[int, int]]:
    """Seal addresses in the clear, and anew what an older key sealed: (rows seen, values changed).

    Every batch is a transaction of its own. Raises CannotOpen for a value whose key is missing.
    """
    for each in SEALED:
        work = _completed_order if each.table is SalesOrder else None
        yield from _batches(select(each.table), each.table, partial(_resealed, each, work))


def unseal_addresses() -> Iterator[tuple[int, int]]:
    """Put the addresses of orders back in the clear, as an older version reads them."""
    yield from _batches(select(SalesOrder).options(_OLD_COLUMNS), SalesOrder, _unsealed)


def _rows(table: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(table)) or 0


# A schema on its way down has no newer ones.
_OLD_COLUMNS: Final = load_only(
    SalesOrder.member_id, SalesOrder.client_key, SalesOrder.address, SalesOrder.sealed_address
)


def _batches(
    rows: Select[Any], table: Any, work: Callable[[Any], int]
) -> Iterator[tuple[int, int]]:
    after: int | None = 0
    while after is not None:
        after, seen, changed = retried(partial(_batch, rows, table, work, after))
        yield seen, changed


def _batch(
    every: Select[Any], table: Any, work: Callable[[Any], int], after: int
) -> tuple[int | None, int, int]:
    query = every.where(table.id > after).order_by(table.id).limit(BATCH)
    rows = db.session.scalars(query).all()
    changed = sum(work(row) for row in rows)
    return (rows[-1].id if rows else None), len(rows), changed


def _resealed(sealed: Sealed, also: Callable[[Any], int] | None, row: Any) -> int:
    changed = also(row) if also is not None else 0
    for column, place in sealed.places.items():
        old = getattr(row, column)
        if old is not None and not vault().is_current(old):
            where = place(row)
            new = vault().seal(vault().open(old, place=where), place=where)
            changed += _exchange(row, column, old, {column: new})
    return changed


def _completed_order(order: SalesOrder) -> int:
    """What orders from before lack: a sealed address, and the index of their phone."""
    return _sealed_address(order) + _indexed_phone(order)


def _indexed_phone(order: SalesOrder) -> int:
    if order.contact_phone is None or order.contact_phone_index is not None:
        return 0
    phone = vault().open(order.contact_phone, place=_of_order("contact_phone")(order))
    return _exchange(
        order, "contact_phone_index", None, {"contact_phone_index": vault().index(phone)}
    )


def _sealed_address(order: SalesOrder) -> int:
    if order.address is None:
        return 0
    sealed = sealed_address(order.address, member_id=order.member_id, client_key=order.client_key)
    return _exchange(order, "sealed_address", None, {"sealed_address": sealed, "address": None})


def _unsealed(order: SalesOrder) -> int:
    if order.sealed_address is None:
        return 0
    plain = dict(order_address(order))
    values = {"sealed_address": None, "address": plain}
    return _exchange(order, "sealed_address", order.sealed_address, values)


def _exchange(row: Any, column: str, old: bytes | None, values: Mapping[str, Any]) -> int:
    """Change a row while a column still holds what was read."""
    table = type(row)
    done = db.session.execute(
        update(table)
        .where(table.id == row.id, getattr(table, column).is_not_distinct_from(old))
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]  # a CursorResult
