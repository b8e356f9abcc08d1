"""Somebody puts goods aside: each line with the share he came by, told what has changed since."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from catalog.availability import Left, left_of, left_together
from catalog.models import ProductKind
from catalog.nearby import Nearby, shelves_nearby
from catalog.offers import Offer, offers
from catalog.queries import sku_numbers
from catalog.stock import SoldOut
from flows.visit import Opened, touch_link
from members.visitors import new_visitor, visitor_of
from orders import cart
from orders.cart import CHOICE_COUNTS_FOR, Choice, Owner
from orders.cart_models import CartLine
from orders.errors import NotListed
from orders.values import Item
from wx_backend.errors import Conflict


class PickNumberFirst(Conflict):
    """A plan or card with a phone number to pick is ordered by itself: the number is held briefly."""

    code, message = "pick_number_first", "需要选号的商品请直接购买，选好的号码会为您保留"


class NotAtOutlet(Conflict):
    """What lies at other outlets of the city alone is bought there at once, not put aside.

    `details` names it and, under `nearby`, where it lies.
    """

    code = "not_at_outlet"

    def __init__(self, sku: str, nearby: Collection[Nearby]) -> None:
        where = "、".join(f"{each.name}有 {each.free} 件" for each in nearby)
        super().__init__(
            f"您的营业厅暂无现货，{where}，请直接购买并到店自提",
            sku=sku,
            nearby=[asdict(each) for each in nearby],
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """One press of "put in the cart"; `key` is the same however often it arrives."""

    sku: str
    quantity: int
    key: str


@dataclass(frozen=True, slots=True)
class CartRow:
    """One line of a cart today; `free` is None where units are not counted.

    Without an `offer` it is not sold any more. `nearby` says where else in the city it lies, once the own
    outlet has none.
    """

    sku: str
    product: str
    name: str
    kind: ProductKind
    quantity: int
    shown_price_fen: int
    offer: Offer | None
    free: int | None
    nearby: Sequence[Nearby] = ()

    @property
    def price_fen(self) -> int:
        """Today's price, or the one that was shown where there is none any more."""
        return self.offer.price_fen if self.offer else self.shown_price_fen

    @property
    def is_sold_out(self) -> bool:
        return self.free == 0

    @property
    def can_be_bought(self) -> bool:
        """Whether all of it could be ordered now."""
        return self.offer is not None and (self.free is None or self.free >= self.quantity)


def cart_owner(*, identity_id: int | None, visitor_cookie: str) -> Owner | None:
    """Whose cart a browser looks at; None for a browser that has none yet."""
    if identity_id is not None:
        return Owner(identity_id=identity_id)
    visitor_id = visitor_of(visitor_cookie)
    return None if visitor_id is None else Owner(visitor_id=visitor_id)


def put_aside(
    wanted: Wanted,
    *,
    owner: Owner | None,
    opened: Opened | None,
    share_id: int | None,
    outlet_id: int | None,
    now: datetime,
) -> str | None:
    """Put goods in a cart. The opened link is a touch now, before the line remembers its moment.

    `outlet_id` is where they could be fetched: what cannot be had there is not put aside. Returns the
    cookie of a browser that was new, else None. Raises NotListed, PickNumberFirst, CartFull, SoldOut, and
    NotAtOutlet where others of the city have some.
    """
    offer = offers([wanted.sku], now=now).get(wanted.sku)
    if offer is None or not offer.is_for_sale:
        raise NotListed(sku=wanted.sku)
    if any(piece.takes_number for piece in offer.pieces):
        raise PickNumberFirst(sku=wanted.sku)
    if owner is None or not cart.was_pressed(owner, offer.sku_id, wanted.key):
        _require_some(wanted.sku, offer, outlet_id)
    cookie = None
    if owner is None:
        visitor_id, cookie = new_visitor(now=now)
        owner = Owner(visitor_id=visitor_id)
    if opened is not None:
        touch_link(opened, identity_id=owner.identity_id, visitor_id=owner.visitor_id, now=now)
    choice = Choice(offer.sku_id, wanted.quantity, offer.price_fen, share_id, wanted.key)
    cart.put_in_cart(owner=owner, choice=choice, now=now)
    return cookie


def cart_rows(owner: Owner, *, outlet_id: int | None = None, now: datetime) -> list[CartRow]:
    """What lies in a cart as it could be ordered at this moment, the newest first.

    `outlet_id` is where it could be fetched.
    """
    lines = cart.lines_of(owner)
    numbers = sku_numbers(line.sku_id for line in lines)
    today = offers(numbers.values(), now=now)
    pieces = (piece.sku_id for offer in today.values() for piece in offer.pieces)
    left = left_of(pieces, outlet_id=outlet_id)
    rows = [_row(line, numbers[line.sku_id], today, left) for line in lines]
    gone = {row.sku: row.offer for row in rows if row.is_sold_out and row.offer is not None}
    near = _elsewhere(gone, outlet_id)
    return [replace(row, nearby=[*near.get(row.sku, ())]) for row in rows]


def change_cart(owner: Owner, *, sku: str, quantity: int) -> None:
    """Have so many pieces of a variant in the cart; 0 takes it out. Raises NotFound, QuantityRefused."""
    sku_id = _sku_id(owner, sku)
    if quantity:
        cart.change_quantity(owner=owner, sku_id=sku_id, quantity=quantity)
    else:
        cart.take_out(owner=owner, sku_ids=[sku_id])


def chosen_lines(owner: Owner, skus: Iterable[str]) -> dict[str, CartLine]:
    """The lines of a cart with these variants, by sku number."""
    wanted, lines = set(skus), cart.lines_of(owner)
    numbers = sku_numbers(line.sku_id for line in lines)
    return {numbers[line.sku_id]: line for line in lines if numbers[line.sku_id] in wanted}


def chosen_item(item: Item, line: CartLine, now: datetime) -> Item:
    """An item of an order as of when it was put in the cart, while that moment still counts.

    Another process's clock may be ahead of ours: nothing is chosen after it is ordered.
    """
    if line.chosen_at + CHOICE_COUNTS_FOR <= now:
        return item
    return replace(item, chosen_at=min(line.chosen_at, now), share_id=line.share_id)


def _row(line: CartLine, number: str, today: dict[str, Offer], left: dict[int, Left]) -> CartRow:
    known = today[number]
    offer = known if known.is_for_sale else None
    return CartRow(
        sku=number,
        product=known.product_number,
        name=known.name,
        kind=known.kind,
        quantity=line.quantity,
        shown_price_fen=line.shown_price_fen,
        offer=offer,
        free=_left(known.pieces, left),
    )


def _left(pieces: Sequence[Offer], left: dict[int, Left]) -> int | None:
    """How many of an offer could be had; None where nothing of it is counted."""
    found = left_together(((piece.sku_id, piece.quantity) for piece in pieces), left)
    return None if found is None else found.to_fetch


def _require_some(sku: str, offer: Offer, outlet_id: int | None) -> None:
    """Raises NotAtOutlet or SoldOut where not one can be had by courier or at the own outlet."""
    left = left_of((piece.sku_id for piece in offer.pieces), outlet_id=outlet_id)
    if _left(offer.pieces, left) != 0:
        return
    if near := _elsewhere({sku: offer}, outlet_id).get(sku):
        raise NotAtOutlet(sku, near)
    raise SoldOut(sku=sku)


def _elsewhere(
    lacking: Mapping[str, Offer], outlet_id: int | None
) -> Mapping[str, Collection[Nearby]]:
    """Where in the city what an outlet lacks lies. Of a bundle's parts the checkout tells."""
    single = [sku for sku, offer in lacking.items() if not offer.parts]
    if outlet_id is None or not single:
        return {}
    return shelves_nearby(single, outlet_id=outlet_id)


def _sku_id(owner: Owner, sku: str) -> int:
    numbers = sku_numbers(line.sku_id for line in cart.lines_of(owner))
    return next((sku_id for sku_id, number in numbers.items() if number == sku), 0)
