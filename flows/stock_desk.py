"""Stock by place as staff see and change it, each within his own part of the organisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.models import DEFAULT_PLACE, Product, Sku
from catalog.queries import sku_and_product
from catalog.stock import place_of_outlet
from catalog.stock_by_hand import Form, correct_stock, receive_stock
from catalog.stock_history import (
    COUNTED,
    Moved,
    Shelf,
    StockFilter,
    count_shelves,
    history_of,
    shelf_at,
    shelves_found,
)
from orders.queries import numbers_of_lines
from org.models import Tier
from org.queries import node_by_code, node_of, under
from wx_backend.errors import BadInput, NotFound

CENTRAL: Final = "_central"
"""The central store's code in addresses; no code of an outlet has a line below."""
CENTRAL_NAME: Final = "中心仓"


@dataclass(frozen=True, slots=True)
class StockPlaceName:
    """A place that keeps stock: an outlet, or the central store without an id."""

    outlet_id: int | None
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """A shelf in the list, and what its place is called."""

    shelf: Shelf
    place: StockPlaceName


@dataclass(frozen=True, slots=True)
class ShelfFile:
    """One variant at one place: what lies there and why; `orders` are numbers by reservation's key."""

    sku: Sku
    product: Product
    place: StockPlaceName
    shelf: Shelf
    moves: Sequence[Moved]
    orders: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Keeper:
    """Who keeps stock, and from which place of the organisation."""

    actor: str
    node_id: int


@dataclass(frozen=True, slots=True)
class At:
    """Which variant where, by number and code."""

    sku_number: str
    place_code: str


def filter_of(node_id: int, *, text: str, place_code: str) -> StockFilter:
    """What somebody asks for, within his rights. Raises NotFound for a foreign place."""
    only = None
    if place_code:
        only = place_within(place_code, node_id).outlet_id or 0
    return StockFilter(
        scope=under(node_id), has_central=_sees_central(node_id), text=text, only=only
    )


def shelf_rows(wanted: StockFilter, *, after: int, limit: int) -> list[ShelfRow]:
    """The shelves meant, with their places' names."""
    found = shelves_found(wanted, after=after, limit=limit)
    places = {outlet_id: _place(outlet_id) for outlet_id in {each.outlet_id for each in found}}
    return [ShelfRow(each, places[each.outlet_id]) for each in found]


def count_rows(wanted: StockFilter) -> int:
    """How many shelves those are."""
    return count_shelves(wanted)


def shelf_file(at: At, node_id: int, *, before: int | None, limit: int) -> ShelfFile:
    """One variant at one place with its history; NotFound for what is foreign or not counted."""
    place = place_within(at.place_code, node_id)
    sku, product = _counted(at.sku_number)
    shelf = shelf_at(sku.id, place.outlet_id)
    moves = history_of(shelf.stock_id, before=before, limit=limit) if shelf.stock_id else []
    lines = {int(key.removeprefix("line:")): key for each in moves if (key := _line(each))}
    numbers = numbers_of_lines(lines)
    orders = {key: numbers[line] for line, key in lines.items() if line in numbers}
    return ShelfFile(sku, product, place, shelf, moves, orders)


def receive(at: At, units: int, *, form: Form, by: Keeper, now: datetime) -> None:
    """Delivered units are on a shelf. Raises FormUsed, NotFound."""
    place = place_within(at.place_code, by.node_id)
    sku, _ = _counted(at.sku_number)
    place_id = DEFAULT_PLACE
    if place.outlet_id is not None:
        place_id = place_of_outlet(outlet_id=place.outlet_id, name=place.name)
    receive_stock(
        sku_id=sku.id, quantity=units, actor=by.actor, now=now, form=form, place_id=place_id
    )


def correct(at: At, change: int, *, form: Form, by: Keeper, now: datetime) -> None:
    """Bring the books of a shelf to what was counted, and say why. Raises StockTooLow, FormUsed."""
    place = place_within(at.place_code, by.node_id)
    sku, _ = _counted(at.sku_number)
    stock_id = shelf_at(sku.id, place.outlet_id).stock_id
    if stock_id is None:
        raise NotFound("该规格在这里没有库存记录，请先入库")
    if not form.reason:
        raise BadInput("请填写更正原因", fields=["reason"])
    correct_stock(stock_id=stock_id, change=change, actor=by.actor, now=now, form=form)


def place_within(code: str, node_id: int) -> StockPlaceName:
    """A place of somebody's part of the organisation; NotFound for foreign as for missing ones."""
    if code == CENTRAL:
        if not _sees_central(node_id):
            raise NotFound
        return _place(None)
    node = node_by_code(code, under(node_id))
    if node is None or node.tier != Tier.OUTLET:
        raise NotFound("没有找到这个网点")
    return StockPlaceName(node.id, node.code, node.name)


def _sees_central(node_id: int) -> bool:
    """The central store is everybody's: whoever is above an outlet sees it."""
    return node_of(node_id).tier != Tier.OUTLET


def _place(outlet_id: int | None) -> StockPlaceName:
    if outlet_id is None:
        return StockPlaceName(None, CENTRAL, CENTRAL_NAME)
    node = node_of(outlet_id)
    return StockPlaceName(node.id, node.code, node.name)


def _counted(sku_number: str) -> tuple[Sku, Product]:
    found = sku_and_product(sku_number)
    if found is None or found[1].kind not in COUNTED:
        raise NotFound
    return found


def _line(moved: Moved) -> str | None:
    """The key of the order line a change was for; other reservations have other keys."""
    key = moved.key or ""
    return key if key.startswith("line:") and key.removeprefix("line:").isdigit() else None
