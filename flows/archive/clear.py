"""Personal data made readable for an archive in the clear: batch by batch, as it is sealed per row."""

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from flows.archive.contents import is_secret
from flows.resealing import SEALED, Place
from flows.sealed import order_place, vault
from fulfilment.models import PickupCode
from orders.models import SalesOrder

Row = dict[str, Any]

PERSONAL: Final[Mapping[str, Mapping[str, Place]]] = {
    each.table.__tablename__: each.places
    for each in SEALED
    if each.table is not PickupCode and not any(map(is_secret, each.places))
}
"""The sealed columns that say something about a person: all there are but codes that fetch goods, and what is never written."""


def make_clear(table: Table, rows: Sequence[Row], connection: Connection) -> None:
    """Put the text in the place of every sealed value of these rows."""
    places = PERSONAL.get(table.name, {})
    if table.name == "order_line":
        places = _of_lines(places, _orders(rows, connection))
    for row in rows:
        for column, place in places.items():
            if row[column] is not None:
                where = place(SimpleNamespace(**row))
                row[column] = vault().open(bytes(row[column]), place=where)


def _of_lines(columns: Iterable[str], orders: Mapping[int, tuple[int, str]]) -> dict[str, Place]:
    """The same places, of orders that were all read at once."""

    def of(column: str) -> Place:
        return lambda line: order_place(*orders[line.order_id], column, line.position)

    return {column: of(column) for column in columns}


def _orders(rows: Sequence[Row], connection: Connection) -> dict[int, tuple[int, str]]:
    ids = {row["order_id"] for row in rows}
    found = connection.execute(
        select(SalesOrder.id, SalesOrder.member_id, SalesOrder.client_key).where(
            SalesOrder.id.in_(ids)
        )
    )
    return {order_id: (member_id, key) for order_id, member_id, key in found}
