"""Personal data made readable for an archive in the clear: batch by batch, as it is sealed per row."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Table, select

from customers.operations import note_place, remark_place
from flows.sealed import order_place, vault
from members.vault import member_phone
from orders.models import SalesOrder

Row = dict[str, Any]

PERSONAL: Final[Mapping[str, tuple[str, ...]]] = {
    "member": ("phone",),
    "sales_order": ("contact_name", "contact_phone", "sealed_address"),
    "order_line": ("user_name", "user_phone"),
    "customer_card": ("remark",),
    "customer_note": ("sealed",),
}
"""The sealed columns that say something about a person."""


def make_clear(table: Table, rows: Sequence[Row], connection: Connection) -> None:
    """Put the text in the place of every sealed value of these rows."""
    columns = PERSONAL.get(table.name, ())
    orders = _orders(rows, connection) if table.name == "order_line" else {}
    for row in rows:
        for column in columns:
            if row[column] is not None:
                place = _place(table.name, column, row, orders)
                row[column] = vault().open(bytes(row[column]), place=place)


def _place(table: str, column: str, row: Row, orders: Mapping[int, tuple[int, str]]) -> str:
    if table == "member":
        return member_phone(row["id"])
    if table == "customer_card":
        return remark_place(row["rep_id"], row["identity_id"])
    if table == "customer_note":
        return note_place(row["rep_id"], row["client_key"])
    if table == "sales_order":
        field = "address" if column == "sealed_address" else column
        return order_place(row["member_id"], row["client_key"], field)
    return order_place(*orders[row["order_id"]], column, row["position"])


def _orders(rows: Sequence[Row], connection: Connection) -> dict[int, tuple[int, str]]:
    ids = {row["order_id"] for row in rows}
    found = connection.execute(
        select(SalesOrder.id, SalesOrder.member_id, SalesOrder.client_key).where(
            SalesOrder.id.in_(ids)
        )
    )
    return {order_id: (member_id, key) for order_id, member_id, key in found}
