"""What a product is called and how long it binds its buyer, for those who keep its id."""

from collections.abc import Iterable

from sqlalchemy import select

from catalog.models import Category, Product
from wx_backend.db import db


def contract_months(product_id: int) -> int:
    """How many months a plan binds its user; 0 without a contract, and for anything else."""
    product = db.session.get(Product, product_id)
    return int((product.plan or {}).get("contract_months", 0)) if product else 0


def names_of_products(ids: Iterable[int]) -> dict[int, str]:
    """What these products are called."""
    rows = db.session.execute(select(Product.id, Product.name).where(Product.id.in_(set(ids))))
    return {product_id: name for product_id, name in rows}  # noqa: C416 - rows are no pairs to dict()


def names_of_categories(ids: Iterable[int]) -> dict[int, str]:
    """What these categories are called."""
    rows = db.session.execute(select(Category.id, Category.name).where(Category.id.in_(set(ids))))
    return {category_id: name for category_id, name in rows}  # noqa: C416 - the same


def plans_by_months() -> dict[int, list[int]]:
    """The plans that bind their users, by for how many months."""
    found: dict[int, list[int]] = {}
    rows = db.session.execute(select(Product.id, Product.plan).where(Product.plan.is_not(None)))
    for product_id, plan in rows:
        if months := int(plan.get("contract_months", 0)):
            found.setdefault(months, []).append(product_id)
    return found
