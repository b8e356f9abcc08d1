"""Verbs on the catalogue: put products and variants in, price them, list and unlist them."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from catalog.launch import require_ready
from catalog.models import Category, Product, ProductKind, Sku
from catalog.plans import BadPlan, Plan
from catalog.search import search_text
from catalog.showing import BadShowing, Showing
from wx_backend import numbers
from wx_backend.clock import business_on
from wx_backend.db import db, locked
from wx_backend.errors import AppError, NotFound


class BadOffer(AppError):
    """Prices that cannot be: `details` names the fields."""

    code, message = "bad_offer", "商品价格设置有误"


@dataclass(frozen=True, slots=True)
class ProductData:
    """What staff type in about a product; `plan` for tariffs, and for them alone.

    With `takes_number` each buyer picks a phone number; only plans and cards may.
    """

    kind: ProductKind
    category_id: int
    name: str
    subtitle: str = ""
    description: str = ""
    picture: str | None = None
    plan: Plan | None = None
    showing: Showing = field(default_factory=Showing)
    takes_number: bool = False
    position: int = 0


@dataclass(frozen=True, slots=True)
class SkuData:
    """One variant: of `price_fen`, `prepaid_fen` are phone fees collected for billing."""

    name: str
    price_fen: int
    prepaid_fen: int = 0
    market_price_fen: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    position: int = 0


def add_category(
    *, slug: str, name: str, parent_id: int | None = None, position: int = 0
) -> Category:
    """Add a shelf; `slug` is its stable name in addresses and policies."""
    category = Category(slug=slug, name=name, parent_id=parent_id, position=position)
    db.session.add(category)
    db.session.flush()
    return category


def check_product(data: ProductData) -> None:
    """Raises BadPlan unless tariffs, and they alone, say what they are, and who picks a number may.

    Raises BadShowing for gifts of a tariff: nothing is packed they could lie with.
    """
    if (data.kind is ProductKind.PLAN) is (data.plan is None):
        raise BadPlan(fields=["plan"])
    if data.takes_number and data.kind not in {ProductKind.PLAN, ProductKind.SIM}:
        raise BadPlan("只有套餐和号卡可以选号", fields=["takes_number"])
    if data.kind is ProductKind.PLAN and data.showing.gifts:
        raise BadShowing("套餐没有实物可打包，不能附赠品", fields=["gifts"])


def add_product(
    *, data: ProductData, now: datetime, prefix: str = "", form_key: str | None = None
) -> Product:
    """Add a product; it is shown once `list_product` says so.

    Raises BadPlan and BadShowing.

    A form makes one product: see `catalog.editing.product_of_form`.
    """
    check_product(data)
    product = Product(
        form_key=form_key,
        number=numbers.new_number(numbers.PRODUCT, on=business_on(now), prefix=prefix),
        kind=data.kind,
        category_id=data.category_id,
        name=data.name,
        subtitle=data.subtitle,
        description=data.description,
        picture=data.picture,
        plan=data.plan.as_json() if data.plan else None,
        showing=data.showing.as_json(),
        search=search_text(data.name, data.subtitle),
        takes_number=data.takes_number,
        position=data.position,
        created_at=now,
    )
    db.session.add(product)
    db.session.flush()
    return product


def add_sku(*, product_id: int, data: SkuData, now: datetime, prefix: str = "") -> Sku:
    """Add a variant to a product; BadOffer for prices that cannot be."""
    check_prices(data.price_fen, data.prepaid_fen, data.market_price_fen)
    sku = Sku(
        product_id=product_id,
        number=numbers.new_number(numbers.SKU, on=business_on(now), prefix=prefix),
        name=data.name,
        options=data.options,
        price_fen=data.price_fen,
        prepaid_fen=data.prepaid_fen,
        market_price_fen=data.market_price_fen,
        position=data.position,
    )
    db.session.add(sku)
    db.session.flush()
    return sku


def price_sku(
    *, sku_id: int, price_fen: int, prepaid_fen: int, market_price_fen: int | None
) -> None:
    """Set a variant's prices; orders already placed keep theirs."""
    check_prices(price_fen, prepaid_fen, market_price_fen)
    sku = locked(select(Sku).where(Sku.id == sku_id))
    if sku is None:
        raise NotFound
    sku.price_fen = price_fen
    sku.prepaid_fen = prepaid_fen
    sku.market_price_fen = market_price_fen


def list_product(*, product_id: int, is_listed: bool) -> None:
    """Show a product in the showrooms, or take it off the shelf.

    Raises NotReady while something of its launch is missing; taking it off is always allowed.
    """
    product = locked(select(Product).where(Product.id == product_id))
    if product is None:
        raise NotFound
    if is_listed:
        require_ready(product_id)
    product.is_listed = is_listed


def activate_sku(*, sku_id: int, is_active: bool) -> None:
    """Offer one variant, or stop offering it."""
    sku = locked(select(Sku).where(Sku.id == sku_id))
    if sku is None:
        raise NotFound
    sku.is_active = is_active


def check_prices(price_fen: int, prepaid_fen: int, market_price_fen: int | None) -> None:
    """Raises BadOffer for prices that cannot be."""
    faults = {
        "price_fen": ("售价不能为负", price_fen < 0),
        "prepaid_fen": ("预存话费不能高于售价", not 0 <= prepaid_fen <= price_fen),
        "market_price_fen": (
            "市场价不能低于售价",
            market_price_fen is not None and market_price_fen < price_fen,
        ),
    }
    if wrong := {name: why for name, (why, is_wrong) in sorted(faults.items()) if is_wrong}:
        raise BadOffer("；".join(wrong.values()), fields=[*wrong], reasons=wrong)
