"""Products on a shelf: what a card shows of each, and the shelves of a category, a search, a showroom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from catalog.models import Category, Product, ProductKind
from catalog.picks import picks_of
from catalog.queries import PAGE, categories, listed_products, shelf_and_below
from catalog.showing import Showing
from storefront.variants import Variant, variants_of
from wx_backend.errors import NotFound

FEW: Final = 5
"""From so few pieces on a card says how many are left."""


@dataclass(frozen=True, slots=True)
class ProductCard:
    """A product on a shelf at the lowest price of what can be bought of it, else of all of it.

    `price_fen` is None with nothing on offer; `few_left` is None unless nearly all are sold.
    """

    number: str
    name: str
    subtitle: str
    kind: ProductKind
    picture: str | None
    price_fen: int | None
    is_from: bool
    is_sold_out: bool
    few_left: int | None
    gifts: Sequence[str]


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category by its stable name in addresses, and its name for people."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class Shelves:
    """One page of products: all categories, the chosen one with what is below it, the words."""

    categories: Sequence[Shelf]
    chosen: str
    title: str
    below: Sequence[Shelf]
    text: str
    products: Sequence[ProductCard]
    next_page: int | None


def shelves(
    *,
    now: datetime,
    slug: str = "",
    text: str = "",
    page: int = 0,
    outlet_id: int | None = None,
) -> Shelves:
    """The products on show, of one category and all below it and matching a text, if given.

    `outlet_id` is where whoever looks could fetch them. Raises NotFound for a category that is not there.
    """
    shown = categories()
    chosen = next((each for each in shown if each.slug == slug), None)
    if slug and chosen is None:
        raise NotFound("没有这个分类")
    rows = listed_products(
        now=now,
        category_ids=shelf_and_below(slug) if slug else None,
        text=text,
        after=page * PAGE,
        limit=PAGE + 1,
    )
    return Shelves(
        categories=[_shelf(each) for each in shown if each.parent_id is None],
        chosen=slug,
        title=chosen.name if chosen else "",
        below=[_shelf(each) for each in shown if chosen and each.parent_id == chosen.id],
        text=text,
        products=cards_of(rows[:PAGE], now, outlet_id=outlet_id),
        next_page=page + 1 if len(rows) > PAGE else None,
    )


def pick_cards(rep_id: int, now: datetime, *, outlet_id: int | None = None) -> list[ProductCard]:
    """What a rep puts first in his showroom, as far as it is on sale."""
    return cards_of(picks_of(rep_id, now=now), now, outlet_id=outlet_id)


def cards_of(
    products: Sequence[Product], now: datetime, *, outlet_id: int | None = None
) -> list[ProductCard]:
    """The cards of these products."""
    variants = variants_of([product.id for product in products], now, outlet_id=outlet_id)
    return [card_of(product, variants[product.id]) for product in products]


def card_of(product: Product, variants: Sequence[Variant]) -> ProductCard:
    """The card of one product with what can be chosen of it."""
    to_buy = [each for each in variants if not each.is_sold_out]
    prices = {each.price_fen for each in to_buy or variants}
    left = [each.free for each in to_buy]
    total = sum(free for free in left if free is not None)
    return ProductCard(
        number=product.number,
        name=product.name,
        subtitle=product.subtitle,
        kind=ProductKind(product.kind),
        picture=product.picture,
        price_fen=min(prices, default=None),
        is_from=len(prices) > 1,
        is_sold_out=bool(variants) and not to_buy,
        few_left=total if left and None not in left and 0 < total <= FEW else None,
        gifts=[gift.name for gift in Showing.from_json(product.showing).gifts],
    )


def _shelf(category: Category) -> Shelf:
    return Shelf(category.slug, category.name)
