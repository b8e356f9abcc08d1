"""Verbs of editing what is in the catalogue already: products, their albums, variants, shelves."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from catalog.models import Category, Product, ProductKind, Sku
from catalog.operations import ProductData, add_category, check_product
from catalog.search import search_text
from catalog.showing import BadShowing, Picture, Showing
from wx_backend.db import db, locked
from wx_backend.errors import Conflict, NotFound


class NameTaken(Conflict):
    code, message = "name_taken", "该商品已有同名规格"


class ShelfTaken(Conflict):
    code, message = "shelf_taken", "分类代码已被使用"


def locked_product(number: str) -> Product:
    """The product of this number; others who want to change it wait. Raises NotFound."""
    product = locked(select(Product).where(Product.number == number))
    if product is None:
        raise NotFound
    return product


def product_of_form(form_key: str) -> Product | None:
    """What a form made when it came before."""
    return db.session.scalar(select(Product).where(Product.form_key == form_key))


def describe(product: Product, data: ProductData) -> None:
    """Say something else about a product; its kind and its album stay. Raises BadPlan and BadShowing."""
    check_product(replace(data, kind=ProductKind(product.kind)))
    album = Showing.from_json(product.showing).album
    product.category_id = data.category_id
    product.name, product.subtitle = data.name, data.subtitle
    product.description = data.description
    product.plan = data.plan.as_json() if data.plan else None
    product.showing = replace(data.showing, album=album).as_json()
    product.search = search_text(data.name, data.subtitle)
    product.takes_number = data.takes_number
    product.position = data.position


def hang(product: Product, pictures: Sequence[Picture], *, cover: str | None) -> None:
    """Give a product these pictures in this order; `cover` is what lists show. Raises BadShowing."""
    if len(pictures) != len({picture.path for picture in pictures}):
        raise BadShowing("相册中已有这张图片", fields=["album"])
    showing = replace(Showing.from_json(product.showing), album=tuple(pictures))
    product.showing, product.picture = showing.as_json(), cover


def describe_sku(
    *, product_id: int, sku_id: int, name: str, options: Mapping[str, str], position: int
) -> None:
    """Call a variant something else, or put it elsewhere. Raises NameTaken."""
    require_free_name(product_id=product_id, name=name, but=sku_id)
    sku = locked(select(Sku).where(Sku.id == sku_id))
    if sku is None:
        raise NotFound
    sku.name, sku.options, sku.position = name, dict(options), position


def require_free_name(*, product_id: int, name: str, but: int | None = None) -> None:
    """Raises NameTaken when another variant of a (locked) product is called so."""
    same = select(Sku.id).where(Sku.product_id == product_id, Sku.name == name)
    if db.session.scalar(same.where(Sku.id.is_distinct_from(but)).limit(1)) is not None:
        raise NameTaken(fields=["name"])


def add_shelf(*, slug: str, name: str, parent_id: int | None, position: int) -> None:
    """Another shelf. Raises ShelfTaken for the stable name of one there is."""
    try:
        with db.session.begin_nested():
            add_category(slug=slug, name=name, parent_id=parent_id, position=position)
    except IntegrityError as error:
        raise ShelfTaken(fields=["slug"]) from error


def rename_category(*, category_id: int, name: str, position: int) -> None:
    """Call a shelf something else, or put it elsewhere; its stable name stays."""
    category = locked(select(Category).where(Category.id == category_id))
    if category is None:
        raise NotFound
    category.name, category.position = name, position
