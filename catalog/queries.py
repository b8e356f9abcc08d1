"""Reads of the catalogue: shelves, products, variants, free units."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select

from catalog.banner_models import Banner
from catalog.models import DEFAULT_PLACE, Category, Product, ProductKind, Sku, Stock
from catalog.offers import on_sale
from catalog.search import search_words
from catalog.showing import Showing
from wx_backend.db import db

PAGE = 20


def categories() -> Sequence[Category]:
    """All shelves in the order they are shown."""
    return db.session.scalars(select(Category).order_by(Category.position, Category.id)).all()


def shelf_and_below(slug: str) -> list[int]:
    """The ids of the shelf of this name and of all below it; none without such a shelf."""
    shelves = categories()
    found = [each.id for each in shelves if each.slug == slug]
    for shelf_id in found:  # grows by what stands below
        found += [each.id for each in shelves if each.parent_id == shelf_id]
    return found


def products_on_shelf(slug: str) -> set[int]:
    """The ids of the products of a shelf and of all below it, listed or not."""
    return set(
        db.session.scalars(select(Product.id).where(Product.category_id.in_(shelf_and_below(slug))))
    )


def listed_products(
    *,
    now: datetime,
    category_ids: Collection[int] | None = None,
    text: str = "",
    after: int = 0,
    limit: int = PAGE,
) -> Sequence[Product]:
    """Products on sale, of these shelves and matching `text` if given; `after` skips that many."""
    query = select(Product).where(on_sale(now))
    if category_ids is not None:
        query = query.where(Product.category_id.in_(category_ids))
    for word in search_words(text):
        query = query.where(Product.search.contains(word, autoescape=True))
    query = query.order_by(Product.position, Product.id)
    return db.session.scalars(query.offset(after).limit(limit)).all()


def product_by_number(number: str) -> Product | None:
    """The product of this public number, listed or not."""
    return db.session.scalars(select(Product).where(Product.number == number)).one_or_none()


def product_ids(numbers: Iterable[str]) -> dict[str, int]:
    """The ids of these products by number; unknown numbers are left out."""
    rows = db.session.execute(
        select(Product.number, Product.id).where(Product.number.in_(set(numbers)))
    )
    return {number: product_id for number, product_id in rows}  # noqa: C416 - rows are no pairs to dict()


def names_of_products(ids: Iterable[int]) -> dict[int, str]:
    """What these products are called."""
    rows = db.session.execute(select(Product.id, Product.name).where(Product.id.in_(set(ids))))
    return {product_id: name for product_id, name in rows}  # noqa: C416 - the same


def sku_number(sku_id: int) -> str:
    """The public number of a variant."""
    return db.session.scalars(select(Sku.number).where(Sku.id == sku_id)).one()


def sku_numbers(sku_ids: Iterable[int]) -> dict[int, str]:
    """The public numbers of these variants, by id."""
    rows = db.session.execute(select(Sku.id, Sku.number).where(Sku.id.in_(set(sku_ids))))
    return {sku_id: number for sku_id, number in rows}  # noqa: C416 - rows are no pairs to dict()


def sku_ids(numbers: Iterable[str]) -> dict[str, int]:
    """The ids of these variants by number; unknown numbers are left out."""
    rows = db.session.execute(select(Sku.number, Sku.id).where(Sku.number.in_(set(numbers))))
    return {number: sku_id for number, sku_id in rows}  # noqa: C416 - the same


def sku_and_product(number: str) -> tuple[Sku, Product] | None:
    """The variant of this public number and its product."""
    row = db.session.execute(
        select(Sku, Product).join(Product, Product.id == Sku.product_id).where(Sku.number == number)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


def sku_name(sku_id: int) -> str:
    """A variant as people know it: its product's name and its own."""
    product, own = db.session.execute(
        select(Product.name, Sku.name)
        .join(Sku, Sku.product_id == Product.id)
        .where(Sku.id == sku_id)
    ).one()
    return f"{product} {own}".strip()


def offered_names() -> dict[str, str]:
    """What can be part of a bundle: the variants on offer that are none, by number."""
    rows = db.session.execute(
        select(Sku.number, Product.name, Sku.name)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.is_active, Product.kind != ProductKind.BUNDLE)
        .order_by(Product.name, Sku.position, Sku.id)
    )
    return {number: f"{product} {own}".strip() for number, product, own in rows}


def product_of_sku(sku_number: str) -> str | None:
    """The number of the product a variant belongs to."""
    return db.session.scalar(
        select(Product.number)
        .join(Sku, Sku.product_id == Product.id)
        .where(Sku.number == sku_number)
    )


def products_of_skus(sku_numbers: Iterable[str]) -> dict[str, Product]:
    """The products these variants belong to, by the variant's number."""
    rows = db.session.execute(
        select(Sku.number, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.number.in_(set(sku_numbers)))
    )
    return {number: product for number, product in rows}  # noqa: C416 - rows are no pairs to dict()


def products_page(text: str = "", *, after: int, limit: int) -> Sequence[Product]:
    """Products, listed or not, that a text means, shelf by shelf; `after` skips that many."""
    return db.session.scalars(
        select(Product)
        .join(Category, Category.id == Product.category_id)
        .where(*_meant(text))
        .order_by(Category.position, Category.id, Product.position, Product.id)
        .offset(after)
        .limit(limit)
    ).all()


def all_products() -> Sequence[Product]:
    """Every product, on sale or not, by name, to choose from."""
    return db.session.scalars(select(Product).order_by(Product.name, Product.id)).all()


def count_products(text: str = "") -> int:
    """How many products a text means; without one, how many there are."""
    return db.session.scalar(select(func.count()).select_from(Product).where(*_meant(text))) or 0


def _meant(text: str) -> list[ColumnElement[bool]]:
    """Each word is in the name, the subtitle or the initials, or in the number of it or of a variant."""
    return [
        or_(
            Product.search.contains(word, autoescape=True),
            Product.number.contains(word.upper(), autoescape=True),
            Product.id.in_(
                select(Sku.product_id).where(Sku.number.contains(word.upper(), autoescape=True))
            ),
        )
        for word in search_words(text)
    ]


def all_skus(product_id: int) -> Sequence[Sku]:
    """Every variant of a product, offered or not, in the order they are shown."""
    return db.session.scalars(
        select(Sku).where(Sku.product_id == product_id).order_by(Sku.position, Sku.id)
    ).all()


def skus_on_offer(product_ids: Iterable[int]) -> Sequence[Sku]:
    """The variants on offer of these products, in the order they are shown."""
    return db.session.scalars(
        select(Sku)
        .where(Sku.product_id.in_(set(product_ids)), Sku.is_active)
        .order_by(Sku.position, Sku.id)
    ).all()


def skus_of_product(product_id: int) -> Sequence[Sku]:
    """The variants of one product on offer, in the order they are shown."""
    return skus_on_offer([product_id])


def free_units(sku_ids: Iterable[int], *, place_id: int = DEFAULT_PLACE) -> dict[int, int]:
    """Units nobody is promised yet, by sku id; uncounted variants are left out."""
    rows = db.session.execute(
        select(Stock.sku_id, (Stock.on_hand - Stock.reserved).label("free")).where(
            Stock.sku_id.in_(set(sku_ids)), Stock.place_id == place_id
        )
    )
    return {row.sku_id: row.free for row in rows}


def pictures_shown() -> set[str]:
    """The addresses of all pictures that products and banners refer to, on show or not."""
    albums = db.session.execute(select(Product.picture, Product.showing))
    found = set(db.session.scalars(select(Banner.picture)))
    for cover, showing in albums:
        found |= {picture.path for picture in Showing.from_json(showing).album}
        found |= {cover} if cover else set()
    return found


def category_slug(category_id: int) -> str:
    """The stable name of a category, which policies and rates refer to."""
    return db.session.scalars(select(Category.slug).where(Category.id == category_id)).one()
