"""What can be bought at this moment, and at which price: variants, and bundles of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from catalog.models import BundlePart, Product, ProductKind, Sku
from catalog.plans import Plan
from catalog.rules import Priced, bundle_discounts
from catalog.showing import Gift, Showing
from wx_backend.db import db


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A variant at today's price with what an order freezes of it.

    Of a bundle, `parts` says what it is made of, and `price_fen` is what all of it costs
    together. `quantity` is how many pieces of a part are in one bundle, `gifts` what comes with
    each piece for nothing.
    """

    sku_id: int
    sku_number: str
    product_id: int
    product_number: str
    category_id: int
    kind: ProductKind
    name: str
    price_fen: int
    prepaid_fen: int
    is_for_sale: bool
    takes_number: bool = False
    plan: Plan | None = None
    quantity: int = 1
    parts: tuple["Offer", ...] = ()
    gifts: tuple[Gift, ...] = ()

    @property
    def pieces(self) -> tuple["Offer", ...]:
        """What lines an order gets by it: its parts, or itself."""
        return self.parts or (self,)

    @property
    def saved_fen(self) -> int:
        """How much less a bundle costs than its parts one by one."""
        own_fen = sum(part.price_fen * part.quantity for part in self.parts)
        return max(0, own_fen - self.price_fen) if self.parts else 0

    def discounts(self, quantity: int) -> list[int]:
        """How much less each piece's line costs in so many bundles; they cost the price exactly."""
        if not self.parts:
            return [0]
        found = bundle_discounts(self.price_fen * quantity, _priced(self.parts, quantity))
        assert found is not None  # noqa: S101 - such a bundle is not for sale
        return found


def offers(sku_numbers: Iterable[str], *, now: datetime) -> dict[str, Offer]:
    """The offers of this moment by sku number; a number that names nothing is left out.

    What is part of a bundle need not be on sale by itself.
    """
    rows = db.session.execute(
        select(Sku, Product)
        .join(Product, Product.id == Sku.product_id)
        .where(Sku.number.in_(set(sku_numbers)))
        .execution_options(populate_existing=True)
    ).all()
    parts = _parts([sku.id for sku, product in rows if product.kind == ProductKind.BUNDLE], now)
    return {sku.number: _offer(sku, product, now, parts=parts.get(sku.id)) for sku, product in rows}


def on_sale(now: datetime) -> ColumnElement[bool]:
    """`is_on_sale` as the database sees it."""
    return and_(
        Product.is_listed,
        or_(Product.on_sale_from.is_(None), Product.on_sale_from <= now),
        or_(Product.on_sale_until.is_(None), Product.on_sale_until > now),
    )


def is_on_sale(product: Product, now: datetime) -> bool:
    """Whether a product is listed, and its time has come and is not over."""
    has_begun = product.on_sale_from is None or product.on_sale_from <= now
    is_over = product.on_sale_until is not None and product.on_sale_until <= now
    return product.is_listed and has_begun and not is_over


def _parts(bundle_ids: Sequence[int], now: datetime) -> Mapping[int, list[Offer]]:
    """What these bundles are made of; a part that is not offered any more is not for sale."""
    if not bundle_ids:
        return {}
    rows = db.session.execute(
        select(BundlePart, Sku, Product)
        .join(Sku, Sku.id == BundlePart.sku_id)
        .join(Product, Product.id == Sku.product_id)
        .where(BundlePart.bundle_sku_id.in_(bundle_ids))
        .order_by(BundlePart.bundle_sku_id, BundlePart.position)
        .execution_options(populate_existing=True)
    )
    found: dict[int, list[Offer]] = {bundle_id: [] for bundle_id in bundle_ids}
    for part, sku, product in rows:
        found[part.bundle_sku_id].append(_offer(sku, product, now, quantity=part.quantity))
    return found


def _offer(
    sku: Sku,
    product: Product,
    now: datetime,
    *,
    quantity: int | None = None,
    parts: Sequence[Offer] | None = None,
) -> Offer:
    is_part = quantity is not None
    is_whole = parts is None or _is_whole(sku.price_fen, parts)
    return Offer(
        sku_id=sku.id,
        sku_number=sku.number,
        product_id=product.id,
        product_number=product.number,
        category_id=product.category_id,
        kind=ProductKind(product.kind),
        name=f"{product.name} {sku.name}".strip(),
        price_fen=sku.price_fen,
        prepaid_fen=sku.prepaid_fen,
        is_for_sale=sku.is_active and is_whole and (is_part or is_on_sale(product, now)),
        takes_number=product.takes_number,
        plan=Plan.from_json(product.plan) if product.plan is not None else None,
        quantity=quantity or 1,
        parts=tuple(parts or ()),
        gifts=tuple(Showing.from_json(product.showing).gifts),
    )


def _is_whole(price_fen: int, parts: Sequence[Offer]) -> bool:
    """A bundle is sold while all its parts are, and while it costs no more than they do."""
    is_offered = bool(parts) and all(part.is_for_sale for part in parts)
    return is_offered and bundle_discounts(price_fen, _priced(parts)) is not None


def _priced(parts: Sequence[Offer], bundles: int = 1) -> list[Priced]:
    return [
        Priced(
            list_fen=part.price_fen * part.quantity * bundles,
            prepaid_fen=part.prepaid_fen * part.quantity * bundles,
        )
        for part in parts
    ]
