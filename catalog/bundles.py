"""Verbs on bundles: make one of variants that are sold anyway, at a price for all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from catalog.models import BundlePart, Product, ProductKind, Sku
from catalog.operations import SkuData, add_sku
from catalog.rules import Priced, bundle_discounts
from wx_backend.db import db
from wx_backend.errors import AppError

PARTS_MAX = 5
# A line names one user; two of them could not be told apart on one form.
_HAS_USER = frozenset({ProductKind.PLAN, ProductKind.SIM})


class BadBundle(AppError):
    """A bundle that cannot be: too few or too many parts, two users, or a price above its parts'."""

    code, message = "bad_bundle", "套装设置有误"


@dataclass(frozen=True, slots=True)
class PartData:
    """So many pieces of one variant."""

    sku_id: int
    quantity: int = 1


def add_bundle(*, product_id: int, data: SkuData, parts: Sequence[PartData], now: datetime) -> Sku:
    """Add a variant made of others to a bundle product; what it is made of never changes.

    Its prepaid fees are those of its parts. Raises BadBundle.
    """
    rows = _rows(product_id, parts)
    priced = [
        Priced(sku.price_fen * part.quantity, sku.prepaid_fen * part.quantity)
        for part, (sku, _) in zip(parts, rows, strict=True)
    ]
    if bundle_discounts(data.price_fen, priced) is None:
        raise BadBundle("套装价须不高于单品总价，且不低于其中的预存话费", fields=["price_fen"])
    bundle = add_sku(product_id=product_id, data=data, now=now)
    for position, part in enumerate(parts):
        db.session.add(
            BundlePart(
                bundle_sku_id=bundle.id,
                sku_id=part.sku_id,
                quantity=part.quantity,
                position=position,
            )
        )
    db.session.flush()
    return bundle


def _rows(product_id: int, parts: Sequence[PartData]) -> list[tuple[Sku, ProductKind]]:
    """The parts' variants in their order, once everything about them is right."""
    product = db.session.get(Product, product_id)
    if product is None or product.kind != ProductKind.BUNDLE:
        raise BadBundle("只有套装商品可以组合", fields=["product_id"])
    found = {
        sku.id: (sku, ProductKind(kind))
        for sku, kind in db.session.execute(
            select(Sku, Product.kind)
            .join(Product, Product.id == Sku.product_id)
            .where(Sku.id.in_([part.sku_id for part in parts]))
        )
    }
    kinds = [kind for _, kind in found.values()]
    is_counted = 2 <= len(parts) <= PARTS_MAX and len(found) == len(parts)
    if not is_counted or not all(1 <= part.quantity <= 9 for part in parts):
        raise BadBundle(f"套装须由 2 至 {PARTS_MAX} 种不同规格组成", fields=["parts"])
    if ProductKind.BUNDLE in kinds or sum(kind in _HAS_USER for kind in kinds) > 1:
        raise BadBundle("套装中只能有一个套餐或号卡，且不能包含套装", fields=["parts"])
    if any(part.quantity > 1 and found[part.sku_id][1] in _HAS_USER for part in parts):
        raise BadBundle("套装中的套餐或号卡只能是一份", fields=["parts"])
    return [found[part.sku_id] for part in parts]
