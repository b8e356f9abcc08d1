"""What the tests of selling put on the shelf, and what stock must always satisfy."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from catalog.launch import TICKED, ItemData, ask_approval, decide, tick
from catalog.launch_models import Verdict
from catalog.launch_rules import WANTED
from catalog.models import ProductKind, Reservation, ReservationStatus, Sku, Stock, StockMove
from catalog.operations import (
    ProductData,
    SkuData,
    add_category,
    add_product,
    add_sku,
    list_product,
)
from catalog.plans import Plan
from catalog.stock_by_hand import receive_stock
from wx_backend.db import db, transaction

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Wares:
    """A phone (counted) and a plan (not counted); ids and public numbers."""

    phone_id: int
    phone: str
    plan_id: int
    plan: str
    category_id: int


def put_on_shelf(*, units: int = 20, phone_fen: int = 199_900, plan_fen: int = 10_000) -> Wares:
    """List one phone with `units` in stock, and one plan whose price is all prepaid fees."""
    with transaction():
        category = add_category(slug="phones", name="手机")
        phone = _sku(category.id, ProductKind.GOODS, "星河手机", SkuData("黑色 256G", phone_fen))
        plan = _sku(
            category.id,
            ProductKind.PLAN,
            "畅享套餐",
            SkuData("59 元档", plan_fen, prepaid_fen=plan_fen),
            Plan(monthly_fee_fen=5_900, contract_months=12),
        )
        if units:
            receive_stock(sku_id=phone.id, quantity=units, actor="staff:1", now=NOON)
        return Wares(phone.id, phone.number, plan.id, plan.number, category.id)


def _sku(
    category_id: int,
    kind: ProductKind,
    name: str,
    data: SkuData,
    plan: Plan | None = None,
) -> Sku:
    product = add_product(
        data=ProductData(kind=kind, category_id=category_id, name=name, plan=plan), now=NOON
    )
    put_on_sale(product.id)
    return add_sku(product_id=product.id, data=data, now=NOON)


def put_on_sale(product_id: int) -> None:
    """List a product the way every product has to go: check-list, approval, shelf."""
    for step in TICKED:
        content = {
            wanted.name: {"date": "2026-11-01", "yuan": "100"}.get(wanted.kind, "有")
            for wanted in WANTED[step]
        }
        data = ItemData(step=step, owner="李敏", content=content, evidence="见附件")
        tick(product_id=product_id, data=data, actor="staff:1", now=NOON)
    asked = ask_approval(
        product_id=product_id, on_sale_from=LONG_AGO, on_sale_until=None, actor="staff:1", now=NOON
    )
    decide(approval_id=asked, verdict=Verdict.APPROVED, note="", actor="staff:2", now=NOON)
    list_product(product_id=product_id, is_listed=True)


def stock_of(sku_id: int) -> tuple[int, int]:
    """(on hand, reserved) as committed."""
    db.session.rollback()
    row = db.session.execute(
        select(Stock.on_hand, Stock.reserved).where(Stock.sku_id == sku_id)
    ).one()
    return row.on_hand, row.reserved


def assert_stock_conserved() -> None:
    """The moves add up to every stock row, and open reservations to what is reserved."""
    db.session.rollback()
    for stock in db.session.scalars(select(Stock)):
        moves = db.session.execute(
            select(func.sum(StockMove.on_hand_change), func.sum(StockMove.reserved_change)).where(
                StockMove.stock_id == stock.id
            )
        ).one()
        held = db.session.scalar(
            select(func.coalesce(func.sum(Reservation.quantity), 0)).where(
                Reservation.stock_id == stock.id, Reservation.status == ReservationStatus.HELD
            )
        )
        assert tuple(moves) == (stock.on_hand, stock.reserved)
        assert held == stock.reserved
    db.session.rollback()
