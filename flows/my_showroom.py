"""A rep's showroom as he arranges it: what he says there, and which products come first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.models import Product
from catalog.offers import is_on_sale
from catalog.picks import PICKS_MAX, picks_of, set_picks
from catalog.queries import listed_products, product_by_number
from org.queries import RepCard, rep_card
from org.reps import set_greeting
from wx_backend.errors import BadInput, NotFound

GREETING_MAX: Final = 60
FOUND_SHOWN: Final = 20
BETWEEN: Final = ","


@dataclass(frozen=True, slots=True)
class Pick:
    """One pick, and the whole list as it would be with it moved up, moved down, or gone."""

    product: Product
    is_on_sale: bool
    up: str
    down: str
    without: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A product on sale that is no pick yet, and the whole list with it."""

    product: Product
    added: str


@dataclass(frozen=True, slots=True)
class Showroom:
    """What the page of the showroom shows."""

    card: RepCard
    picks: Sequence[Pick]
    candidates: Sequence[Candidate]

    @property
    def is_full(self) -> bool:
        """Whether no more can be picked."""
        return len(self.picks) >= PICKS_MAX


def my_showroom(rep_id: int, *, text: str, now: datetime) -> Showroom:
    """A rep's showroom, with products of a searched text to pick from."""
    picked = picks_of(rep_id)
    numbers = [product.number for product in picked]
    found = listed_products(now=now, text=text, limit=FOUND_SHOWN + PICKS_MAX)
    others = [product for product in found if product.number not in numbers][:FOUND_SHOWN]
    return Showroom(
        card=rep_card(rep_id),
        picks=[_pick(product, at, numbers, now) for at, product in enumerate(picked)],
        candidates=[Candidate(each, _joined([*numbers, each.number])) for each in others],
    )


def arrange_picks(*, rep_id: int, picks: str) -> None:
    """Make the products of these numbers the picks, in this order.

    The whole list comes from what the rep saw, so a second tap changes nothing. Raises BadPicks,
    and NotFound for a number that names no product.
    """
    products = [product_by_number(number) for number in picks.split(BETWEEN) if number]
    known = [product.id for product in products if product is not None]
    if len(known) != len(products):
        raise NotFound("商品不存在")
    set_picks(rep_id=rep_id, product_ids=known)


def say_hello(*, rep_id: int, greeting: str) -> None:
    """What the rep says on his showroom and in the welcome. Raises BadInput for a long one."""
    if len(greeting) > GREETING_MAX:
        raise BadInput(f"欢迎语最多 {GREETING_MAX} 个字", fields=["greeting"])
    set_greeting(rep_id=rep_id, greeting=greeting)


def _pick(product: Product, at: int, numbers: Sequence[str], now: datetime) -> Pick:
    return Pick(
        product=product,
        is_on_sale=is_on_sale(product, now),
        up=_joined(_swapped(numbers, at - 1)) if at else "",
        down=_joined(_swapped(numbers, at)) if at + 1 < len(numbers) else "",
        without=_joined(number for number in numbers if number != product.number),
    )


def _swapped(numbers: Sequence[str], at: int) -> list[str]:
    """The list with the one at a place and the next one changed over."""
    changed = list(numbers)
    changed[at], changed[at + 1] = changed[at + 1], changed[at]
    return changed


def _joined(numbers: Iterable[str]) -> str:
    return BETWEEN.join(numbers)
